"""``prisml report``."""

from __future__ import annotations

from pathlib import Path

import click

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.commands.report import NAMES, Format, write_report


@options.command(
    "prisml report churn --open",
    "prisml report churn 4 --to reports",
    "prisml report churn v1.1 --format card --to README.md",
    _0="written",
    _2="no such model or version, a place that cannot be written, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=kinds.version, required=False, shell_complete=version_names)
@click.option("--to", metavar="FILE|DIR", type=click.Path(path_type=Path), help="Where to write it, in place of a file in this folder.")
@click.option(
    "--format", "form", type=click.Choice(list(NAMES)), default="html", show_default=True, help="A page, a model card, or the figures."
)
@click.option("--open", "opened", is_flag=True, help="Show it in the browser, or by what opens such files.")
@options.registry
@options.as_json
def report(name: str, version: Which | None, to: Path | None, form: Format, opened: bool, registry: str | None, as_json: bool) -> None:
    """Write a report that people can look at.

    VERSION is a number or a label; without it, the version that serves. The page is one file that needs no network: how well the
    version predicts, its gates, curves, calibration, confusion, what its predictions hang on, slices, the worst errors by primary key,
    the data, and how it was made. --format card writes a model card in Markdown, --format json the figures.
    """
    place = write_report(open_registry(registry), name, version, to=to, form=form)
    if as_json:
        render.write_json(document.answer(name=name, file=str(place), format=form))
    else:
        render.say(str(place))
    if opened:
        click.launch(str(place.resolve()))
