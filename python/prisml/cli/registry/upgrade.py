"""``prisml registry upgrade``."""

from __future__ import annotations

from prisml.cli import document, options, render
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.registry import upgrade as upgrade_registry


@options.command(
    "prisml registry upgrade",
    "prisml registry upgrade --registry postgresql+psycopg://shop@db/ml",
    _0="it has the schema of this release, now or before",
    _2="wrong usage, or a bug",
    _3="the registry cannot be reached or written, or a newer release made it",
)
@options.registry
@options.as_json
def upgrade(registry: str | None, as_json: bool) -> None:
    """Bring a registry of an older release up to this one.

    Adds what its tables lack, and changes nothing that is in them: whoever serves from it goes on. Processes of an older release can
    not write to it afterwards. It may be interrupted and run again.
    """
    look_with("prisml registry status")
    opened = open_registry(registry)
    done = upgrade_registry(opened)
    if as_json:
        render.write_json(document.answer(place=opened.place, schema=done.schema, before=done.before, changed=done.changed))
    elif done.schema is None:
        render.say(f"The registry {opened.place} is empty: it is made, with the newest schema, when something is published.")
    elif done.changed:
        render.say(f"The registry {opened.place} has schema {done.schema} now ({done.before} before).")
    else:
        render.say(f"The registry {opened.place} has schema {done.schema} already.")
