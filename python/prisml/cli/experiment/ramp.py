"""``prisml experiment ramp``."""

from __future__ import annotations

import click

from prisml.cli import kinds, options
from prisml.cli.completion import running_models, version_shares
from prisml.cli.experiment import written
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.experiment import ramp as ramp_experiment


@options.command(
    "prisml experiment ramp churn 3=0.5 4=0.5",
    "prisml experiment ramp churn 3=0.5 4=0.4 5=0.1",
    _0="it runs with the new shares",
    _2="shares that are wrong, no experiment runs, no such version, wrong usage, or a bug",
)
@click.argument("name", shell_complete=running_models)
@click.argument("shares", nargs=-1, required=True, type=kinds.share, metavar="VERSION=WEIGHT...", shell_complete=version_shares)
@options.why
@options.registry
@options.as_json
def ramp(name: str, shares: tuple[tuple[Which, float], ...], why: str | None, registry: str | None, as_json: bool) -> None:
    """Change the shares of the experiment that runs.

    Name every version with its new weight; a further version may join. Only the keys that must move do: while a treatment grows at
    the expense of control, none leaves a treatment. Forced keys stay where they are.
    """
    look_with(f"prisml experiment status {name}")
    running = ramp_experiment(open_registry(registry), name, shares, why=why)
    written.write(name, running, f"Experiment {running.name} of {name} runs with new shares.", as_json=as_json)
