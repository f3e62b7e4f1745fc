"""Predictions at the objects they are of: kept in the state that SQLAlchemy has of each object, never in the object.

``InstanceState.info`` is SQLAlchemy's place for what others know of an object: writing to it marks nothing as changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import instance_state

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.serving.prediction import Prediction, Predictions

if TYPE_CHECKING:
    from prisml.orm.extension import Extension

State = InstanceState[Any]

_TOKEN = "prisml.token"  # noqa: S105 -- No secret: an object that stands for the values as they are.


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of an engine gave: its predictions, the errors by row, and whether those are to be null.

    ``related`` are the relationships that were read.
    """

    extension: Extension
    predictions: Predictions
    errors: Mapping[int, PrisMLError]
    null: bool
    related: tuple[str, ...]


class Attached(NamedTuple):
    """One row of a batch; many are made at once, so that it is no more than that.

    ``tokens`` stand for the related objects that were read, as they were: another one means that the prediction is out of date.
    """

    batch: Batch
    row: int
    tokens: tuple[object, ...]

    @property
    def error(self) -> PrisMLError | None:
        """Why there is no prediction."""
        return self.batch.errors.get(self.row)

    @property
    def prediction(self) -> Prediction:
        """The prediction; raises the object's error unless that is to be null."""
        if self.batch.errors and self.error is not None and not self.batch.null:
            # A copy: an error that was raised holds its frames, and with them the objects.
            raise copy.copy(self.error)
        return self.batch.predictions[self.row]


def put(row: object, definition: ModelDefinition[Any], batch: Batch, index: int) -> Attached:
    """Keep that row of ``batch`` as what ``definition`` predicts for ``row``."""
    attached = Attached(batch, index, tuple(tokens(row, batch.related)) if batch.related else ())
    instance_state(row).info[definition] = attached
    return attached


def get(row: object, definition: ModelDefinition[Any]) -> Attached | None:
    """What is attached to ``row``, unless a related object has changed since."""
    found: Attached | None = instance_state(row).info.get(definition)
    if found is not None and found.tokens and found.tokens != tuple(tokens(row, found.batch.related)):
        return None
    return found


def extensions(row: object) -> list[Extension]:
    """The extensions whose predictions are attached to ``row``."""
    return [value.batch.extension for value in instance_state(row).info.values() if isinstance(value, Attached)]


def tokens(row: object, related: Iterable[str]) -> Iterator[object]:
    """What stands for each of the related objects, as it is now; None where there is none."""
    for relationship in related:
        target = row.__dict__.get(relationship)
        yield None if target is None else instance_state(target).info.setdefault(_TOKEN, object())


def drop(state: State) -> None:
    """Forget what was predicted for the object, and make what was predicted from it out of date."""
    for key in [key for key in state.info if _is_ours(key)]:
        del state.info[key]


def leave_out(state_dict: dict[str, Any]) -> None:
    """Take what was attached out of the state that is about to be pickled."""
    info = {key: value for key, value in state_dict.get("info", {}).items() if not _is_ours(key)}
    state_dict.pop("info", None)
    if info:
        state_dict["info"] = info


def _is_ours(key: object) -> bool:
    return key == _TOKEN if isinstance(key, str) else isinstance(key, ModelDefinition)
