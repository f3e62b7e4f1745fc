"""How good a candidate is on the validation rows, and whether another is as good.

What is compared are losses of rows: for classes the log loss, for numbers the squared error. The log loss judges probabilities, which are
what a field holds; a ranking such as ROC AUC would not see that they are all too high. Both are means over rows, so that the
standard error of a difference between two candidates comes from the rows themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Task
from prisml.training.search.spaces import SPACES, Simplicity

_MOST_APART = 0.02
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Scored:
    """A candidate's place in the order of trying, how simple it is, and its loss on each validation row."""

    order: int
    simplicity: tuple[int, float]
    losses: NDArray[np.float64]

    @property
    def loss(self) -> float:
        """The mean over the rows."""
        return float(self.losses.mean())


def metric_of(task: Task) -> str:
    """The metric that candidates are judged by."""
    return "rmse" if task == "regression" else "log_loss"


def losses_of(predicted: NDArray[np.float64], truth: NDArray[np.generic], *, task: Task) -> NDArray[np.float64]:
    """The loss of each row; ``predicted`` are numbers, or a probability for each class."""
    if task == "regression":
        return np.asarray((predicted - truth.astype(np.float64)) ** 2)
    given = predicted[np.arange(len(truth)), truth.astype(np.intp)]
    return np.asarray(-np.log(np.clip(given, _SMALLEST, 1 - _SMALLEST)))


def score_of(losses: NDArray[np.float64], *, task: Task) -> float:
    """The metric, of these losses."""
    mean = float(losses.mean())
    return mean**0.5 if task == "regression" else mean


def simplicity_of(algorithm: str, estimator: Any, rows: int) -> tuple[int, float]:
    """What orders models from the simplest: the kind, then the most leaves that its parameters allow on so many rows."""
    kind = SPACES[algorithm].simplicity
    if kind in {Simplicity.LINEAR, Simplicity.NETWORK}:
        return kind, 0.0
    params = estimator.get_params(deep=False)
    trees = 1 if kind == Simplicity.TREE else params.get("n_estimators") or params.get("max_iter") or 100
    depth, leaves = params.get("max_depth"), params.get("max_leaf_nodes") or params.get("num_leaves")
    smallest = params.get("min_samples_leaf") or params.get("min_child_samples") or 1
    bounds = [rows if smallest < 1 else rows / smallest]
    bounds += [2.0**depth] if depth is not None and 0 < depth < 64 else []
    bounds += [leaves] if leaves is not None else []
    return kind, float(trees * min(bounds))


def choose(scored: Sequence[Scored]) -> Scored:
    """The simplest of those that are within one standard error of the best and 2 % of its loss, equally simple ones by loss.

    The error is that of the mean difference between the two, row by row (Breiman et al. 1984 take one standard error for trees). Where a
    few rows are most of the loss it is wide enough for any model: hence the share.
    """
    best = min(scored, key=lambda each: (each.loss, each.order))
    return min((each for each in scored if _ties(each, best)), key=lambda each: (*each.simplicity, each.loss, each.order))


def _ties(one: Scored, best: Scored) -> bool:
    apart = one.losses - best.losses
    return bool(apart.mean() <= min(apart.std(ddof=1) / len(apart) ** 0.5, _MOST_APART * abs(best.losses.mean())))
