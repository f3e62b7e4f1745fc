"""``prisml history``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names
from prisml.cli.settings import open_registry
from prisml.commands.history import history as read_history
from prisml.commands.history import write_page
from prisml.registry.log import Deployment


@options.command(
    "prisml history churn",
    "prisml history churn --as-of 2026-03-01T12:00+01:00",
    "prisml history churn --html churn.html",
    _0="shown, even where nothing served yet",
    _2="no such model, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.option(
    "--as-of",
    type=kinds.moment,
    metavar="MOMENT",
    help="The log as it was at a moment in ISO 8601: UTC unless it says its zone; a date is its first moment.",
)
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with the timeline and the metrics over versions, in one file that needs no network.",
)
@options.registry
@options.as_json
def history(name: str, as_of: datetime | None, html: Path | None, registry: str | None, as_json: bool) -> None:
    """Show what served when, and who decided so.

    The log of the model, newest first: who did what when and why, which version served from then on, and which experiment shared
    the keys out. Nothing in it is ever changed.
    """
    if html is not None and as_of is not None:
        raise click.UsageError("--html writes the whole history: leave --as-of out.")
    opened = open_registry(registry)
    if html is not None:
        write_page(opened, name, html)
    if as_json:
        found = read_history(opened, name, as_of=as_of)
        entries = [document.of_deployment(each) for each in found]
        render.write_json(document.answer(name=name, as_of=as_of, html=None if html is None else str(html), entries=entries))
    elif html is not None:
        render.say(f"The history of {name} is written to {html}.")
    else:
        _write(name, read_history(opened, name, as_of=as_of), as_of)


def _write(name: str, found: tuple[Deployment, ...], as_of: datetime | None) -> None:
    if not found:
        render.say(f"No version of {name} was active{'' if as_of is None else f' at {render.moment(as_of)} UTC'}.")
        return
    render.console().print(_table(name, found))
    if as_of is not None:
        running = "" if found[0].experiment is None else f" in experiment {_split(found[0])}"
        render.say(f"At {render.moment(as_of)} UTC version {found[0].version} of {name} was active{running}.")


def _table(name: str, found: tuple[Deployment, ...]) -> Table:
    columns = ("when (UTC)", "by", "what", "version", "experiment", "why")
    rows = [(render.moment(each.at), each.author, each.action, _change(each), _split(each), each.why or "") for each in found]
    return render.table(name, columns, rows)


def _change(entry: Deployment) -> str:
    """From which version to which."""
    return str(entry.version) if entry.before in {None, entry.version} else f"{entry.before} to {entry.version}"


def _split(entry: Deployment) -> str:
    """Who shares the keys out, as in ``churn-3: 90 % control, 10 % v2``."""
    return "" if entry.experiment is None else f"{entry.experiment.name}: {render.shares(entry.experiment)}"
