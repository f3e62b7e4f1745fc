"""Columns that say when a row was changed last: what they tell of the values that a feature reads as they are today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapper, class_mapper

from prisml.definition.bounds import own_columns
from prisml.definition.features import Expression, Feature, FeatureSpec, Related, Transform
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import kind_of

_NAMES = frozenset(
    [
        "changed_at",
        "changed_on",
        "date_changed",
        "date_modified",
        "date_updated",
        "last_changed",
        "last_modified",
        "last_modified_at",
        "last_update",
        "last_updated",
        "last_updated_at",
        "modification_date",
        "modification_time",
        "modified",
        "modified_at",
        "modified_on",
        "mtime",
        "update_date",
        "update_time",
        "updated",
        "updated_at",
        "updated_date",
        "updated_on",
        "updated_time",
    ]
)


@dataclass(frozen=True)
class Touched:
    """A column that says when rows were changed last, and the features that read today's value of other columns of these rows.

    ``relationship`` leads to the rows; None: they are the entity's own.
    """

    relationship: str | None
    column: InstrumentedAttribute[Any]
    features: tuple[str, ...]


def touched(definition: ModelDefinition[Any]) -> tuple[Touched, ...]:
    """What the mapping has of such columns, where ``as_of`` lies in the past."""
    if not definition.as_of.is_historic:
        return ()
    mapper: Mapper[Any] = class_mapper(definition.entity)
    moment = None if definition.as_of.column is None else definition.as_of.column.key
    readers: dict[str | None, list[str]] = {}
    for name, spec in definition.features.items():
        for relationship in dict.fromkeys(_reached(mapper, spec, moment)):
            readers.setdefault(relationship, []).append(name)
    found = ((each, _changed_at(mapper if each is None else mapper.relationships[each].mapper)) for each in readers)
    return tuple(Touched(each, column, tuple(readers[each])) for each, column in found if column is not None)


def _reached(mapper: Mapper[Any], spec: FeatureSpec[Any], moment: str | None) -> Iterator[str | None]:
    """Where the columns stand that the feature reads as they are today: behind a relationship, or None for the entity itself."""
    if isinstance(spec, Transform):
        for argument in spec.arguments:
            yield from _reached(mapper, argument if isinstance(argument, Expression | Related) else Feature(argument), moment)
    elif isinstance(spec, Related):
        yield spec.relationship.key
    elif isinstance(spec, Expression):
        if isinstance(spec.sql, ColumnElement) and own_columns(mapper, spec.sql, moment):
            yield None
    elif any(column.key != moment for column in ((spec.column,) if isinstance(spec, Feature) else spec.columns)):
        yield None


def _changed_at(mapper: Mapper[Any]) -> InstrumentedAttribute[Any] | None:
    """The column of these rows that says when they were changed: by its name, or because every update sets it."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and kind_of(column.type) is not None and (_is_named_so(column) or column.onupdate is not None):
            found: InstrumentedAttribute[Any] = getattr(mapper.class_, attribute.key)
            return found
    return None


def _is_named_so(column: Column[Any]) -> bool:
    return column.name.casefold() in _NAMES
