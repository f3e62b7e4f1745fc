"""The search for an algorithm: from extracted rows to a definition that names what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from prisml.definition.algorithms import ALGORITHMS
from prisml.definition.budget import DEFAULT_SECONDS
from prisml.definition.model import ModelDefinition
from prisml.errors import NoDataError, TrainingError
from prisml.extraction.stream import Extracted
from prisml.manifest import Search
from prisml.progress import Progress, silent
from prisml.training.parts import Data, Part, divide
from prisml.training.search.candidates import algorithms_for, inputs_for, settled, waves_of
from prisml.training.search.halving import Halving
from prisml.training.search.scores import metric_of
from prisml.training.search.tried import Tried

VALIDATION_SIZE = 0.2
"""The share of the training part that candidates are judged on."""


@dataclass(frozen=True, eq=False)
class Found:
    """The definition as if the winner had been named in it, all that was tried in the order of trying, and what the manifest keeps."""

    definition: ModelDefinition[Any]
    tried: tuple[Tried, ...]
    record: Search

    def adapted(self, data: Data) -> Data:
        """``data``, its missing numbers filled where the winner cannot take them."""
        return replace(data, inputs=inputs_for(str(self.definition.algorithm), data.inputs))


def search(
    definition: ModelDefinition[Any],
    extracted: Extracted,
    *,
    seconds: float | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """What is found for a definition with ``algorithm="auto"``, in its time budget, or in ``seconds``.

    A fifth of the training part, set aside by the split's own rule, judges the candidates; the hold-out is not looked at. No fit is
    begun once the time is over, nor one that would not end in time as it seems; two are tried at any rate. The same candidates tried
    give the same winner. ``NoDataError`` where no such fifth can be set aside, ``TrainingError`` where no candidate can be fitted.
    """
    data, validation = _divided(definition, extracted)
    algorithms = algorithms_for(definition)
    _import(algorithms)
    waves = waves_of(algorithms, definition.seed)
    allowed = seconds or definition.time_budget or DEFAULT_SECONDS
    halving = Halving(definition, data, validation, progress, clock() + allowed, sum(map(len, waves)), clock)
    progress("search", 0, halving.total)
    for wave in waves:
        halving.run(wave)
    if not halving.scored:
        raise _nothing(definition.name, halving.tried)
    winner = halving.winner()
    record = Search(
        candidates=sum(each.rung == 0 and each.score is not None for each in halving.tried),
        rungs=halving.sizes,
        metric=metric_of(definition.task),
        validation_rows=len(validation),
    )
    return Found(settled(definition, winner), tuple(halving.tried), record)


def _import(algorithms: Sequence[str]) -> None:
    """Have what fits loaded, so that no candidate's time is that of an import."""
    for module in {ALGORITHMS[name].module for name in algorithms} | {"sklearn.compose", "sklearn.impute", "sklearn.pipeline"}:
        import_module(module)


def _divided(definition: ModelDefinition[Any], extracted: Extracted) -> tuple[Data, Part]:
    try:
        data = divide(definition, extracted, validation_size=VALIDATION_SIZE)
    except NoDataError as error:
        hint = "Name an algorithm, which needs no part to be chosen by; or add rows, or divide them otherwise."
        message = f'{error} This was found where algorithm="auto" sets a fifth of the training part aside.'
        raise NoDataError(message, error.context, [hint]) from error
    if data.validation is None:  # pragma: no cover -- It is what was asked for.
        raise AssertionError
    return data, data.validation


def _nothing(model: str, tried: list[Tried]) -> TrainingError:
    reasons = ", ".join(f"{each.algorithm} ({each.reason})" for each in tried if not each.parameters)
    return TrainingError(
        f"Model {model!r}: none of the algorithms that were tried can be fitted: {reasons}.",
        {"model": model},
        ["Name one of them as algorithm=, to see what it says."],
    )
