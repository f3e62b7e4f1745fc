"""What a definition's features read of the database: each table and column, as it is mapped, and the features that read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible

from prisml.definition.model import ModelDefinition
from prisml.errors import DefinitionError
from prisml.extraction.spelling import spell, values_of
from prisml.extraction.statement import Statement, training_statement
from prisml.manifest import Read


def reads_of(definition: ModelDefinition[Any]) -> tuple[Read, ...]:
    """Every column that a feature reads, by table and name; what only the label, the key, the split or the filter reads is not there."""
    features: dict[Column[Any], list[str]] = {}
    for feature in definition.features:
        for column in _columns_of(definition, feature):
            features.setdefault(column, []).append(feature)
    found = [describe(column, tuple(sorted(names))) for column, names in features.items()]
    return tuple(sorted(found, key=lambda read: (read.table, read.column)))


def describe(column: Column[Any], features: tuple[str, ...] = (), *, table: str | None = None) -> Read:
    """The column as a manifest keeps it; ``table`` names that of a column which has none yet."""
    return Read(
        table=column.table.fullname if table is None else table,
        column=column.name,
        type=spell(column.type),
        values=values_of(column.type),
        nullable=bool(column.nullable),
        references=", ".join(sorted(map(_target, column.foreign_keys))) or None,
        features=features,
    )


def _target(key: ForeignKey) -> str:
    """The column that the key leads to; by its own words where the table is not mapped."""
    try:
        return f"{key.column.table.fullname}.{key.column.name}"
    except SQLAlchemyError:
        return key.target_fullname


def tables_and_columns(element: ExternallyTraversible) -> Iterator[Table | Column[Any]]:
    """The tables, behind whatever alias or subquery, and the columns that are named of them, in the order of reading."""
    for each in visitors.iterate(element):
        if isinstance(each, Table):
            yield each
        if isinstance(each, Column):
            yield from (base for base in each.base_columns if isinstance(base, Column) and isinstance(base.table, Table))


def statement_of(definition: ModelDefinition[Any]) -> Statement:
    """The statement of training, with the sources of all inputs."""
    return training_statement(definition, tuple(dict.fromkeys(source.path for each in definition.inputs for source in each.sources)))


def _columns_of(definition: ModelDefinition[Any], feature: str) -> list[Column[Any]]:
    """The columns of the statement that would train on this feature alone: its own, and those of its joins."""
    statement = statement_of(_only(definition, feature))
    columns = tuple(statement.select.selected_columns)
    places = {place for place, name in enumerate(statement.names) if name == f"feature {feature!r}"}
    # A column that the key reads too is named after the key.
    places |= set(statement.uses.get(feature, {}).values())
    try:
        froms = statement.select.get_final_froms()
    except InvalidRequestError:
        # Its words are SQLAlchemy's, and show an object.
        field = f"{definition.entity.__name__}.{definition.output}"
        message = f"{field}: the SQL of feature {feature!r} reads the entity's table in a SELECT of its own."
        hint = "Read it there through an alias: other = aliased(Employee), and other.id in place of Employee.id."
        raise DefinitionError(message, {"feature": feature}, [hint]) from None
    parts = [*(columns[place] for place in sorted(places)), *froms, *_related(definition, feature)]
    return list(dict.fromkeys(each for part in parts for each in tables_and_columns(part) if isinstance(each, Column)))


def _related(definition: ModelDefinition[Any], feature: str) -> Iterator[Column[Any]]:
    """The columns of the rows that a resolver's relationships lead to, any of which it may read, and those that lead there."""
    resolver = definition.resolvers.get(feature)
    for link in () if resolver is None else resolver.relationships:
        yield from link.property.local_columns
        yield from link.property.mapper.columns


def _only(definition: ModelDefinition[Any], feature: str) -> ModelDefinition[Any]:
    features: Mapping[str, Any] = MappingProxyType({feature: definition.features[feature]})
    inputs = tuple(each for each in definition.inputs if each.name == feature)
    return replace(definition, features=features, inputs=inputs, gates=())
