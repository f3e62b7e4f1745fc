"""``prisml experiment stop``."""

from __future__ import annotations

import click

from prisml.cli import document, options, render
from prisml.cli.completion import running_models
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.experiment import stop as stop_experiment


@options.command(
    'prisml experiment stop churn --why "4 is no better"',
    _0="the active version serves everyone again",
    _2="no experiment runs, no such model, wrong usage, or a bug",
)
@click.argument("name", shell_complete=running_models)
@options.why
@options.registry
@options.as_json
def stop(name: str, why: str | None, registry: str | None, as_json: bool) -> None:
    """End the experiment: the active version serves everyone again.

    The experiment stays in the history.
    """
    look_with(f"prisml experiment status {name}")
    done = stop_experiment(open_registry(registry), name, why=why)
    if as_json:
        deployment = document.of_deployment(done.deployment)
        render.write_json(document.answer(name=name, ended=document.of_experiment(done.ended), deployment=deployment))
        return
    render.say(f"Experiment {done.ended.name} of {name} has ended: version {done.deployment.version} serves everyone again.")
