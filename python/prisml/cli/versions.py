"""``prisml versions``."""

from __future__ import annotations

from collections.abc import Mapping

import click
from rich.table import Table

from prisml.cli import document, options, render
from prisml.cli.completion import model_names
from prisml.cli.settings import open_registry
from prisml.commands.versions import versions as list_versions
from prisml.registry.registry import Version

TELLING = ("roc_auc", "roc_auc_ovr", "accuracy", "log_loss", "r2", "mae", "rmse")
"""The metrics that fit on a line."""


@options.command(
    "prisml versions churn",
    "prisml versions --json",
    _0="listed, even where there is nothing to list",
    _2="no such model, wrong usage, or a bug",
)
@click.argument("name", required=False, shell_complete=model_names)
@click.option("--all", "deleted", is_flag=True, help="Show those that were deleted too.")
@options.registry
@options.as_json
def versions(name: str | None, deleted: bool, registry: str | None, as_json: bool) -> None:
    """List the versions of a model, or of all.

    Shows every version that was published, oldest first, with its label, its metrics on the hold-out and which one serves.
    """
    opened = open_registry(registry)
    found = list_versions(opened, name, deleted=deleted)
    if as_json:
        render.write_json(document.answer(models={each: [document.of_version(one) for one in of] for each, of in found.items()}))
        return
    if not found:
        render.say(f"The registry {opened.place} is empty. Publish a model with: prisml train <module or file>")
    for each, of in found.items():
        render.console().print(_table(each, of))


def _table(name: str, found: tuple[Version, ...]) -> Table:
    columns = ("version", "label", "state", "published (UTC)", "by", "digest", "metrics")
    rows = [
        (
            str(version.number),
            version.label or "",
            render.state(version),
            render.moment(version.created_at),
            version.author,
            version.digest[:12],
            _metrics(version.metrics),
        )
        for version in found
    ]
    return render.table(name, columns, rows, right=("version",))


def _metrics(metrics: Mapping[str, float]) -> str:
    """Those that are looked at first; --json has them all."""
    shown = [name for name in TELLING if name in metrics] or list(metrics)
    return ", ".join(f"{name} {render.number(metrics[name])}" for name in shown)
