"""A look at the user's database, by which a draft is better than by the mapping alone. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from prisml.commands.database import open_database
from prisml.commands.init.mapped import Attribute

SAMPLE = 10_000
"""The rows that values are counted in: enough to tell a category from a text, in a large table too."""


@dataclass(frozen=True)
class Look:
    """What the database says; None of everything where nobody looked, or where it has no such table."""

    connection: Connection | None = None

    def rows(self, entity: type) -> int | None:
        """How many rows the entity has."""
        found = self._asked(select(func.count()).select_from(entity))
        return found if isinstance(found, int) else None

    def values(self, column: Attribute) -> int | None:
        """How many different values the column has in some thousands of its rows."""
        some = select(_sql(column)).limit(SAMPLE).subquery()
        found = self._asked(select(func.count(some.c[0].distinct())))
        return found if isinstance(found, int) else None

    def newest(self, column: Attribute) -> date | None:
        """The day of the latest moment in the column that is not in the future."""
        now = datetime.now(UTC).replace(tzinfo=None)
        today = now.date() if column.dtype == "date" else now
        found = self._asked(select(func.max(_sql(column))).where(_sql(column) <= today))
        return found.date() if isinstance(found, datetime) else found if isinstance(found, date) else None

    def _asked(self, statement: Select[Any]) -> object:
        if self.connection is None:
            return None
        try:
            return self.connection.scalar(statement)
        except SQLAlchemyError:
            # A table that is not there yet, or a right that is missing: the draft goes by the mapping.
            self.connection.rollback()
            return None


NOT_LOOKED = Look()


@contextmanager
def looking(url: str | None) -> Iterator[Look]:
    """A look at the database at ``url``, or at none. Raises ``DatabaseConnectionError`` where nobody answers."""
    if url is None:
        yield NOT_LOOKED
        return
    with open_database(url) as engine, engine.connect() as connection:
        yield Look(connection)


def _sql(column: Attribute) -> Any:
    return getattr(column.entity, column.name)
