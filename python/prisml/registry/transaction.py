"""One transaction on the registry, as the functions that read and write its tables see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, null
from sqlalchemy.sql import Delete, Insert, Select, Update

from prisml.registry.tables import SCHEMA_VERSION


@dataclass(frozen=True)
class Transaction:
    """What is seen of the registry at ``place``, which has that ``schema``; nothing, where nobody has published yet.

    ``committed`` is called, in order, once what was written is there for others to see.
    """

    connection: Connection | None
    place: str
    schema: int = SCHEMA_VERSION
    committed: list[Callable[[], None]] = field(default_factory=list, compare=False, repr=False)

    def rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """What the statement gives."""
        return () if self.connection is None else self.connection.execute(statement).all()

    def first(self, statement: Select[Any]) -> Row[Any] | None:
        """The first row of what the statement gives, or None."""
        return None if self.connection is None else self.connection.execute(statement).first()

    def write(self, statement: Insert | Update | Delete) -> None:
        """Change what the statement says; only within ``Database.writing``."""
        if self.connection is None:
            raise RuntimeError("nothing can be written to a registry that is not there")
        self.connection.execute(statement)

    def columns(self, table: Table) -> list[ColumnElement[Any]]:
        """The table's columns to select; NULL in place of those that a registry of an older schema lacks."""
        return [column if column.info.get("since", 1) <= self.schema else null().label(column.name) for column in table.c]
