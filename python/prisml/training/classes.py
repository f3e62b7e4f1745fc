"""The classes of a label in their stored order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prisml.errors import DefinitionError, NoDataError
from prisml.manifest import ClassLabel, Task


def order_classes(
    labels: NDArray[np.float64] | NDArray[np.int32],
    label_values: tuple[ClassLabel, ...],
    positive: ClassLabel | None,
    *,
    task: Task,
    model: str,
) -> tuple[tuple[ClassLabel, ...], NDArray[np.generic]]:
    """The classes, and each row's code into them: (negative, positive) for two, by value for several; none for a regression.

    ``labels`` are codes into ``label_values``, or numbers. ``NoDataError`` where there are fewer than two classes.
    """
    if task == "regression":
        return (), labels
    if len(label_values) < 2:
        raise NoDataError(
            f"Model {model!r}: all {len(labels):,} rows have one class.",
            {"model": model, "rows": len(labels)},
            ["Check label= and where=: the rows need two classes at least."],
        )
    classes: tuple[ClassLabel, ...] = tuple(sorted(label_values))
    if task == "binary":
        classes = _two(label_values, positive, model)
    code_of = np.array([classes.index(value) for value in label_values], dtype=np.intp)
    return classes, code_of[labels.astype(np.intp)]


def _two(label_values: tuple[ClassLabel, ...], positive: ClassLabel | None, model: str) -> tuple[ClassLabel, ...]:
    negatives = tuple(value for value in label_values if value != positive)
    if len(label_values) > 2:
        raise DefinitionError(
            f"Model {model!r}: the label has {len(label_values)} values, and the task is binary.",
            {"model": model, "values": len(label_values)},
            ['Leave the others out with where=, give a label that is a comparison, or write task="multiclass".'],
        )
    if len(negatives) != 1 or positive is None:
        raise NoDataError(
            f"Model {model!r}: no row has the positive class.", {"model": model}, ["Check positive=, label= and where=: both must occur."]
        )
    return (*negatives, positive)
