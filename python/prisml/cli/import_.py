"""``prisml import``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from prisml.cli import document, options, render
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.transfer import bring_in
from prisml.registry.transfer import Imported


@options.command(
    "prisml import churn.prisml",
    "prisml import model --activate --registry postgresql+psycopg://shop@db/ml",
    _0="everything of it is in the registry, now or before",
    _1="a version there has a label that another one has here",
    _2="damaged, no such model in it, wrong usage, or a bug",
)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--name", metavar="NAME", help="Only this model of the archive.")
@click.option("--activate", is_flag=True, help="What serves there serves here too; of a bundle, its version.")
@options.why
@options.registry
@options.as_json
def import_(source: Path, name: str | None, activate: bool, why: str | None, registry: str | None, as_json: bool) -> None:
    """Publish what was exported.

    SOURCE is a bundle's folder, or an archive: a folder or a file. All of it is verified before anything is written. A model that is
    not here yet comes with its numbers, labels and history, and so with what serves; of a model that is here, only the versions that
    are not. Importing the same again changes nothing.
    """
    look_with("prisml versions")
    found = bring_in(open_registry(registry), source, name=name, activate=activate, why=why)
    if as_json:
        versions = [{"number_there": each.number_there, "new": each.is_new, **document.of_version(each.version)} for each in found]
        render.write_json(document.answer(source=str(source), versions=versions))
        return
    new = sum(each.is_new for each in found)
    render.say(f"New here: {new:,} of {render.count(len(found), 'version')}.")
    render.console().print(_table(found))


def _table(found: tuple[Imported, ...]) -> Table:
    columns = ("model", "version", "there", "label", "state", "")
    rows = [
        (
            each.version.name,
            str(each.version.number),
            "-" if each.number_there is None else str(each.number_there),
            each.version.label or "",
            render.state(each.version),
            "new" if each.is_new else "was here",
        )
        for each in found
    ]
    return render.table("", columns, rows, right=("version", "there"))
