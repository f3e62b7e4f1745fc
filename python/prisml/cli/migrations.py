"""What pending revisions would break, as a table and as a JSON object."""

from __future__ import annotations

from prisml.cli import render
from prisml.commands.migrations import Migrations


def as_document(migrations: Migrations) -> dict[str, object]:
    """The pending revisions, what they would break, and what was not analysed, as a JSON object."""
    return {
        "current": list(migrations.current),
        "pending": list(migrations.pending),
        "broken": [
            {
                "revision": each.revision,
                "message": each.message,
                "operation": each.operation,
                "column": each.column,
                "detail": each.detail,
                "model": each.model,
                "features": list(each.features),
            }
            for each in migrations.broken
        ],
        "not_analysed": [
            {"revision": each.revision, "message": each.message, "what": each.what, "count": len(each.lines), "lines": list(each.lines)}
            for each in migrations.unseen
        ],
    }


def write_migrations(migrations: Migrations) -> None:
    """A table of what would break, what was not analysed, and a sentence on the whole."""
    at = ", ".join(migrations.current) or "no revision"
    pending = f"{render.count(len(migrations.pending), 'pending revision')} of Alembic (the database is at {at})"
    if migrations.broken:
        rows = [
            (each.revision, each.message, each.operation, f"{each.column} {each.detail}", each.model, ", ".join(each.features))
            for each in migrations.broken
        ]
        columns = ("revision", "message", "operation", "what it does", "model", "features")
        render.console().print(render.table(f"{pending}: what would break", columns, rows))
    else:
        render.say(f"{pending}: none of the operations recorded would break a model.", style="green")
    for each in migrations.unseen:
        times = render.count(len(each.lines), "time")
        lines = ", ".join(map(str, each.lines))
        render.say(f"  not analysed: revision {each.revision} ({each.message}): {each.what}, {times}, line {lines}", style="yellow")
