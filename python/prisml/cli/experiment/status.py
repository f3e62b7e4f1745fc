"""``prisml experiment status``."""

from __future__ import annotations

import click

from prisml.cli import document, options, render
from prisml.cli.completion import model_names
from prisml.cli.experiment import written
from prisml.cli.settings import open_registry
from prisml.commands.experiment import Serving
from prisml.commands.experiment import status as read_status


@options.command(
    "prisml experiment status",
    "prisml experiment status churn --json",
    _0="shown, even where no experiment runs",
    _2="no such model, wrong usage, or a bug",
)
@click.argument("name", required=False, shell_complete=model_names)
@options.registry
@options.as_json
def status(name: str | None, registry: str | None, as_json: bool) -> None:
    """Show which experiments run, and how they share the keys out.

    Without NAME, the experiments of all models.
    """
    found = read_status(open_registry(registry), name)
    if as_json:
        models = {each.name: {"active": each.active, "experiment": document.of_experiment(each.experiment)} for each in found}
        render.write_json(document.answer(models=models))
        return
    if not found:
        render.say("No experiment runs.")
    for each in found:
        _write(each)


def _write(serving: Serving) -> None:
    if serving.experiment is not None:
        render.console().print(written.table(serving.name, serving.experiment))
        return
    served = "no version serves" if serving.active is None else f"version {serving.active} serves everyone"
    render.say(f"No experiment of {serving.name} runs; {served}.")
