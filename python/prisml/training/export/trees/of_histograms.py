"""The trees of scikit-learn's histogram gradient boosting, which may ask for categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.trees.forest import Forest, Link, Tree
from prisml.training.export.trees.thresholds import float32_below
from prisml.training.pipeline import FittedPipeline


def read_histograms(fitted: FittedPipeline) -> Forest:
    """The trees of all stages, in the order in which they are added."""
    estimator = fitted.estimator
    order, places = _columns(estimator, len(fitted.columns))
    counts = [column.codes for column in fitted.columns]
    # scikit-learn shows the trees of this kind nowhere else.
    stages = [(target, tree) for stage in estimator._predictors for target, tree in enumerate(stage)]  # noqa: SLF001
    trees = tuple(_tree(tree, target, order, places, counts) for target, tree in stages)
    base = np.ravel(estimator._baseline_prediction).astype(np.float64)  # noqa: SLF001
    return Forest(trees, base, _link(fitted))


def _link(fitted: FittedPipeline) -> Link:
    if fitted.task == "regression":
        return "exp" if fitted.estimator.loss in ("poisson", "gamma") else "none"
    return "logistic" if fitted.task == "binary" else "softmax"


def _columns(estimator: Any, width: int) -> tuple[NDArray[np.intp], dict[int, NDArray[np.intp]]]:
    """Which column each feature of the trees is, and for categories the codes that were seen: the trees count these, in their order."""
    if estimator.is_categorical_ is None:
        return np.arange(width, dtype=np.intp), {}
    # Categories come first in its own table.
    order = np.concatenate((np.flatnonzero(estimator.is_categorical_), np.flatnonzero(~estimator.is_categorical_)))
    seen = estimator._preprocessor.named_transformers_["encoder"].categories_  # noqa: SLF001
    return order, {int(place): codes.astype(np.intp) for place, codes in zip(order, seen, strict=False)}


def _tree(tree: Any, target: int, order: NDArray[np.intp], seen: dict[int, NDArray[np.intp]], counts: list[int]) -> Tree:
    nodes = tree.nodes
    inner = nodes["is_leaf"] == 0
    feature = order[np.where(inner, nodes["feature_idx"], 0).astype(np.intp)]
    members = {
        int(place): _members(tree.raw_left_cat_bitsets[nodes["bitset_idx"][place]], seen[column], counts[column], bool(nan_left))
        for place in np.flatnonzero(inner & (nodes["is_categorical"] != 0))
        for column, nan_left in ((int(feature[place]), nodes["missing_go_to_left"][place]),)
    }
    return Tree(
        feature=feature,
        threshold=float32_below(nodes["num_threshold"].astype(np.float64)),
        left=np.where(inner, nodes["left"].astype(np.intp), -1),
        right=np.where(inner, nodes["right"].astype(np.intp), -1),
        nan_left=nodes["missing_go_to_left"].astype(np.bool_),
        weights=nodes["value"].astype(np.float64)[:, None],
        target=target,
        members=members,
    )


def _members(bits: NDArray[np.uint32], seen: NDArray[np.intp], count: int, unseen_left: bool) -> frozenset[int]:
    """The codes that go left: those whose bit is set, and with missing ones those that fitting never saw."""
    places = np.arange(len(seen))
    chosen = seen[(bits[places // 32] >> (places % 32)) & 1 == 1]
    unseen = np.setdiff1d(np.arange(count), seen) if unseen_left else np.zeros(0, dtype=np.intp)
    return frozenset(chosen.tolist()) | frozenset(unseen.tolist())
