"""``prisml experiment start``."""

from __future__ import annotations

import click

from prisml.cli import kinds, options
from prisml.cli.completion import model_names, version_shares
from prisml.cli.experiment import written
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.experiment import start as start_experiment


@options.command(
    "prisml experiment start churn 3=0.9 4=0.1",
    'prisml experiment start churn 3=0.9 v1.1=0.1 --name spring --force 42=v1.1 --why "does spring help?"',
    _0="it runs",
    _2="shares that are wrong, another experiment runs, no such model or version, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("shares", nargs=-1, required=True, type=kinds.share, metavar="VERSION=WEIGHT...", shell_complete=version_shares)
@click.option("--name", "called", metavar="TEXT", help="What to call the experiment; without it, the model's name and a number.")
@click.option(
    "--salt",
    metavar="TEXT",
    help="What the keys are hashed with: the salt of an earlier experiment shares them out alike. Without it, made up.",
)
@click.option(
    "--force",
    "forced",
    multiple=True,
    type=kinds.forced,
    metavar="KEY=VERSION",
    help="A key that this version serves whatever its share; the version stands behind the last '='. May be given several times.",
)
@options.why
@options.registry
@options.as_json
def start(
    name: str,
    shares: tuple[tuple[Which, float], ...],
    called: str | None,
    salt: str | None,
    forced: tuple[tuple[str, Which], ...],
    why: str | None,
    registry: str | None,
    as_json: bool,
) -> None:
    """Start an experiment.

    Name every version with its weight: the active one, which is control, and one or more others. Weights are at least 0.0001 and sum
    to 1. All versions must predict the same of the same entity.
    """
    keys = dict(forced)
    if len(keys) < len(forced):
        raise click.UsageError("--force names a key twice.")
    look_with(f"prisml experiment status {name}")
    running = start_experiment(open_registry(registry), name, shares, name=called, salt=salt, forced=keys, why=why)
    written.write(name, running, f"Experiment {running.name} of {name} runs now.", as_json=as_json)
