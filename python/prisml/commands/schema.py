"""Whether the tables and columns that a statement reads are in the database, and of a type that fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Column, Select, Table, types

from prisml.commands.finding import Finding
from prisml.extraction.reads import describe, tables_and_columns
from prisml.extraction.reflected import Reflected, Schema
from prisml.extraction.spelling import is_retyped, undecorated
from prisml.manifest import Read

_FAMILIES: tuple[tuple[str, tuple[type[types.TypeEngine[Any]], ...]], ...] = (
    ("number", (types.Integer, types.Numeric, types.Float, types.Boolean)),
    ("text", (types.String, types.Enum)),
    ("time", (types.Date, types.DateTime)),
)


def check_schema(schema: Schema, statement: Select[Any], reads: Sequence[Read]) -> Iterator[Finding]:
    """A finding for each table that ``statement`` reads; a column that is missing or of another kind is one of its own.

    ``reads`` says which features read a column.
    """
    features = {(read.table, read.column): read.features for read in reads}
    for table, columns in tables_read(statement).items():
        reflected = schema.table(table.fullname)
        if reflected is None:
            concerned = {name for column in columns for name in features.get((table.fullname, column.name), ())}
            yield Finding(f"table {table.fullname}", False, "does not exist", _tables(schema, table), tuple(sorted(concerned)))
            continue
        problems = list(_columns(reflected, columns, features))
        yield from problems
        if not problems:
            found = "the column that is read" if len(columns) == 1 else f"the {len(columns)} columns that are read"
            yield Finding(f"table {table.fullname}", True, f"has {found}")


def place_of(read: Read) -> str:
    """The subject of a finding about the column."""
    return f"column {read.table}.{read.column}"


def renamed(read: Read, there: Reflected, mapped: Sequence[str]) -> str:
    """What the column may be called now: a name like its own, or the one column of its type that nothing maps."""
    if close := get_close_matches(read.column, there.columns, n=1):
        return f"Did you mean {close[0]}{', of the same type' if _is_alike(read, there, close[0]) else ''}?"
    alike = [name for name in there.columns if name not in mapped and _is_alike(read, there, name)]
    return f"Did you mean {alike[0]}, of the same type?" if len(alike) == 1 else near(read.column, list(there.columns))


def near(name: str, names: list[str]) -> str:
    """The name that is most like it, or what there is."""
    close = get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names[:20])}." if names else "There are none at all."


def _is_alike(read: Read, there: Reflected, name: str) -> bool:
    return not is_retyped(read.type, there.columns[name].read.type, dialect=there.dialect)


def tables_read(statement: Select[Any]) -> dict[Table, list[Column[Any]]]:
    """The tables with the columns that are read of them, in the order of reading."""
    found: dict[Table, dict[str, Column[Any]]] = {}
    for each in tables_and_columns(statement):
        if isinstance(each, Table):
            found.setdefault(each, {})
        elif isinstance(each.table, Table):
            found.setdefault(each.table, {})[each.name] = each
    return {table: list(columns.values()) for table, columns in found.items()}


def _columns(there: Reflected, columns: Sequence[Column[Any]], features: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[Finding]:
    for column in columns:
        read = describe(column, features.get((column.table.fullname, column.name), ()))
        stored = there.get(column.name)
        if stored is None:
            mapped = [each.name for each in column.table.columns]
            yield Finding(place_of(read), False, "does not exist", renamed(read, there, mapped), read.features)
        elif not _fits(column.type, stored.type, there.dialect):
            detail = f"is {type(stored.type).__name__} in the database and {type(column.type).__name__} in the mapping"
            yield Finding(place_of(read), False, detail, "Correct the mapping, or migrate the table.", read.features)


def _fits(mapped: types.TypeEngine[Any], stored: types.TypeEngine[Any], dialect: str) -> bool:
    """Whether both are of one family; what belongs to none is left to the rows that are read."""
    mine, theirs = _family(mapped), _family(stored)
    # SQLite has no type for moments: a text is what SQLAlchemy itself stores there.
    if dialect == "sqlite" and {mine, theirs} == {"text", "time"}:
        return True
    return None in (mine, theirs) or mine == theirs


def _family(kind: types.TypeEngine[Any]) -> str | None:
    base = undecorated(kind)
    return next((family for family, members in _FAMILIES if isinstance(base, members)), None)


def _tables(schema: Schema, table: Table) -> str:
    inspector = schema.inspector
    return near(table.name, [*inspector.get_table_names(schema=table.schema), *inspector.get_view_names(schema=table.schema)])
