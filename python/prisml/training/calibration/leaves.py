"""Trees that were grown on weighted rows, with the shares of classes that their leaves would have without weights."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np


def has_shares(estimator: Any) -> bool:
    """Whether the estimator is a tree, or a mean of trees, whose leaves are shares of classes."""
    return all(hasattr(member, "tree_") and hasattr(member, "predict_proba") for member in _members(estimator))


def unweighted(estimator: Any, weights: tuple[float, ...]) -> Any:
    """A copy in whose leaves each class's share is divided by its weight, and brought to a sum of 1 again: the share of rows.

    Done to the mean of many trees instead, it would not give the mean of those shares.
    """
    copied = deepcopy(estimator)
    for member in _members(copied):
        shares = member.tree_.value / np.asarray(weights)
        member.tree_.value[:] = shares / shares.sum(axis=2, keepdims=True)
    return copied


def _members(estimator: Any) -> list[Any]:
    return list(np.ravel(getattr(estimator, "estimators_", [estimator])))
