"""An estimator as the steps before it and itself; of one that is no Pipeline there are none before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def steps_of(estimator: Any) -> list[Any]:
    """The steps of a Pipeline before its last."""
    return [step for _, step in estimator.steps[:-1]] if is_pipeline(estimator) else []


def final_of(estimator: Any) -> Any:
    """The estimator itself, or the last step of a Pipeline."""
    return estimator.steps[-1][1] if is_pipeline(estimator) else estimator


def is_pipeline(estimator: Any) -> bool:
    """Whether it is scikit-learn's Pipeline."""
    return type(estimator).__name__ == "Pipeline" and hasattr(estimator, "steps")


def to_float32(table: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The numbers as trees compare them: the step that is put before trees at the end of a Pipeline."""
    return table.astype(np.float32)
