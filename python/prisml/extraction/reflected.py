"""What a database itself says of a table's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, types

from prisml.extraction.changes import changes
from prisml.extraction.spelling import spell, values_of
from prisml.manifest import Read


@dataclass(frozen=True)
class Stored:
    """A column of the database: as a manifest would keep it, and its type as SQLAlchemy reflects it."""

    read: Read
    type: types.TypeEngine[Any]


@dataclass(frozen=True)
class Reflected:
    """A table of the database, its columns by name."""

    columns: Mapping[str, Stored]
    dialect: str

    def get(self, name: str) -> Stored | None:
        """The column of that name, as the database tells names apart: only PostgreSQL does so by case."""
        if name in self.columns or self.dialect == "postgresql":
            return self.columns.get(name)
        return next((column for known, column in self.columns.items() if known.casefold() == name.casefold()), None)


class Schema:
    """The tables of a database, each looked up once."""

    def __init__(self, connection: Connection) -> None:
        self.inspector: Inspector = inspect(connection)
        self.dialect = connection.dialect.name
        self._tables: dict[str, Reflected | None] = {}

    def table(self, fullname: str) -> Reflected | None:
        """The table or view; None where there is none."""
        if fullname not in self._tables:
            name, schema = self._named(fullname)
            there = self.inspector.has_table(name, schema=schema)
            self._tables[fullname] = Reflected(dict(self._columns(name, schema)), self.dialect) if there else None
        return self._tables[fullname]

    def column(self, read: Read) -> Stored | None:
        """The column that was read; None where there is none of that name."""
        table = self.table(read.table)
        return None if table is None else table.get(read.column)

    def foreign_keys(self, fullname: str) -> Iterator[tuple[str | None, tuple[str, ...]]]:
        """The foreign keys of a table by their names, if they have any, with their columns."""
        name, schema = self._named(fullname)
        for key in self.inspector.get_foreign_keys(name, schema=schema):
            yield key["name"], tuple(key["constrained_columns"])

    def _named(self, fullname: str) -> tuple[str, str | None]:
        """Name and schema; a name may have a dot of its own."""
        schema, _, name = fullname.rpartition(".")
        return (name, schema) if schema and not self.inspector.has_table(fullname) else (fullname, None)

    def _columns(self, name: str, schema: str | None) -> Iterator[tuple[str, Stored]]:
        targets = self._targets(name, schema)
        for column in self.inspector.get_columns(name, schema=schema):
            kind = column["type"]
            read = Read(
                table=name if schema is None else f"{schema}.{name}",
                column=column["name"],
                type=spell(kind),
                values=values_of(kind),
                # SQLite has no NOT NULL for a key, and lets none be NULL that is an INTEGER.
                nullable=bool(column["nullable"]) and not column.get("primary_key"),
                references=", ".join(sorted(targets.get(column["name"], ()))) or None,
            )
            yield column["name"], Stored(read, kind)

    def _targets(self, name: str, schema: str | None) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key in self.inspector.get_foreign_keys(name, schema=schema):
            table = f"{key['referred_schema']}.{key['referred_table']}" if key["referred_schema"] else key["referred_table"]
            for mine, theirs in zip(key["constrained_columns"], key["referred_columns"], strict=False):
                found.setdefault(mine, []).append(f"{table}.{theirs}")
        return found


def observed(reads: tuple[Read, ...], connection: Connection) -> tuple[Read, ...]:
    """``reads``, each with what is not in the database as it is in the mapping."""
    schema = Schema(connection)
    return tuple(_observed(read, schema) for read in reads)


def _observed(read: Read, schema: Schema) -> Read:
    stored = schema.column(read)
    if stored is None:
        return read
    unlike = tuple(change.aspect for change in changes(read, stored.read, dialect=schema.dialect))
    return read.model_copy(update={"unlike": unlike})
