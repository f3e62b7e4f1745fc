"""scikit-learn's own trees: single, in forests, and boosted one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.trees.forest import Forest, Link, Tree
from prisml.training.export.trees.thresholds import float32_below
from prisml.training.pipeline import FittedPipeline


def read_tree(fitted: FittedPipeline) -> Forest:
    """The one tree of a decision tree or an extra tree."""
    return _averaged([fitted.estimator], fitted)


def read_forest(fitted: FittedPipeline) -> Forest:
    """The trees of a random forest or of extra trees, each with its part of the mean."""
    return _averaged(list(fitted.estimator.estimators_), fitted)


def read_boosted(fitted: FittedPipeline) -> Forest:
    """The trees of gradient boosting, each with the learning rate in its leaves."""
    estimator = fitted.estimator
    # Exponential loss learns half of the log odds.
    scale = 2.0 if estimator.loss == "exponential" else 1.0
    stages = [(place, member) for stage in estimator.estimators_ for place, member in enumerate(stage)]
    trees = tuple(_tree(member.tree_, member.tree_.value[:, :, 0] * (estimator.learning_rate * scale), place) for place, member in stages)
    # scikit-learn shows where it begins nowhere else.
    base = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))[0]  # noqa: SLF001
    link: Link = "none" if fitted.task == "regression" else "logistic" if fitted.task == "binary" else "softmax"
    return Forest(trees, base.astype(np.float64) * scale, link)


def _averaged(members: list[Any], fitted: FittedPipeline) -> Forest:
    first = 1 if fitted.task == "binary" else 0
    trees = tuple(_tree(member.tree_, member.tree_.value[:, 0, first:] / len(members)) for member in members)
    return Forest(trees, np.zeros(trees[0].weights.shape[1]))


def _tree(tree: Any, weights: NDArray[np.float64], target: int = 0) -> Tree:
    return Tree(
        feature=tree.feature.astype(np.intp),
        threshold=float32_below(tree.threshold),
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        nan_left=tree.missing_go_to_left.astype(np.bool_),
        weights=weights,
        target=target,
    )
