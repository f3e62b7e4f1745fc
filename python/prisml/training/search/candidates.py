"""The candidates of a search in the order they are tried: what each is made of, before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any
from zlib import crc32

import numpy as np

from prisml.definition.algorithms import ALGORITHMS, Algorithm
from prisml.definition.model import ModelDefinition
from prisml.manifest import Input, Task
from prisml.training.search.spaces import SPACES, Space

WAVES = 4
PER_WAVE = 2


@dataclass(frozen=True)
class Candidate:
    """An algorithm by name with parameters for it; none: its defaults."""

    algorithm: str
    params: Mapping[str, object]


def waves_of(algorithms: Sequence[str], seed: int) -> list[list[Candidate]]:
    """The defaults of all, then waves of draws: ``PER_WAVE`` for each algorithm that has ranges.

    What is drawn for one algorithm does not depend on which others there are.
    """
    draws = {name: list(_draws(name, SPACES[name], seed)) for name in algorithms}
    drawn = [
        [
            each
            for number in range(wave * PER_WAVE, (wave + 1) * PER_WAVE)
            for name in algorithms
            for each in draws[name][number : number + 1]
        ]
        for wave in range(WAVES)
    ]
    return [[Candidate(name, {}) for name in algorithms], *(wave for wave in drawn if wave)]


def _draws(name: str, space: Space, seed: int) -> Iterator[Candidate]:
    seen: list[Mapping[str, object]] = [{}]
    for number in range(WAVES * PER_WAVE):
        random = np.random.default_rng([seed, crc32(name.encode()), number])
        params = {parameter: each.draw(random) for parameter, each in space.ranges.items()}
        if params not in seen:
            seen.append(params)
            yield Candidate(name, params)


def algorithms_for(definition: ModelDefinition[Any]) -> list[str]:
    """The names that can learn the definition's task here, the quickest first.

    Where a feature has ``missing="native"``, they are those that take missing numbers; where classes are weighted, those that weigh rows.
    """
    wants_nan = any(getattr(feature, "missing", None) == "native" for feature in definition.features.values())
    weighs = definition.class_weight is not None
    return [
        name
        for name in SPACES
        if _can(name, definition.task)
        and (ALGORITHMS[name].takes_nan or not wants_nan)
        and (not weighs or _weighs_rows(ALGORITHMS[name], definition.task))
    ]


def _weighs_rows(algorithm: Algorithm, task: Task) -> bool:
    known = getattr(import_module(algorithm.module), str(algorithm.class_name(task)))
    return "sample_weight" in signature(known.fit).parameters


def _can(name: str, task: Task) -> bool:
    known = ALGORITHMS.get(name)
    return known is not None and known.class_name(task) is not None and find_spec(known.module.partition(".")[0]) is not None


def inputs_for(algorithm: str, inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """The inputs as a definition with this algorithm by name has them: numbers without a rule of their own are filled where it must be."""
    if ALGORITHMS[algorithm].takes_nan:
        return inputs
    return tuple(
        item.model_copy(update={"imputation": "median"})
        if item.kind == "number" and item.missing == "nan" and item.imputation is None
        else item
        for item in inputs
    )


def settled(definition: ModelDefinition[Any], candidate: Candidate) -> ModelDefinition[Any]:
    """The definition as if the candidate had been named in it."""
    return replace(
        definition,
        algorithm=candidate.algorithm,
        params=candidate.params,
        inputs=inputs_for(candidate.algorithm, definition.inputs),
        given_name=definition.name,
    )
