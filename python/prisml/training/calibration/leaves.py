"""Trees that were grown on weighted rows, whose leaves say how the rows themselves are divided."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray


def has_shares(estimator: Any) -> bool:
    """Whether the estimator is a tree, or a mean of trees, whose leaves are shares of classes."""
    return all(hasattr(member, "tree_") and hasattr(member, "predict_proba") for member in _members(estimator))


def unweighted(estimator: Any, table: NDArray[Any], target: NDArray[np.intp], *, classes: int) -> Any:
    """A copy in whose leaves stands each class's share of the rows of ``table`` that fall into it, none counting more than another.

    For a tree that was grown on all of ``table`` that is the weighted share, divided by the weights and brought to a sum of 1 again. A
    forest's trees were grown on samples, in which a rare class is purer than it is: only the shares of all rows have their base rate.
    """
    copied = deepcopy(estimator)
    for member in _members(copied):
        leaves = member.apply(table)
        counts = np.zeros((member.tree_.node_count, classes))
        np.add.at(counts, (leaves, target), 1.0)
        reached = counts.sum(axis=1) > 0
        member.tree_.value[reached, 0, :] = counts[reached] / counts[reached].sum(axis=1, keepdims=True)
    return copied


def _members(estimator: Any) -> list[Any]:
    members = getattr(estimator, "estimators_", None)
    # A Pipeline is a sequence, which NumPy would take apart.
    return [estimator] if members is None else list(np.ravel(members))
