"""What a definition reads of an object, and whether the object holds it already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from prisml.definition.model import ModelDefinition


@dataclass(frozen=True)
class Reads:
    """The object's own attributes that are read, and those of each related object, by the relationship's name."""

    columns: frozenset[str]
    related: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, definition: ModelDefinition[Any]) -> Reads:
        """What the features of ``definition`` read; the label is not among it."""
        paths = {source.path for item in definition.inputs for source in item.sources}
        used = {column.key for resolver in definition.resolvers.values() for column in resolver.uses}
        columns = {path[0] for path in paths if len(path) == 1} | used
        related: dict[str, set[str]] = {}
        for path in paths:
            if len(path) > 1:
                related.setdefault(path[0], set()).add(path[1])
        return cls(frozenset(columns), MappingProxyType({name: frozenset(keys) for name, keys in related.items()}))

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
            if target is not None and not keys <= target.__dict__.keys():
                return False
        return True
