"""Predictions at the objects they are of: kept in the state that SQLAlchemy has of each object, never in the object.

``InstanceState.info`` is SQLAlchemy's place for what others know of an object: writing to it marks nothing as changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import instance_state

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.serving.prediction import Prediction, Predictions

if TYPE_CHECKING:
    from prisml.orm.extension import Extension

State = InstanceState[Any]

_PREDICTED = "prisml.predicted"
_TOKEN = "prisml.token"  # noqa: S105 -- No secret: an object that stands for the values as they are.


@dataclass(frozen=True, slots=True)
class Attached:
    """One row of a batch of predictions, or why it has none.

    ``tokens`` stand for the related objects that were read, as they were: another one means that the prediction is out of date.
    """

    extension: Extension
    batch: Predictions
    row: int
    error: PrisMLError | None
    null: bool
    tokens: tuple[object, ...]

    @property
    def prediction(self) -> Prediction:
        """The prediction; raises the object's error unless that is to be null."""
        if self.error is not None and not self.null:
            # A copy: an error that was raised holds its frames, and with them the objects.
            raise copy.copy(self.error)
        return self.batch[self.row]


def put(row: object, definition: ModelDefinition[Any], attached: Attached) -> None:
    """Keep ``attached`` as what ``definition`` predicts for ``row``."""
    instance_state(row).info.setdefault(_PREDICTED, {})[definition] = attached


def get(row: object, definition: ModelDefinition[Any], related: Iterable[str]) -> Attached | None:
    """What is attached to ``row``, unless a related object has changed since."""
    found: Attached | None = instance_state(row).info.get(_PREDICTED, {}).get(definition)
    if found is not None and found.tokens and found.tokens != tuple(tokens(row, related)):
        return None
    return found


def extensions(row: object) -> list[Extension]:
    """The extensions whose predictions are attached to ``row``."""
    return [attached.extension for attached in instance_state(row).info.get(_PREDICTED, {}).values()]


def tokens(row: object, related: Iterable[str]) -> Iterator[object]:
    """What stands for each of the related objects, as it is now; None where there is none."""
    for relationship in related:
        target = row.__dict__.get(relationship)
        yield None if target is None else instance_state(target).info.setdefault(_TOKEN, object())


def drop(state: State) -> None:
    """Forget what was predicted for the object, and make what was predicted from it out of date."""
    state.info.pop(_PREDICTED, None)
    state.info.pop(_TOKEN, None)


def leave_out(state_dict: dict[str, Any]) -> None:
    """Take what was attached out of the state that is about to be pickled."""
    info = {key: value for key, value in state_dict.get("info", {}).items() if key not in (_PREDICTED, _TOKEN)}
    state_dict.pop("info", None)
    if info:
        state_dict["info"] = info
