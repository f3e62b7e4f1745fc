"""The baselines of scikit-learn: one answer for every row."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.writer import Writer


def write_dummy(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """DummyClassifier and DummyRegressor, whose answer is asked of the estimator itself."""
    row = np.zeros((1, columns.width))
    answer = estimator.predict(row) if task == "regression" else estimator.predict_proba(row)[0]
    return columns.then(np.zeros((columns.width, len(answer))), answer).table(writer)
