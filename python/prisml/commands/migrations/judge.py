"""From pending revisions to what they would break."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from alembic.script import Script
from sqlalchemy import Connection

from prisml.commands.migrations.record import Recorded, record
from prisml.commands.migrations.result import Broken, Migrations, Unseen, Watched
from prisml.commands.migrations.scripts import pending_scripts
from prisml.commands.migrations.tables import Place, Tables, Touch
from prisml.extraction.changes import changes
from prisml.extraction.reflected import Schema
from prisml.manifest import Read
from prisml.progress import Progress, silent

_State = dict[Place, dict[tuple[str, str], str]]
"""By column: in what it is not as it was read, and the sentence about it."""


def judge(place: Path, connection: Connection, watched: Sequence[Watched], *, progress: Progress = silent) -> Migrations:
    """What the revisions that the database lacks would do to the columns of each model, in the order of their application.

    A revision is told of where the tables behind it differ from what a model read in something in which they did not differ before it:
    what it drops and makes again, or renames to and fro, breaks nothing. Raises ``ConfigurationError`` as ``pending_scripts`` does.
    """
    pending = pending_scripts(place, connection)
    schema = Schema(connection)
    states = [_Model(each, Tables(schema, each.reads)) for each in watched]
    broken: list[Broken] = []
    unseen: list[Unseen] = []
    for position, script in enumerate(pending.scripts):
        progress("migrations", position, len(pending.scripts))
        recorded = record(script, connection.dialect)
        for state in states:
            broken += state.after(script, recorded)
        unseen += [Unseen(script.revision, script.doc, what, tuple(lines)) for what, lines in recorded.unseen.items()]
    return Migrations(pending.current, tuple(script.revision for script in pending.scripts), tuple(broken), tuple(unseen))


class _Model:
    """A model, and its tables as they become."""

    def __init__(self, watched: Watched, tables: Tables) -> None:
        self._watched = watched
        self._tables = tables
        self._before: _State = {}

    def after(self, script: Script, recorded: Recorded) -> Iterator[Broken]:
        """What the revision would break that was whole before it."""
        self._tables.touched.clear()
        for operation, line in recorded.operations:
            if (doubt := self._tables.apply(operation)) is not None and line not in recorded.unseen.get(doubt, ()):
                recorded.missed(doubt, line)
        now: _State = {}
        for read in self._watched.reads:
            place = read.table, read.column
            now[place] = dict(self._differences(read, self._tables.touched.get(place, Touch("upgrade"))))
            for what, detail in now[place].items():
                if what not in self._before.get(place, {}):
                    touch = self._tables.touched.get(place, Touch("upgrade"))
                    yield Broken(script.revision, script.doc, touch.operation, ".".join(place), detail, self._watched.model, read.features)
        self._before = now

    def _differences(self, read: Read, touch: Touch) -> Iterator[tuple[tuple[str, str], str]]:
        column = self._tables.column((read.table, read.column))
        if column is None:
            yield ("column", "gone"), touch.detail or "is gone"
            return
        for change in changes(read, column):
            if change.aspect not in read.unlike:
                yield (change.aspect, change.now), f"{change.now}, and {change.was}"
