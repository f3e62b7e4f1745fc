"""Partial dependence: the mean prediction where every row has the same value of a feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input
from prisml.report import Dependence, Level
from prisml.training.report.importance import Predict
from prisml.training.report.levels import is_divided, levels_of

STRONGEST = 4
GRID = 20
MOST_LEVELS = 10
MOST_ROWS = 500
MOST_SERIES = 5
_ENDS = (0.01, 0.99)


def dependence(
    predict: Predict, matrix: NDArray[np.float32], train: NDArray[np.float32], place: int, item: Input, labels: Sequence[str]
) -> Dependence | None:
    """Over a grid of the training part's quantiles, or its most frequent categories; None where it has one value at most.

    ``labels`` are those of a multiclass model, of which the first few are shown.
    """
    column = train[:, place]
    if is_divided(item):
        levels, codes, shares = _levels(item, column)
        means = _means(predict, matrix, place, codes)
        at: NDArray[np.float64] = np.empty(0)
    else:
        levels = ()
        at = _grid(column[np.isfinite(column)])
        means = _means(predict, matrix, place, at)
        there = np.sort(column[np.isfinite(column)])
        shares = np.searchsorted(there, at, side="right") / max(len(there), 1)
    if len(means) < 2:
        return None
    series = means[:, None] if means.ndim == 1 else means[:, :MOST_SERIES]
    return Dependence(
        feature=item.name,
        at=tuple(at.tolist()),
        levels=levels,
        labels=tuple(labels[: series.shape[1]]) if means.ndim == 2 else (),
        predicted=tuple(map(tuple, series.T.tolist())),
        share=tuple(shares.tolist()),
    )


def _levels(item: Input, column: NDArray[np.float32]) -> tuple[tuple[Level, ...], NDArray[np.float64], NDArray[np.float64]]:
    levels = levels_of(item)
    shares = levels.shares(column)
    places = [int(place) for place in np.argsort(-shares, kind="stable")[:MOST_LEVELS] if shares[place] > 0]
    return tuple(levels.levels[place] for place in places), np.array([levels.codes[place] for place in places]), shares[places]


def _grid(values: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(values):
        return np.empty(0)
    distinct = np.unique(values)
    if len(distinct) <= GRID:
        return distinct.astype(np.float64)
    return np.unique(np.quantile(values.astype(np.float64), np.linspace(*_ENDS, GRID)))


def _means(predict: Predict, matrix: NDArray[np.float32], place: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    changed = np.tile(matrix, (len(values), 1))
    changed[:, place] = np.repeat(values.astype(np.float32), len(matrix))
    if not len(changed):
        return np.empty(0)
    predicted = predict(changed)
    means: NDArray[np.float64] = predicted.reshape(len(values), len(matrix), *predicted.shape[1:]).mean(axis=1)
    return means
