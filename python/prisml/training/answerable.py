"""Edge rows that scikit-learn has an answer for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prisml.training.edges import EdgeRows
from prisml.training.pipeline import FittedPipeline

_LARGEST = float(np.finfo(np.float32).max)


def answerable(edges: EdgeRows, fitted: FittedPipeline) -> EdgeRows:
    """The rows whose answer is a number that a float32 holds.

    An exponential of a score far from all that was trained on may be none; in production such a row is an error of its own.
    """
    holds = has_answer(edges.matrix, fitted)
    return edges if holds.all() else EdgeRows(tuple(row for row, kept in zip(edges.rows, holds, strict=True) if kept), edges.matrix[holds])


def has_answer(matrix: NDArray[np.float32], fitted: FittedPipeline) -> NDArray[np.bool_]:
    """Of each row, whether scikit-learn's answer is a number that a float32 holds."""
    answers = fitted.predict(matrix).reshape(len(matrix), -1)
    return np.asarray((np.abs(answers) < _LARGEST).all(axis=1))
