"""LightGBM's trees, from the model that it dumps."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.training.export.trees.forest import Forest, Link, Tree
from prisml.training.export.trees.thresholds import float32_below
from prisml.training.pipeline import FittedPipeline

_LINKS: dict[str, Link] = {
    "binary": "logistic",
    "cross_entropy": "logistic",
    "multiclass": "softmax",
    "poisson": "exp",
    "gamma": "exp",
    "tweedie": "exp",
}
# Nearer to zero than this LightGBM sees zero.
_ZERO = float(np.float32(1e-35))


def read_lightgbm(fitted: FittedPipeline) -> Forest:
    """The trees of a booster; where it begins stands in their leaves."""
    dump = fitted.estimator.booster_.dump_model()
    targets = dump["num_tree_per_iteration"]
    name, *options = dump["objective"].split(" ")
    slope = next((float(option.partition(":")[2]) for option in options if option.startswith("sigmoid:")), 1.0)
    scale = slope / (len(dump["tree_info"]) // targets if dump["average_output"] else 1)
    trees = tuple(_Walk(scale).tree(info["tree_structure"], info["tree_index"] % targets) for info in dump["tree_info"])
    return Forest(trees, np.zeros(targets), _LINKS.get(name, "none"))


class _Walk:
    """The nodes of one tree as they are met, each before those below it."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._nodes: list[tuple[int, float, bool, float]] = []
        self._children: list[tuple[int, int]] = []
        self._members: dict[int, frozenset[int]] = {}

    def tree(self, root: dict[str, Any], target: int) -> Tree:
        """The tree whose root is given."""
        waiting = [(root, -1, 0)]
        while waiting:
            node, parent, side = waiting.pop()
            place = len(self._nodes)
            if parent >= 0:
                children = self._children[parent]
                self._children[parent] = (place, children[1]) if side == 0 else (children[0], place)
            self._children.append((-1, -1))
            if "leaf_value" in node:
                self._nodes.append((0, 0.0, False, node["leaf_value"] * self._scale))
                continue
            self._nodes.append((node["split_feature"], *self._decision(place, node), 0.0))
            waiting += [(node["right_child"], place, 1), (node["left_child"], place, 0)]
        feature, threshold, nan_left, weights = zip(*self._nodes, strict=True)
        children_of = np.asarray(self._children, dtype=np.intp)
        return Tree(
            feature=np.asarray(feature, dtype=np.intp),
            threshold=float32_below(np.asarray(threshold, dtype=np.float64)),
            left=children_of[:, 0],
            right=children_of[:, 1],
            nan_left=np.asarray(nan_left, dtype=np.bool_),
            weights=np.asarray(weights, dtype=np.float64)[:, None],
            target=target,
            members=self._members,
        )

    def _decision(self, place: int, node: dict[str, Any]) -> tuple[float, bool]:
        """The threshold, and whether NaN goes left; codes of a category that go left are noted, and all others go right."""
        if node["decision_type"] == "==":
            self._members[place] = frozenset(int(code) for code in str(node["threshold"]).split("||"))
            return 0.0, False
        threshold = float(node["threshold"])
        if -_ZERO <= threshold < _ZERO:
            # What is so near to zero goes where zero does.
            threshold = _ZERO if threshold >= 0 else float(np.nextafter(np.float32(-_ZERO), np.float32(-np.inf)))
        # Where no row of training lacked the feature, NaN counts as zero.
        return threshold, bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0
