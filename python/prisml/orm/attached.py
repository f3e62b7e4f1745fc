"""Predictions at the objects they are of: kept beside the objects, never in them, so that nothing is marked as changed.

One dictionary for all objects of a definition, not ``InstanceState.info``: a dictionary of its own for each of ten thousand objects would
cost more than their predictions do.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import finalize, ref

from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.collections import collection_adapter

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.serving.prediction import Prediction, Predictions

if TYPE_CHECKING:
    from prisml.orm.extension import Extension

State = InstanceState[Any]

_TOKEN = "prisml.token"  # noqa: S105 -- No secret: an object that stands for the values as they are.
_MANY = 1000
_weakly = attrgetter("obj")  # SQLAlchemy's own weak reference: making another for each object costs as much as all else here.


class Batch:
    """What one call of an engine gave: its predictions by row, the errors by row, and whether those are to be null.

    ``keys`` are the ids of the rows, ``objects`` SQLAlchemy's weak references to them: an id alone may be that of another object by now.
    ``related`` are the relationships that were read, and the tokens stand for the objects behind them, as they were.
    """

    __slots__ = ("errors", "extension", "keys", "null", "objects", "places", "predictions", "related", "tokens")

    def __init__(
        self,
        extension: Extension,
        rows: Sequence[object],
        predictions: Predictions,
        errors: Mapping[int, PrisMLError],
        *,
        null: bool,
        related: Sequence[str],
    ) -> None:
        self.extension = extension
        self.predictions = predictions
        self.errors = errors
        self.null = null
        self.keys = list(map(id, rows))
        self.places = dict(zip(self.keys, range(len(rows)), strict=True))
        self.objects: list[ref[object]] = list(map(_weakly, map(instance_state, rows)))
        self.related = related
        self.tokens = [tuple(_tokens(row, related)) for row in rows] if related else None

    def error(self, place: int) -> PrisMLError | None:
        """Why there is no prediction."""
        return self.errors.get(place)

    def prediction(self, place: int) -> Prediction:
        """The prediction; raises the object's error unless that is to be null."""
        if self.errors and not self.null and place in self.errors:
            # A copy: an error that was raised holds its frames, and with them the objects.
            raise copy.copy(self.errors[place])
        return self.predictions[place]


Attached = tuple[Batch, int]
"""A batch, and the place of an object in it: nothing is made for each object before it is asked for."""


class _Kept:
    """The newest batch of each object, by the object's id."""

    def __init__(self) -> None:
        self.newest: dict[int, Batch] = {}
        self._batches: list[Batch] = []
        self._added = 0
        self._limit = _MANY

    def put(self, batch: Batch) -> None:
        self.newest.update(dict.fromkeys(batch.keys, batch))
        self._batches.append(batch)
        self._added += len(batch.keys)
        if self._added > self._limit:
            self.sweep()

    def sweep(self) -> None:
        """Forget the objects that live no more; in proportion to the living, so that an object costs the same however many there are."""
        newest, batches = self.newest, self._batches
        self._batches, self._added = [], 0
        for batch in batches:
            dead = [key for key, reference in zip(batch.keys, batch.objects, strict=True) if reference() is None]
            for key in dead:
                # The id may be that of a new object by now.
                if newest.get(key) is batch:
                    newest.pop(key, None)
            if any(newest.get(key) is batch for key in batch.keys):
                self._batches.append(batch)
        self._limit = len(newest) + _MANY


_kept: dict[int, _Kept] = {}


def make_place(definition: ModelDefinition[Any]) -> None:
    """Let predictions of ``definition`` be kept, as long as it lives."""
    if id(definition) not in _kept:
        _kept[id(definition)] = _Kept()
        finalize(definition, _kept.pop, id(definition)).atexit = False


def put(definition: ModelDefinition[Any], batch: Batch) -> None:
    """Keep ``batch`` as what ``definition`` predicts for its objects."""
    _kept[id(definition)].put(batch)


def get(row: object, definition: ModelDefinition[Any]) -> Attached | None:
    """What is attached to ``row``, unless a related object has changed since."""
    kept, key = _kept.get(id(definition)), id(row)
    batch = None if kept is None else kept.newest.get(key)
    if batch is None:
        return None
    place = batch.places[key]
    if batch.objects[place]() is not row or (batch.tokens is not None and batch.tokens[place] != tuple(_tokens(row, batch.related))):
        return None
    return batch, place


def extensions(row: object) -> list[Extension]:
    """The extensions whose predictions are attached to ``row``, out of date or not."""
    key, found = id(row), []
    for kept in list(_kept.values()):
        batch = kept.newest.get(key)
        if batch is not None and batch.objects[batch.places[key]]() is row:
            found.append(batch.extension)
    return found


def drop(state: State) -> None:
    """Forget what was predicted for the object."""
    key = id(state.obj())
    for kept in list(_kept.values()):
        kept.newest.pop(key, None)


def sweep() -> None:
    """Forget all objects that live no more, and the extensions that only their predictions led to."""
    for kept in list(_kept.values()):
        kept.sweep()


def renew(state: State) -> None:
    """Make what was predicted from the object, for others, out of date."""
    state.info.pop(_TOKEN, None)


def leave_out(state_dict: dict[str, Any]) -> None:
    """Take what stands for the object's values out of the state that is about to be pickled."""
    info = {key: value for key, value in state_dict.get("info", {}).items() if key != _TOKEN}
    state_dict.pop("info", None)
    if info:
        state_dict["info"] = info


def _tokens(row: object, related: Iterable[str]) -> Iterator[object]:
    """What stands for each of the related objects, as it is now; None where there is none."""
    for relationship in related:
        target = row.__dict__.get(relationship)
        if target is None:
            yield None
        elif hasattr(target, "_sa_adapter"):
            yield tuple(map(_token, collection_adapter(target)))
        else:
            yield _token(target)


def _token(target: object) -> object:
    return instance_state(target).info.setdefault(_TOKEN, object())
