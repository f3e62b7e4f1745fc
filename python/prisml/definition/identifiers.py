"""Features that name a row instead of describing it, as far as the mapping tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy.orm import ColumnProperty, InstrumentedAttribute, class_mapper

from prisml.definition.features import Feature, Related
from prisml.definition.leaks import Leak
from prisml.definition.model import ModelDefinition
from prisml.manifest import Input

_WAY_OUT = "Leave an identifier out: what a model learns of it holds for rows that it has seen, and for no other."


def find_identifiers(definition: ModelDefinition[Any]) -> tuple[Leak, ...]:
    """What the mapping alone tells of columns and related columns that are features; no database is asked.

    A primary key of one column, a unique column (of itself, by a constraint or by an index over it alone), and a foreign key that is
    taken as a number. A related column is judged as a foreign key is: many rows may share its value, so that it identifies where it is
    taken as a number, or where no two rows share the related one. A part of a composite key is no identifier by itself.
    """
    found = []
    for item in definition.inputs:
        feature = definition.features[item.name]
        what = None
        if isinstance(feature, Feature):
            what = _own(feature.column, definition.entity, item)
        elif isinstance(feature, Related):
            what = _related(feature, item)
        if what is not None:
            found.append(Leak("identifier", item.name, what, _WAY_OUT))
    return tuple(found)


def _own(attribute: Any, entity: type, item: Input) -> str | None:
    columns = _columns(attribute)
    if any(_is_sole(class_mapper(entity).primary_key, column) for column in columns):
        return f"is the primary key of {entity.__name__}"
    return _named(columns) or (_foreign(columns) if item.kind == "number" else None)


def _related(feature: Related, item: Input) -> str | None:
    columns = _columns(feature.column)
    if item.kind == "category" and not _one_to_one(feature.relationship):
        return None
    return _named(columns) or (_foreign(columns) if item.kind == "number" else None)


def _columns(attribute: Any) -> list[Column[Any]]:
    """The table columns behind a mapped attribute; none where it is a SQL expression."""
    prop = attribute.property if isinstance(attribute, InstrumentedAttribute) else None
    return [column for column in prop.columns if isinstance(column, Column)] if isinstance(prop, ColumnProperty) else []


def _one_to_one(relationship: Any) -> bool:
    """Whether no two rows of the entity lead to the same related row."""
    local = relationship.property.local_columns
    return any(isinstance(column, Column) and _named([column]) is not None for column in local)


def _named(columns: list[Column[Any]]) -> str | None:
    for column in columns:
        # A class may be mapped to a subquery, whose columns are columns, too.
        table: object = column.table
        if not isinstance(table, Table):
            continue
        if _is_sole(table.primary_key.columns, column):
            return f"is the primary key of the table {table.name}"
        if column.unique or any(_is_of(constraint, column) for constraint in (*table.constraints, *table.indexes)):
            return f"is unique in the table {table.name}"
    return None


def _is_of(rule: object, column: Column[Any]) -> bool:
    """Whether ``rule`` says that no two rows share a value of ``column``."""
    if isinstance(rule, UniqueConstraint):
        return _is_sole(rule.columns, column)
    if not isinstance(rule, Index) or not rule.unique or len(rule.expressions) != 1 or not _is_sole(rule.columns, column):
        return False
    # An index with a condition is unique among the rows it holds, and says nothing of the others.
    return not any(options.get("where") is not None for options in rule.dialect_options.values())


def _is_sole(columns: Iterable[Any], column: Column[Any]) -> bool:
    # By identity: == of two columns is SQL.
    found = list(columns)
    return len(found) == 1 and found[0] is column


def _foreign(columns: list[Column[Any]]) -> str | None:
    for column in columns:
        if column.foreign_keys:
            return f"is a foreign key of the table {column.table.name}, taken as a number"
    return None
