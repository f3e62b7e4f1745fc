"""The metric in each slice of the hold-out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input, Task
from prisml.report import Slice, Sliced, Slices
from prisml.training.holdout import Holdout
from prisml.training.intervals import interval
from prisml.training.report.levels import is_divided, levels_of
from prisml.training.sliced import part_of

METRIC: dict[Task, str] = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "mae"}
MOST_FEATURES = 8
MOST_SLICES = 8
FEWEST_ROWS = 30
"""Of fewer rows a metric says nothing."""


def slices(holdout: Holdout, matrix: NDArray[np.float32], inputs: Sequence[Input], order: Sequence[int], task: Task) -> Slices | None:
    """By the features that have categories, in the ``order`` given; None where there is none."""
    divided = [place for place in order if is_divided(inputs[place])]
    if not divided:
        return None
    features = tuple(_sliced(holdout, matrix[:, place], inputs[place], task) for place in divided[:MOST_FEATURES])
    return Slices(metric=METRIC[task], features=features, left_out=len(divided) - len(features))


def _sliced(holdout: Holdout, column: NDArray[np.float32], item: Input, task: Task) -> Sliced:
    levels = levels_of(item)
    codes = levels.of(column)
    counts = np.bincount(codes, minlength=len(levels.codes))[: len(levels.codes)]
    there = [int(place) for place in np.argsort(-counts, kind="stable") if counts[place]]
    made = []
    for place in there[:MOST_SLICES]:
        part = part_of(holdout, np.flatnonzero(codes == place))
        rows = len(part.truth)
        enough = rows >= FEWEST_ROWS
        means = (part.truth.mean(), part.predicted.mean()) if enough and task != "multiclass" else (None, None)
        actual, predicted = (None if mean is None else float(mean) for mean in means)
        metric = interval(METRIC[task], part) if enough else None
        made.append(Slice(level=levels.levels[place], rows=rows, metric=metric, actual=actual, predicted=predicted))
    return Sliced(feature=item.name, slices=tuple(made), left_out=len(there) - len(made))
