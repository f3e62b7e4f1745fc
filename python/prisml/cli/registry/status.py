"""``prisml registry status``."""

from __future__ import annotations

import dataclasses

from prisml.cli import document, options, render
from prisml.cli.settings import open_registry
from prisml.commands.registry import Status
from prisml.commands.registry import status as read_status


@options.command(
    "prisml registry status",
    "prisml registry status --json",
    _0="shown, even where nothing was published yet",
    _2="wrong usage, or a bug",
    _3="the registry cannot be reached, or a newer release made it",
)
@options.registry
@options.as_json
def status(registry: str | None, as_json: bool) -> None:
    """Show where the registry is, its schema, and how much it holds.

    The place is shown without password. Nothing is made by looking.
    """
    found = read_status(open_registry(registry))
    if as_json:
        render.write_json(document.answer(**dataclasses.asdict(found)))
        return
    lines = [
        ("place", found.place),
        ("schema", _schema(found)),
        ("models", f"{found.models:,}"),
        ("versions", f"{found.versions:,}"),
        ("stored", f"{render.count(found.blobs, 'blob')}, {render.size(found.bytes)}"),
    ]
    render.console().print(render.table("Registry", ("", ""), lines))


def _schema(found: Status) -> str:
    if found.schema is None:
        return "none: nothing was published yet"
    if found.schema == found.newest:
        return str(found.schema)
    return f"{found.schema}, this release writes {found.newest}: prisml registry upgrade"
