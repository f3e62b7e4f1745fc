"""Events that make a prediction out of date: a value that it was made from is set, expired, or loaded anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, inspect

from prisml.definition.model import ModelDefinition
from prisml.orm.attached import State, drop, leave_out, renew
from prisml.orm.reads import Reads


def watch(definition: ModelDefinition[Any], reads: Reads) -> None:
    """Drop predictions when what ``definition`` reads changes, in its entity or in a related one."""
    _predicted.watch(definition.entity, reads.attributes | reads.asked)
    relationships = inspect(definition.entity).relationships
    for name, keys in reads.related.items():
        _related.watch(relationships[name].mapper.class_, keys)


class _Watch:
    """Calls ``act`` with the state of an object whose watched attributes have changed, or may have."""

    def __init__(self, act: Callable[[State], None]) -> None:
        self._act = act
        self._keys: WeakKeyDictionary[type, set[str]] = WeakKeyDictionary()

    def watch(self, entity: type, keys: Iterable[str]) -> None:
        if entity not in self._keys:
            self._keys[entity] = set()
            self._watch_instances(entity, self._keys[entity])
        for key in sorted(set(keys) - self._keys[entity]):
            for change in ("set", "append", "remove", "bulk_replace"):
                event.listen(getattr(entity, key), change, self._changed, raw=True, propagate=True)
            self._keys[entity].add(key)

    def _changed(self, state: State, *event_arguments: object) -> None:
        self._act(state)

    def _watch_instances(self, entity: type, keys: set[str]) -> None:
        def expired(state: State, attributes: Iterable[str] | None) -> None:
            # A deferred column that nobody predicts from may be loaded without a prediction being lost.
            if attributes is None or not keys.isdisjoint(attributes):
                self._act(state)

        def loaded(state: State, context: object, attributes: Iterable[str] | None) -> None:
            expired(state, attributes)

        event.listen(entity, "expire", expired, raw=True, propagate=True)
        event.listen(entity, "refresh", loaded, raw=True, propagate=True)
        event.listen(entity, "refresh_flush", loaded, raw=True, propagate=True)
        event.listen(entity, "pickle", _pickled, raw=True, propagate=True)


def _pickled(state: State, state_dict: dict[str, Any]) -> None:
    leave_out(state_dict)


_predicted = _Watch(drop)
_related = _Watch(renew)
