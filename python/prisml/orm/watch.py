"""Events that make a prediction out of date: a value that it was made from is set, expired, or loaded anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, inspect

from prisml.definition.model import ModelDefinition
from prisml.orm.attached import State, drop, leave_out
from prisml.orm.reads import Reads

_watched: WeakKeyDictionary[type, set[str]] = WeakKeyDictionary()


def watch(definition: ModelDefinition[Any], reads: Reads) -> None:
    """Drop predictions when what ``definition`` reads changes, in its entity or in a related one."""
    _watch(definition.entity, reads.attributes)
    relationships = inspect(definition.entity).relationships
    for name, keys in reads.related.items():
        _watch(relationships[name].mapper.class_, keys)


def _watch(entity: type, keys: Iterable[str]) -> None:
    if entity not in _watched:
        _watched[entity] = set()
        _watch_instances(entity, _watched[entity])
    for key in sorted(set(keys) - _watched[entity]):
        for change in ("set", "remove"):
            event.listen(getattr(entity, key), change, _changed, raw=True, propagate=True)
        _watched[entity].add(key)


def _watch_instances(entity: type, keys: set[str]) -> None:
    def concerns(attributes: Iterable[str] | None) -> bool:
        # A deferred column that nobody predicts from may be loaded without a prediction being lost.
        return attributes is None or not keys.isdisjoint(attributes)

    def expired(state: State, attributes: Iterable[str] | None) -> None:
        if concerns(attributes):
            drop(state)

    def loaded(state: State, context: object, attributes: Iterable[str] | None) -> None:
        if concerns(attributes):
            drop(state)

    event.listen(entity, "expire", expired, raw=True, propagate=True)
    event.listen(entity, "refresh", loaded, raw=True, propagate=True)
    event.listen(entity, "refresh_flush", loaded, raw=True, propagate=True)
    event.listen(entity, "pickle", _pickled, raw=True, propagate=True)


def _changed(state: State, *event_arguments: object) -> None:
    drop(state)


def _pickled(state: State, state_dict: dict[str, Any]) -> None:
    leave_out(state_dict)
