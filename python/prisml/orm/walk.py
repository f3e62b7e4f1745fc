"""From the rows that a statement gave to the objects to predict: the entities in them, and what is loaded behind these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.collections import collection_adapter

from prisml.definition.model import ModelDefinition

_NEVER_LOADED = frozenset({"dynamic", "write_only", "noload"})
Found = dict[ModelDefinition[Any], list[object]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one class is predicted with, and its relationships that lead to predicted classes: names, and whether of many.

    ``is_row``: its objects hold what is to be looked at instead.
    """

    is_row: bool = False
    definitions: tuple[ModelDefinition[Any], ...] = ()
    follow: tuple[tuple[str, bool], ...] = ()


class Walk:
    """Finds the objects of a statement that ``definitions`` predict. Loads nothing."""

    def __init__(self, definitions: Iterable[ModelDefinition[Any]]) -> None:
        self._definitions = tuple(definitions)
        self._plans: dict[type, _Plan] = {}

    def definitions_of(self, cls: type) -> tuple[ModelDefinition[Any], ...]:
        """The definitions that predict objects of ``cls``."""
        return tuple(definition for definition in self._definitions if issubclass(cls, definition.entity))

    def find(self, rows: Sequence[object]) -> Found:
        """The objects in ``rows`` and those behind their loaded relationships, each once, by definition."""
        classes = set(map(type, rows))
        if len(classes) == 1:
            plan = self._plan_of(classes.pop())
            if not (plan.is_row or plan.follow):
                # The most frequent case, without a line of Python for each object.
                objects = list(dict(zip(map(id, rows), rows, strict=True)).values())
                return dict.fromkeys(plan.definitions, objects)
        found: Found = {}
        seen: set[int] = set()
        # A queue, not a stack: the objects come in the order of the rows.
        waiting: Iterable[object] = rows
        while waiting:
            waiting = list(self._step(waiting, seen, found))
        return found

    def _step(self, items: Iterable[object], seen: set[int], found: Found) -> Iterator[object]:
        for item in items:
            plan = self._plan_of(type(item))
            if plan.is_row and isinstance(item, Iterable):
                yield from item
            if not (plan.definitions or plan.follow) or id(item) in seen:
                continue
            seen.add(id(item))
            for definition in plan.definitions:
                found.setdefault(definition, []).append(item)
            for name, many in plan.follow:
                value = item.__dict__.get(name)
                if value is not None:
                    yield from collection_adapter(value) if many else (value,)

    def _plan_of(self, cls: type) -> _Plan:
        plan = self._plans.get(cls)
        if plan is None:
            mapper: object = inspect(cls, raiseerr=False)
            if isinstance(mapper, Mapper):
                plan = _Plan(definitions=self.definitions_of(cls), follow=tuple(self._leading(mapper)))
            else:
                plan = _Plan(is_row=issubclass(cls, tuple | Row))
            self._plans[cls] = plan
        return plan

    def _leading(self, mapper: Mapper[Any]) -> Iterator[tuple[str, bool]]:
        for relationship in mapper.relationships:
            if relationship.lazy not in _NEVER_LOADED and self._leads(relationship.mapper):
                yield relationship.key, bool(relationship.uselist)

    def _leads(self, start: Mapper[Any]) -> bool:
        """Whether an object of that mapper, or one behind it, may be predicted."""
        waiting, seen = [start], {start}
        while waiting:
            for mapper in waiting.pop().self_and_descendants:
                if self.definitions_of(mapper.class_):
                    return True
                nearer = {relationship.mapper for relationship in mapper.relationships} - seen
                seen |= nearer
                waiting.extend(nearer)
        return False
