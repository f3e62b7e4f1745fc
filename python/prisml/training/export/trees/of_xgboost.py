"""XGBoost's trees, from the JSON in which it stores a model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.trees.forest import Forest, Link, Tree
from prisml.training.export.trees.thresholds import float32_under
from prisml.training.pipeline import FittedPipeline

_LINKS: dict[str, Link] = {
    "binary:logistic": "logistic",
    "multi:softprob": "softmax",
    "count:poisson": "exp",
    "reg:gamma": "exp",
    "reg:tweedie": "exp",
}


def read_xgboost(fitted: FittedPipeline) -> Forest:
    """The trees of a booster, and where it begins: the file has that before the link, as a probability or a number above 0."""
    learner = json.loads(bytes(fitted.estimator.get_booster().save_raw("json")))["learner"]
    model = learner["gradient_booster"]["model"]
    counts = [column.codes for column in fitted.columns]
    trees = tuple(_tree(tree, target, counts) for tree, target in zip(model["trees"], model["tree_info"], strict=True))
    link = _LINKS.get(learner["objective"]["name"], "none")
    base = _margin(_numbers(learner["learner_model_param"]["base_score"]), link)
    return Forest(trees, np.broadcast_to(base, (max(model["tree_info"], default=0) + 1,)), link)


def _numbers(text: str) -> NDArray[np.float64]:
    """One number, or since XGBoost 3.1 a list with one for each target; they are float32."""
    found = json.loads(text) if text.startswith("[") else [float(text)]
    return np.asarray(found, dtype=np.float32).astype(np.float64)


def _margin(base: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    if link == "logistic":
        return np.log(base) - np.log1p(-base)
    return np.log(base) if link == "exp" else base


def _tree(tree: dict[str, Any], target: int, counts: list[int]) -> Tree:
    left = np.asarray(tree["left_children"], dtype=np.intp)
    # Of a leaf this is its weight.
    values = np.asarray(tree["split_conditions"], dtype=np.float32)
    feature = np.where(left >= 0, np.asarray(tree["split_indices"], dtype=np.intp), 0)
    return Tree(
        feature=feature,
        threshold=float32_under(values),
        left=left,
        right=np.asarray(tree["right_children"], dtype=np.intp),
        nan_left=np.asarray(tree["default_left"], dtype=np.bool_),
        weights=values.astype(np.float64)[:, None],
        target=target,
        members=_members(tree, feature, counts),
    )


def _members(tree: dict[str, Any], feature: NDArray[np.intp], counts: list[int]) -> dict[int, frozenset[int]]:
    """The file says which codes go right: all others go left, also those that fitting never saw."""
    found = {}
    for node, first, size in zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True):
        right = frozenset(tree["categories"][first : first + size])
        found[int(node)] = frozenset(range(counts[int(feature[node])])) - right
    return found
