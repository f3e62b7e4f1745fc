"""Who takes part: a way to predict, what it starts from, and what its answer is. PrisML's own ways are here; the others' are not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.peer_data import Sample
from benches.peer_models import Model
from prisml import Engine

OURS = "prisml"
FORCED = ("avx2", "plain")


class NotForThis(Exception):  # noqa: N818
    """Why a peer takes no part with a model: no error."""


@dataclass(frozen=True, eq=False)
class Contender:
    """``call`` predicts for what ``ready`` makes of a sample, which takes no part in the time.

    ``own_model`` says that it is another model of the same shape, so that its answers are not compared.
    """

    name: str
    given: str
    ready: Callable[[Sample], Any]
    call: Callable[[Any], Any]
    answer: Callable[[Any], NDArray[Any]] = np.asarray
    own_model: bool = False
    most: int | None = None
    """The largest batch it is asked for."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others of a race."""
        return self.name, self.given


def prisml(model: Model, sample: Sample) -> list[Contender]:
    """PrisML's ways for ``sample``: from dicts, objects, the encoded matrix and Arrow, and with lower instruction sets."""
    engine = Engine.from_artifact(model.artifact)
    single = len(sample) == 1
    ways = [
        _rows(engine, "dict", lambda given: given.rows, single=single),
        _encoded(engine, OURS),
        *(_encoded(forced(model, PRISML_SIMD=level), f"{OURS}, {level}") for level in FORCED),
    ]
    if single:
        ways[1:1] = [
            _rows(engine, "object", lambda given: given.objects, single=True),
            _rows(engine, "slots", lambda given: given.slotted, single=True),
        ]
    elif takes_arrow(engine, sample):
        ways.append(Contender(OURS, "arrow", lambda given: given.arrow, engine.predict_many, _values))
    return ways


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """The environment with ``variables``, as long as a model is loaded."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def forced(model: Model, **variables: str) -> Engine:
    """The model's engine, loaded with these variables in the environment."""
    with environment(**variables):
        return Engine.from_artifact(model.artifact)


def takes_arrow(engine: Engine, sample: Sample) -> bool:
    """Whether the engine predicts for the sample as an Arrow table, and pyarrow is there."""
    try:
        engine.predict_many(sample.alone(0).arrow)
    except ImportError:
        return False
    return True


def _rows(engine: Engine, form: str, take: Callable[[Sample], list[Any]], *, single: bool) -> Contender:
    if single:
        return Contender(OURS, form, lambda sample: take(sample)[0], engine.predict, _value)
    return Contender(OURS, form, take, engine.predict_many, _values, most=100_000)


def _encoded(engine: Engine, name: str) -> Contender:
    return Contender(name, "array", lambda sample: sample.matrix, engine.predict_encoded, _values)


def _value(prediction: Any) -> NDArray[Any]:
    return np.array([prediction.value])


def _values(predictions: Any) -> NDArray[Any]:
    return np.asarray(predictions.values)
