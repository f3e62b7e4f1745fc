"""Whether the tables and columns that a statement reads are in the database, and of a type that fits."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Column, Connection, Inspector, Select, Table, inspect, types
from sqlalchemy.sql import visitors

from prisml.commands.finding import Finding

_FAMILIES: tuple[tuple[str, tuple[type[types.TypeEngine[Any]], ...]], ...] = (
    ("number", (types.Integer, types.Numeric, types.Float, types.Boolean)),
    ("text", (types.String, types.Enum)),
    ("time", (types.Date, types.DateTime)),
)


def check_schema(connection: Connection, statement: Select[Any]) -> Iterator[Finding]:
    """A finding for each table that ``statement`` reads; a column that is missing or of another kind is one of its own."""
    inspector = inspect(connection)
    for table, columns in _read(statement).items():
        if not inspector.has_table(table.name, schema=table.schema):
            yield Finding(f"table {table.fullname}", False, "does not exist", _tables(inspector, table))
            continue
        problems = list(_columns(inspector, table, columns, connection.dialect.name))
        yield from problems
        if not problems:
            yield Finding(f"table {table.fullname}", True, f"has the {len(columns)} columns that are read")


def _read(statement: Select[Any]) -> dict[Table, list[Column[Any]]]:
    """The tables, behind whatever alias, with the columns that are read of them, in the order of reading."""
    found: dict[Table, dict[str, Column[Any]]] = {}
    for element in visitors.iterate(statement):
        if isinstance(element, Table):
            found.setdefault(element, {})
        if isinstance(element, Column):
            for base in element.base_columns:
                if isinstance(base, Column) and isinstance(base.table, Table):
                    found.setdefault(base.table, {})[base.name] = base
    return {table: list(columns.values()) for table, columns in found.items()}


def _columns(inspector: Inspector, table: Table, columns: list[Column[Any]], dialect: str) -> Iterator[Finding]:
    reflected = {each["name"]: each["type"] for each in inspector.get_columns(table.name, schema=table.schema)}
    # Only PostgreSQL tells columns apart by case.
    known = reflected if dialect == "postgresql" else {name.casefold(): kind for name, kind in reflected.items()}
    for column in columns:
        name = column.name if dialect == "postgresql" else column.name.casefold()
        place = f"column {table.fullname}.{column.name}"
        if name not in known:
            yield Finding(place, False, "does not exist", _near(column.name, list(reflected)))
        elif not _fits(column.type, known[name], dialect):
            detail = f"is {type(known[name]).__name__} in the database and {type(column.type).__name__} in the mapping"
            yield Finding(place, False, detail, "Correct the mapping, or migrate the table.")


def _fits(mapped: types.TypeEngine[Any], stored: types.TypeEngine[Any], dialect: str) -> bool:
    """Whether both are of one family; what belongs to none is left to the rows that are read."""
    mine, theirs = _family(mapped), _family(stored)
    # SQLite has no type for moments: a text is what SQLAlchemy itself stores there.
    if dialect == "sqlite" and {mine, theirs} == {"text", "time"}:
        return True
    return None in (mine, theirs) or mine == theirs


def _family(kind: types.TypeEngine[Any]) -> str | None:
    base = kind.impl_instance if isinstance(kind, types.TypeDecorator) else kind
    return next((family for family, members in _FAMILIES if isinstance(base, members)), None)


def _tables(inspector: Inspector, table: Table) -> str:
    return _near(table.name, [*inspector.get_table_names(schema=table.schema), *inspector.get_view_names(schema=table.schema)])


def _near(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names[:20])}." if names else "There are none at all."
