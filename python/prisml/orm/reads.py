"""What a definition reads of an object, and whether the object holds it already."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any

from prisml.definition.model import ModelDefinition

_values = attrgetter("__dict__")


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
        moment = definition.as_of.column
        columns = {path[0] for path in paths if len(path) == 1 and not path[0].startswith("@")} | used
        columns |= set() if moment is None else {moment.key}
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

    def are_all_loaded(self, rows: Sequence[object]) -> bool:
        """Whether that is so for each of ``rows``, asked without a line of Python for each where nothing related is read."""
        if self.related or not self.columns:
            return all(map(self.are_loaded, rows))
        try:
            deque(map(itemgetter(*self.columns), map(_values, rows)), maxlen=0)
        except KeyError:
            return False
        return True
