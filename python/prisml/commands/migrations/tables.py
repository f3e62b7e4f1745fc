"""Tables as they would be after a revision, and what became of their columns on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateForeignKeyOp,
    CreateTableOp,
    DropColumnOp,
    DropConstraintOp,
    DropTableOp,
    MigrateOperation,
    RenameTableOp,
)
from sqlalchemy import Column
from sqlalchemy.sql.type_api import to_instance

from prisml.extraction.reads import describe
from prisml.extraction.reflected import Schema
from prisml.extraction.spelling import spell, values_of
from prisml.manifest import Read

Place = tuple[str, str]
"""A table, with its schema where it has one, and a column of it."""


@dataclass(frozen=True)
class Touch:
    """The last operation on a column, and what it did where the column is gone."""

    operation: str
    detail: str = ""


class Tables:
    """Columns by table: those of ``reads`` as they were read, all others as the database has them; operations change them."""

    def __init__(self, schema: Schema, reads: Iterable[Read]) -> None:
        self._schema = schema
        self._reads: dict[str, list[Read]] = {}
        for read in reads:
            self._reads.setdefault(read.table, []).append(read)
        self._tables: dict[str, dict[str, Read]] = {}
        self._keys: dict[tuple[str, str], tuple[str, ...]] = {}
        self.touched: dict[Place, Touch] = {}

    def column(self, place: Place) -> Read | None:
        """The column as it would be; None where it would not be there."""
        return self._columns(place[0]).get(place[1])

    def apply(self, operation: MigrateOperation) -> str | None:
        """Do what the operation would do; where that cannot be told, a word for it."""
        if isinstance(operation, AlterColumnOp):
            self._alter(operation)
        elif isinstance(operation, DropColumnOp):
            self._drop(_full(operation.schema, operation.table_name), operation.column_name, Touch("drop_column", "is dropped"))
        elif isinstance(operation, AddColumnOp):
            self._add(_full(operation.schema, operation.table_name), operation.column, "add_column")
        elif isinstance(operation, DropTableOp):
            self._remove(_full(operation.schema, operation.table_name), Touch("drop_table", "goes with its table"))
        elif isinstance(operation, CreateTableOp):
            # The recording has made a table of them, whose constraints they know by now.
            for column in (each for each in operation.columns if isinstance(each, Column)):
                self._add(_full(operation.schema, operation.table_name), column, "create_table")
        elif isinstance(operation, RenameTableOp):
            self._rename(_full(operation.schema, operation.table_name), _full(operation.schema, operation.new_table_name))
        elif isinstance(operation, CreateForeignKeyOp):
            self._lead(operation)
        elif isinstance(operation, DropConstraintOp):
            return self._unlead(operation)
        else:
            return type(operation).__name__
        return None

    def _alter(self, operation: AlterColumnOp) -> None:
        table = _full(operation.schema, operation.table_name)
        columns, name = self._columns(table), operation.column_name
        changed: dict[str, Any] = {}
        if operation.modify_type is not None:
            kind = to_instance(operation.modify_type)
            changed |= {"type": spell(kind), "values": values_of(kind)}
        if operation.modify_nullable is not None:
            changed["nullable"] = operation.modify_nullable
        new = operation.modify_name
        if name in columns:
            columns[name] = columns[name].model_copy(update=changed)
        if changed:
            self.touched[table, name] = Touch("alter_column")
        if new is not None and str(new) != name:
            moved = columns.get(name)
            self._drop(table, name, Touch("alter_column", f"is renamed to {str(new)!r}"))
            if moved is not None:
                columns[str(new)] = moved.model_copy(update={"column": str(new)})
            self.touched[table, str(new)] = Touch("alter_column")

    def _drop(self, table: str, column: str, touch: Touch) -> None:
        self._columns(table).pop(column, None)
        self.touched[table, column] = touch

    def _add(self, table: str, column: Column[Any], operation: str) -> None:
        self._columns(table)[column.name] = describe(column, table=table)
        self.touched[table, column.name] = Touch(operation)

    def _remove(self, table: str, touch: Touch) -> None:
        for column in tuple(self._columns(table)):
            self._drop(table, column, touch)

    def _rename(self, old: str, new: str) -> None:
        columns = dict(self._columns(old))
        self._remove(old, Touch("rename_table", f"goes with its table, which is renamed to {new!r}"))
        self._tables[new] = {name: column.model_copy(update={"table": new}) for name, column in columns.items()}
        self.touched |= {(new, name): Touch("rename_table") for name in columns}

    def _lead(self, operation: CreateForeignKeyOp) -> None:
        table = _full(operation.kw.get("source_schema"), operation.source_table)
        target = _full(operation.kw.get("referent_schema"), operation.referent_table)
        for mine, theirs in zip(operation.local_cols, operation.remote_cols, strict=False):
            self._refer(table, str(mine), f"{target}.{theirs}", "create_foreign_key")
        if operation.constraint_name is not None:
            self._keys[table, str(operation.constraint_name)] = tuple(map(str, operation.local_cols))

    def _unlead(self, operation: DropConstraintOp) -> str | None:
        table, name = _full(operation.schema, operation.table_name), str(operation.constraint_name)
        columns = self._columns(table)
        if (table, name) in self._keys:
            for column in self._keys.pop((table, name)):
                self._refer(table, column, None, "drop_constraint")
            return None
        # A key without a name in the database is called by one that a naming convention gives it.
        unnamed = (table, "None") in self._keys and operation.constraint_type is None
        doubtful = table in self._reads and columns and (operation.constraint_type == "foreignkey" or unnamed)
        return "drop_constraint of a key that the database does not name" if doubtful else None

    def _refer(self, table: str, column: str, target: str | None, operation: str) -> None:
        columns = self._columns(table)
        if column in columns:
            columns[column] = columns[column].model_copy(update={"references": target})
            self.touched[table, column] = Touch(operation)

    def _columns(self, table: str) -> dict[str, Read]:
        if table not in self._tables:
            stored = self._schema.table(table)
            found = {} if stored is None else {name: column.read for name, column in stored.columns.items()}
            # What is read counts as it was read, so that only what the revisions do to it is told.
            self._tables[table] = found | {read.column: read for read in self._reads.get(table, ())}
            if stored is not None:
                self._keys |= {(table, str(name)): columns for name, columns in self._schema.foreign_keys(table)}
        return self._tables[table]


def _full(schema: Any, table: Any) -> str:
    return f"{schema}.{table}" if schema else str(table)
