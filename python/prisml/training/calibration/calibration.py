"""The way from a model's score to the probability that is served, as scikit-learn computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Method = Literal["prior", "sigmoid", "isotonic"]
Of = Literal["decision", "probability"]
"""What a score is: what ``decision_function`` gives, or else ``predict_proba``."""

ULPS = 8.0
"""So many float32 ulps a graph may be from scikit-learn's score."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is done to scores of shape (n, 1), of the positive class, or (n, classes).

    ``weights`` are those of the classes in fitting; of ``"prior"`` they are what probabilities are divided by. ``calibrators`` are
    scikit-learn's own objects, one for each column of the scores. ``rows`` were the base of it.
    """

    method: Method
    of: Of
    weights: tuple[float, ...]
    calibrators: tuple[Any, ...]
    rows: int

    @property
    def shifts(self) -> Floats:
        """What the way back from the weights adds to each class's logarithm."""
        return np.log(1.0 / np.asarray(self.weights, dtype=np.float64))

    def probabilities(self, scores: Floats) -> Floats:
        """Each class's probability, of shape (n, classes)."""
        if self.method == "prior":
            return self._unweighted(scores)
        each = self._calibrated(scores)
        if each.shape[1] == 1:
            return np.concatenate((1.0 - each, each), axis=1)
        # As CalibratedClassifierCV has it: where no class is possible, all are.
        sums = each.sum(axis=1, keepdims=True)
        return np.divide(each, sums, out=np.full_like(each, 1 / each.shape[1]), where=sums != 0)

    def slack(self, scores: Floats, ulps: float = ULPS) -> Floats:
        """How far each class's probability moves at most, of shape (n, classes), where scores are off by so many float32 ulps.

        Of a decision between -1 and 1 by those of 1: it is a sum of larger numbers.
        """
        least = 1.0 if self.of == "decision" else 0.0
        apart = ulps * np.spacing(np.maximum(np.abs(scores), least).astype(np.float32)).astype(np.float64)
        low, high = scores - apart, scores + apart
        if self.of == "probability":
            low, high = np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
        here, total = self.probabilities(scores), 0.0
        for place in range(scores.shape[1]):
            # Each score alone: what all have in common may move nothing.
            ways = [np.where(np.arange(scores.shape[1]) == place, end, scores) for end in (low, high)]
            total = total + np.max([np.abs(self.probabilities(way) - here) for way in ways], axis=0)
        return np.asarray(total, dtype=np.float64)

    def _unweighted(self, scores: Floats) -> Floats:
        """Each class's probability divided by its weight, and brought to a sum of 1 again."""
        if self.of == "decision":
            both = np.concatenate((np.zeros_like(scores), scores), axis=1) if scores.shape[1] == 1 else scores
            logarithms = both + self.shifts
            divided = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
            return np.asarray(divided / divided.sum(axis=1, keepdims=True), dtype=np.float64)
        shares = np.concatenate((1.0 - scores, scores), axis=1) if scores.shape[1] == 1 else scores
        divided = shares / np.asarray(self.weights)
        return np.asarray(divided / divided.sum(axis=1, keepdims=True), dtype=np.float64)

    def _calibrated(self, scores: Floats) -> Floats:
        columns = [calibrator.predict(scores[:, place]) for place, calibrator in enumerate(self.calibrators)]
        return np.column_stack(columns).astype(np.float64, copy=False)
