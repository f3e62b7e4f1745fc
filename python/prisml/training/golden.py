"""Golden rows: made-up rows that show a later engine, on another machine, whether it answers as the version did when it was proved.

They stand in the manifest, where everybody who has the model can read them. So they hold nothing of the rows that were trained on but
what the version tells anyway: categories, which stand in the manifest, and numbers that follow from the graph alone, beside the
thresholds of its trees or within a few steps of where its score is zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input
from prisml.training.edges import FAR, Cell, Scalar, category_cells, number_cell
from prisml.training.export.dense.weights import Weights

ROWS = 16
_STEPS = (-3.0, -1.0, 0.0, 1.0, 3.0)
_MOST_THRESHOLDS = 5
_NONE = np.zeros(0)
# Beyond this a weight moves nothing within float32's range.
_LEAST_WEIGHT = 1e-12


def golden_rows(
    inputs: Sequence[Input], made_of: Mapping[int, NDArray[np.float64]] | Weights, *, seed: int
) -> tuple[dict[str, Scalar], ...]:
    """16 rows with every feature under its own name: all missing, the extremes, and mixtures of what each feature may be.

    ``made_of`` is what the graph consists of: the float32 that its trees compare each column with, or the weights of a linear model.
    Equal models give equal rows.
    """
    random = np.random.default_rng(seed)
    numbers = [place for place, item in enumerate(inputs) if item.categories is None and item.dtype != "bool"]
    cells = [_cells(item, made_of, place, numbers) for place, item in enumerate(inputs)]
    names = [item.name for item in inputs]
    # Missing; unseen or the lowest; the highest; in the middle.
    places = (lambda _: 0, lambda count: min(1, count - 1), lambda count: count - 1, lambda count: count // 2)
    whole = [[each[place(len(each))] for each in cells] for place in places]
    mixed = [[each[random.integers(len(each))] for each in cells] for _ in range(ROWS - len(whole))]
    return tuple(dict(zip(names, (value for value, _ in row), strict=True)) for row in (*whole, *mixed))


def _cells(item: Input, made_of: Mapping[int, NDArray[np.float64]] | Weights, place: int, numbers: Sequence[int]) -> list[Cell]:
    """What the feature may be: first missing, where it may be that; then in order, the extremes at the end."""
    if item.categories is not None:
        return list(category_cells(item))
    missing: list[Cell] = [] if item.missing == "error" else [(None, float("nan"))]
    if item.dtype == "bool":
        return [*missing, (False, 0.0), (True, 1.0)]
    found = _around_zero(made_of, place, numbers) if isinstance(made_of, Weights) else _around_thresholds(made_of.get(place, _NONE))
    return [*missing, *(number_cell(item, number) for number in found)]


def _around_zero(weights: Weights, place: int, numbers: Sequence[int]) -> list[float]:
    """Steps that move the score by one and by three, from where ``numbers``, each with an equal part, make up for the bias."""
    several = weights.numbers.shape[1] > 1
    slopes = weights.numbers[:, -1] - (weights.numbers[:, 0] if several else 0.0)
    bias = float(weights.bias[-1] - (weights.bias[0] if several else 0.0))
    slope = float(slopes[place])
    if abs(slope) < _LEAST_WEIGHT:
        return [-1.0, 0.0, 1.0]
    part = -bias / sum(abs(slopes[each]) >= _LEAST_WEIGHT for each in numbers)
    return [(part + step) / slope for step in _STEPS]


def _around_thresholds(thresholds: NDArray[np.float64]) -> list[float]:
    """Some of the thresholds, evenly among them, the float32 on either side of each, and far from all of them."""
    finite = np.unique(thresholds[np.isfinite(thresholds) & (np.abs(thresholds) < FAR)])
    if len(finite) > _MOST_THRESHOLDS:
        finite = finite[np.linspace(0, len(finite) - 1, _MOST_THRESHOLDS).astype(np.intp)]
    at = finite.astype(np.float32)
    beside = [np.nextafter(at, np.float32(-np.inf)), at, np.nextafter(at, np.float32(np.inf))]
    return [-FAR, *np.sort(np.concatenate(beside)).astype(np.float64).tolist(), FAR]
