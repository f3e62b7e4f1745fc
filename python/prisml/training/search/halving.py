"""Successive halving: many candidates on few rows, the best third of them on three times as many, until all rows are used.

K. Jamieson, A. Talwalkar: *Non-stochastic best arm identification and hyperparameter optimization*, AISTATS 2016. As in L. Li et al.:
*Hyperband*, JMLR 18 (2018), it is done more than once, so that what needs many rows to be good gets them: first with the defaults of
every algorithm, then with waves of draws.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.progress import Progress
from prisml.training.estimators import choose_estimator
from prisml.training.parts import Data, Part
from prisml.training.pipeline import Column, columns_of, fit_pipeline, learned_fills
from prisml.training.search.candidates import Candidate, inputs_for
from prisml.training.search.rungs import GROWTH, sizes, thinned
from prisml.training.search.scores import Scored, choose, losses_of, score_of, simplicity_of
from prisml.training.search.tried import NO_TIME, Tried

_ALWAYS = 2
"""So many defaults are tried however short the time is: the first ones are quick."""
_GO_ON = 2
"""At least so many candidates of a wave reach all rows: of one alone nobody could say that another is as good."""


@dataclass
class Halving:
    """A search under way: what was tried so far, and of each candidate the score where it got furthest."""

    definition: ModelDefinition[Any]
    data: Data
    validation: Part
    progress: Progress
    deadline: float
    total: int
    clock: Callable[[], float] = time.monotonic
    tried: list[Tried] = field(default_factory=list)
    scored: dict[int, tuple[Scored, Candidate]] = field(default_factory=dict)
    _done: int = 0
    _fitted: int = 0
    _rungs: list[Part] = field(default_factory=list)
    _pace: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        train, classes = self.data.train, len(self.data.classes)
        for rows in sizes(len(train)):
            taken = thinned(train.target, rows, classes=classes, seed=self.definition.seed)
            self._rungs.append(Part(train.rows[taken], train.matrix[taken], train.target[taken]))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The rows of each rung."""
        return tuple(map(len, self._rungs))

    def run(self, wave: Sequence[Candidate]) -> None:
        """Let the candidates of a wave compete; what time does not allow is noted as such."""
        left = [(candidate, self._pace.get(candidate.algorithm, 0.0) * len(self._rungs[0])) for candidate in wave]
        for rung in range(len(self._rungs)):
            scored: list[tuple[float, int, Candidate, float]] = []
            for candidate, seconds in left:
                found = self._try(candidate, rung, expected=seconds)
                if rung == 0:
                    self._done += 1
                    self.progress("search", self._done, self.total)
                if found is not None:
                    scored.append((found[0].loss, found[0].order, candidate, found[1]))
            best = sorted(scored, key=lambda each: each[:2])[: max(-(-len(scored) // GROWTH), _GO_ON)]
            left = [(candidate, seconds * GROWTH) for _, _, candidate, seconds in best]

    def winner(self) -> Candidate:
        """The candidate to take, marked among what was tried; there must be one with a score.

        One that was fitted on fewer rows competes with what it had there: more rows, which there was no time for, make few worse.
        """
        chosen = choose([scored for scored, _ in self.scored.values()])
        self.tried[chosen.order] = replace(self.tried[chosen.order], chosen=True)
        return next(candidate for scored, candidate in self.scored.values() if scored is chosen)

    def _try(self, candidate: Candidate, rung: int, *, expected: float) -> tuple[Scored, float] | None:
        """The candidate's score on a rung, and the seconds it took; None where there is none."""
        part, order, began = self._rungs[rung], len(self.tried), self.clock()
        note = Tried(candidate.algorithm, _shown(candidate), rung, len(part))
        if self._fitted >= _ALWAYS and began + expected >= self.deadline:
            self.tried.append(replace(note, reason=NO_TIME))
            return None
        self._fitted += 1
        try:
            scored = self._score(candidate, part, order)
        except _DroppedError as dropped:
            self.tried.append(replace(note, reason=str(dropped), seconds=self.clock() - began))
            return None
        seconds = self.clock() - began
        # The first of an algorithm are its defaults.
        self._pace.setdefault(candidate.algorithm, seconds / len(part))
        self.scored[id(candidate)] = scored, candidate
        self.tried.append(replace(note, score=score_of(scored.losses, task=self.definition.task), seconds=seconds))
        return scored, seconds

    def _score(self, candidate: Candidate, part: Part, order: int) -> Scored:
        definition, data = self.definition, self.data
        columns = _filled(columns_of(inputs_for(candidate.algorithm, data.inputs)), data.train)
        with warnings.catch_warnings():
            _refuse_half_fitted()
            try:
                choice = choose_estimator(
                    candidate.algorithm, params=candidate.params, task=definition.task, seed=definition.seed, model=definition.name
                )
                if "n_jobs" in choice.estimator.get_params(deep=False):
                    choice.estimator.set_params(n_jobs=1)
                fitted = fit_pipeline(
                    choice, columns, part.matrix, part.target, task=definition.task, classes=data.classes, model=definition.name
                )
                predicted = fitted.predict(self.validation.matrix)
            except PrisMLError as error:
                raise _DroppedError(f"it could not be fitted: {error.context.get('error', error.code)}") from error
            except (ValueError, ArithmeticError, MemoryError, Warning) as error:
                what = "it did not converge" if isinstance(error, Warning) else f"it could not be fitted: {type(error).__name__}"
                raise _DroppedError(what) from error
        losses = losses_of(predicted, self.validation.target, task=definition.task)
        if not np.isfinite(losses).all():
            raise _DroppedError("its predictions are not finite")
        return Scored(order, simplicity_of(candidate.algorithm, choice.estimator, len(part)), losses)


class _DroppedError(Exception):
    """Why a candidate has no score."""


def _filled(columns: Sequence[Column], train: Part) -> list[Column]:
    """The columns with what stands for NaN on all rows, since few may hold no value of a column."""
    fills = learned_fills(columns, train.matrix).tolist()
    return [column if column.fill is None else replace(column, fill=fill) for column, fill in zip(columns, fills, strict=True)]


def _refuse_half_fitted() -> None:
    from sklearn.exceptions import ConvergenceWarning

    warnings.simplefilter("ignore")
    warnings.simplefilter("error", ConvergenceWarning)


def _shown(candidate: Candidate) -> dict[str, Any]:
    """The parameters as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in candidate.params.items()}
