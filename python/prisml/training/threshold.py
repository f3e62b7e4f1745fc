"""The threshold that a rule chooses, from predictions for rows that were kept from fitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.threshold import Cost, Precision, Recall, Rule
from prisml.errors import NoDataError
from prisml.manifest import ThresholdRule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """A threshold, and what the manifest keeps of how it was chosen."""

    threshold: float
    record: ThresholdRule


@dataclass(frozen=True, eq=False)
class Cuts:
    """Every threshold that divides the rows differently, and the mistakes that each of them makes.

    Each lies midway between two neighbouring scores, as float32 has them, or between a score and 0 or 1: never on one, so that no label
    hangs on the last bit of its probability. ``gaps`` is how far it is from the nearest score.
    """

    thresholds: Floats
    gaps: Floats
    true_positives: Floats
    false_positives: Floats
    positives: int
    rows: int

    @classmethod
    def of(cls, truth: NDArray[np.generic], predicted: Floats) -> Cuts:
        """Those of P(positive) beside the codes of classes."""
        scores, place = np.unique(predicted.astype(np.float32), return_inverse=True)
        right = truth == 1
        # Of the rows at each score and above; a cut below the score calls all of them positive, the last one none.
        found = [np.append(np.bincount(place[of], minlength=len(scores))[::-1].cumsum()[::-1], 0) for of in (right, ~right)]
        ends = np.concatenate(([0.0], scores.astype(np.float64), [1.0]))
        # Of two neighbours the sum is exact in float64, and so is its half.
        middles = (ends[:-1] + ends[1:]) / 2
        possible = ends[:-1] < ends[1:]
        gaps = (ends[1:] - ends[:-1]) / 2
        return cls(
            thresholds=middles[possible],
            gaps=gaps[possible],
            true_positives=found[0][possible].astype(np.float64),
            false_positives=found[1][possible].astype(np.float64),
            positives=int(right.sum()),
            rows=len(truth),
        )

    @property
    def false_negatives(self) -> Floats:
        return self.positives - self.true_positives

    @property
    def precision(self) -> Floats:
        """0 where nothing is called positive."""
        called = self.true_positives + self.false_positives
        return np.divide(self.true_positives, called, out=np.zeros_like(called), where=called > 0)

    @property
    def recall(self) -> Floats:
        return self.true_positives / self.positives

    @property
    def f1(self) -> Floats:
        return 2 * self.true_positives / (self.true_positives + self.false_positives + self.positives)

    def best(self, worth: Floats, among: NDArray[np.bool_] | None = None) -> int:
        """The place of the highest ``worth``; of several the one farthest from any score."""
        allowed = np.ones(len(worth), dtype=np.bool_) if among is None else among
        highest = allowed & (worth == worth[allowed].max())
        return int(np.argmax(np.where(highest, self.gaps, -1.0)))


def choose_threshold(rule: Rule, truth: NDArray[np.generic], predicted: Floats, *, model: str) -> Chosen:
    """The threshold that ``rule`` asks for: ``predicted`` is P(positive), ``truth`` 1 where a row is positive.

    ``NoDataError`` where no threshold reaches the precision or recall that is asked for; it says the best that one reaches.
    """
    cuts = Cuts.of(truth, predicted)
    if isinstance(rule, Cost):
        costs = (rule.fp * cuts.false_positives + rule.fn * cuts.false_negatives) / cuts.rows
        return _chosen(cuts, cuts.best(-costs), costs, "cost", {"fp": float(rule.fp), "fn": float(rule.fn)})
    if isinstance(rule, Precision):
        return _reaching(cuts, cuts.precision, cuts.recall, rule, "precision", model)
    if isinstance(rule, Recall):
        return _reaching(cuts, cuts.recall, cuts.precision, rule, "recall", model)
    return _chosen(cuts, cuts.best(cuts.f1), cuts.f1, "f1", {})


def _reaching(cuts: Cuts, reached: Floats, worth: Floats, rule: Precision | Recall, name: Any, model: str) -> Chosen:
    enough = reached >= rule.least
    if not enough.any():
        most = float(reached.max())
        raise NoDataError(
            f"Model {model!r}: no threshold reaches a {name} of {rule.least:g} on the {cuts.rows:,} rows kept for choosing it; "
            f"the best is {most:.4g}.",
            {"model": model, "rule": name, "wanted": rule.least, "best": most, "rows": cuts.rows},
            [f"Ask for less: threshold={type(rule).__name__}({np.floor(most * 100) / 100:g}).", "Or improve the features or the data."],
        )
    return _chosen(cuts, cuts.best(worth, enough), reached, name, {"least": float(rule.least)})


def _chosen(cuts: Cuts, place: int, reached: Floats, name: Any, parameters: dict[str, float]) -> Chosen:
    record = ThresholdRule(rule=name, parameters=parameters, rows=cuts.rows, value=float(reached[place]))
    return Chosen(float(cuts.thresholds[place]), record)
