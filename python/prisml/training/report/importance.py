"""Permutation importance: what the metric loses where one feature's values are shuffled among the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from prisml.definition.gates import LOWER_IS_BETTER
from prisml.manifest import Interval, Task
from prisml.report import Importance, Importances
from prisml.training.holdout import Floats, Holdout
from prisml.training.intervals import difference
from prisml.training.sliced import part_of

METRIC: dict[Task, str] = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
REPEATS = 3
MOST_ROWS = 5_000
FEWEST_ROWS = 200
MOST_PREDICTIONS = 300_000
"""So many rows are predicted in all; of many features each is measured on fewer rows."""
Predict = Callable[[NDArray[np.float32]], Floats]


@dataclass(frozen=True, eq=False)
class Measured:
    """The features by their place in the matrix, the most important first, each with its loss."""

    metric: str
    rows: int
    order: tuple[int, ...]
    losses: tuple[Interval, ...]

    def shown(self, names: Sequence[str], most: int) -> Importances:
        """The first ``most`` of them."""
        pairs = list(zip(self.order, self.losses, strict=True))[:most]
        features = tuple(Importance(feature=names[place], loss=loss) for place, loss in pairs)
        return Importances(metric=self.metric, rows=self.rows, repeats=REPEATS, features=features, left_out=len(self.order) - len(features))


def sample(rows: int, most: int, seed: int) -> NDArray[np.intp]:
    """At most ``most`` of the rows, in their order."""
    return np.arange(rows) if rows <= most else np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def measure(predict: Predict, matrix: NDArray[np.float32], holdout: Holdout, *, task: Task, seed: int) -> Measured | None:
    """The importance of every column; None where the hold-out does not define the metric.

    Each interval is that of the paired difference on the same rows, the mean over the repeats.
    """
    metric, columns = METRIC[task], matrix.shape[1]
    rows = sample(len(matrix), min(MOST_ROWS, max(FEWEST_ROWS, MOST_PREDICTIONS // (columns * REPEATS))), seed)
    encoded, base = matrix[rows].copy(), part_of(holdout, rows)
    random = np.random.default_rng(seed)
    losses = []
    for column in range(columns):
        kept = encoded[:, column].copy()
        found = []
        for _ in range(REPEATS):
            encoded[:, column] = random.permutation(kept)
            found.append(_loss(metric, replace(base, predicted=predict(encoded)), base))
        encoded[:, column] = kept
        losses.append(found)
    if any(each is None for found in losses for each in found):
        return None
    means = [_mean([each for each in found if each is not None]) for found in losses]
    order = sorted(range(columns), key=lambda column: (-means[column].value, column))
    return Measured(metric, len(rows), tuple(order), tuple(means[column] for column in order))


def _loss(metric: str, shuffled: Holdout, base: Holdout) -> Interval | None:
    new, old = (shuffled, base) if metric in LOWER_IS_BETTER else (base, shuffled)
    return difference(metric, new, old)


def _mean(of: Sequence[Interval]) -> Interval:
    low = fmean(each.value if each.low is None else each.low for each in of)
    high = fmean(each.value if each.high is None else each.high for each in of)
    return Interval(value=fmean(each.value for each in of), low=low, high=high)
