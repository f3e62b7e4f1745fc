"""What a definition reads of an object, and whether the object holds it already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.orm.collections import collection_adapter
from sqlalchemy.sql import visitors

from prisml.definition.model import ModelDefinition

_values = attrgetter("__dict__")


@dataclass(frozen=True)
class Reads:
    """The object's own attributes that are read, and those of each related object, by the relationship's name.

    ``many`` are the relationships that lead to many objects; ``asked`` the own columns that only the database reads, for an expression.
    """

    columns: frozenset[str]
    related: Mapping[str, frozenset[str]]
    many: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, definition: ModelDefinition[Any]) -> Reads:
        """What the features of ``definition`` read; the label is not among it."""
        paths = {source.path for item in definition.inputs for source in item.sources}
        used = {column.key for resolver in definition.resolvers.values() for column in resolver.columns}
        moment = definition.as_of.column
        columns = {path[0] for path in paths if len(path) == 1 and not path[0].startswith("@")} | used
        columns |= set() if moment is None else {moment.key}
        related: dict[str, set[str]] = {}
        for path in paths:
            if len(path) > 1:
                related.setdefault(path[0], set()).add(path[1])
        many: set[str] = set()
        for link in (link for resolver in definition.resolvers.values() for link in resolver.relationships):
            # A resolver may read any column of the related rows.
            related.setdefault(link.key, set()).update(column.key for column in link.property.mapper.column_attrs)
            many |= {link.key} if link.property.uselist else set()
        return cls(
            frozenset(columns),
            MappingProxyType({name: frozenset(keys) for name, keys in related.items()}),
            frozenset(many),
            frozenset(_asked(definition)),
        )

    @property
    def attributes(self) -> frozenset[str]:
        """The object's own attributes, relationships among them."""
        return self.columns | self.related.keys()

    def are_loaded(self, row: object) -> bool:
        """Whether all of it can be read from ``row`` without a query."""
        values = row.__dict__
        if not self.columns <= values.keys():
            return False
        for relationship, keys in self.related.items():
            if relationship not in values:
                return False
            target = values[relationship]
            targets = collection_adapter(target) if relationship in self.many else () if target is None else (target,)
            if not all(keys <= each.__dict__.keys() for each in targets):
                return False
        return True

    def are_all_loaded(self, rows: Sequence[object]) -> bool:
        """Whether that is so for each of ``rows``, asked without a line of Python for each where nothing related is read."""
        if self.related or not self.columns:
            return all(map(self.are_loaded, rows))
        try:
            deque(map(itemgetter(*self.columns), map(_values, rows)), maxlen=0)
        except KeyError:
            return False
        return True


def _asked(definition: ModelDefinition[Any]) -> Iterator[str]:
    """The entity's own columns in the SQL of its expressions."""
    mapper = inspect(definition.entity)
    for expression in definition.expressions.values():
        sql: Any = expression.sql
        for element in visitors.iterate(sql):
            if isinstance(element, Column) and element.table in mapper.tables and mapper.columns.contains_column(element):
                yield mapper.get_property_by_column(element).key
