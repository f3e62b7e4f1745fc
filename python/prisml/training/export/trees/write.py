"""Trees as one ONNX node, with look-ups of categories before it where trees ask for sets of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Task
from prisml.training.export.graph import INPUT, ML, Body
from prisml.training.export.trees.forest import Forest
from prisml.training.export.trees.ranks import rank
from prisml.training.export.trees.read import forest_of
from prisml.training.pipeline import FittedPipeline

# The native scorer takes no larger table in one piece.
_LARGEST_TABLE = 1 << 16


def tree_body(fitted: FittedPipeline) -> Body:
    """What computes the answers of the fitted trees."""
    return forest_body(forest_of(fitted), [column.codes for column in fitted.columns], fitted.task)


def forest_body(forest: Forest, counts: list[int], task: Task) -> Body:
    """What computes the answers of ``forest``, whose input has a column for each of ``counts``: how many codes it has, or 0."""
    from onnx import helper

    ranked = rank(forest, counts)
    nodes, tensors, source = _lookups(ranked.tables) if ranked.tables else ([], [], INPUT)
    if forest.link != "exp":
        return Body([*nodes, _trees(ranked.forest, task, source, "answers")], tensors, "answers")
    sums = _trees(ranked.forest, task, source, "sums")
    return Body([*nodes, sums, helper.make_node("Exp", ["sums"], ["answers"])], tensors, "answers")


def _lookups(tables: dict[int, NDArray[np.float32]]) -> tuple[list[Any], list[Any], str]:
    """Nodes that put beside the input, for each category, its code's row of the table."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, parts = [], [], [INPUT]
    for feature, table in tables.items():
        place, code = f"place_{feature}", f"code_{feature}"
        tensors.append(numpy_helper.from_array(np.asarray(feature, dtype=np.int64), place))
        nodes.append(helper.make_node("Gather", [INPUT, place], [f"float_{code}"], axis=1))
        nodes.append(helper.make_node("Cast", [f"float_{code}"], [code], to=TensorProto.INT64))
        wide = max(1, _LARGEST_TABLE // len(table))
        for first in range(0, table.shape[1], wide):
            ranks, found = f"ranks_{feature}_{first}", f"found_{feature}_{first}"
            tensors.append(numpy_helper.from_array(np.ascontiguousarray(table[:, first : first + wide]), ranks))
            nodes.append(helper.make_node("Gather", [ranks, code], [found], axis=0))
            parts.append(found)
    nodes.append(helper.make_node("Concat", parts, ["ranked"], axis=1))
    return nodes, tensors, "ranked"


def _trees(forest: Forest, task: Task, source: str, answers: str) -> Any:
    from onnx import helper

    trees, places, targets, weights = _leaves(forest)
    kind = "target" if task == "regression" else "class"
    said: dict[str, Any] = {
        **_nodes(forest),
        f"{kind}_treeids": trees,
        f"{kind}_nodeids": places,
        f"{kind}_ids": targets,
        f"{kind}_weights": weights,
        "post_transform": {"logistic": "LOGISTIC", "softmax": "SOFTMAX"}.get(forest.link, "NONE"),
    }
    if forest.base.any():
        said["base_values"] = forest.base.astype(np.float32).tolist()
    if task == "regression":
        return helper.make_node("TreeEnsembleRegressor", [source], [answers], domain=ML, n_targets=len(forest.base), **said)
    # Its label stays inside the graph, read by nobody. Weights of one class alone are those of the second of two.
    labels = list(range(max(2, len(forest.base))))
    return helper.make_node("TreeEnsembleClassifier", [source], ["label", answers], domain=ML, classlabels_int64s=labels, **said)


def _nodes(forest: Forest) -> dict[str, list[Any]]:
    inner = np.concatenate([tree.inner for tree in forest.trees])

    def joined(name: str) -> NDArray[Any]:
        found: NDArray[Any] = np.concatenate([getattr(tree, name) for tree in forest.trees])
        return np.where(inner, found, 0)

    sizes = [len(tree.left) for tree in forest.trees]
    return {
        "nodes_treeids": np.repeat(np.arange(len(sizes)), sizes).tolist(),
        "nodes_nodeids": np.concatenate([np.arange(size) for size in sizes]).tolist(),
        "nodes_featureids": joined("feature").tolist(),
        "nodes_modes": np.where(inner, "BRANCH_LEQ", "LEAF").tolist(),
        "nodes_values": joined("threshold").tolist(),
        "nodes_truenodeids": joined("left").tolist(),
        "nodes_falsenodeids": joined("right").tolist(),
        "nodes_missing_value_tracks_true": joined("nan_left").astype(np.intp).tolist(),
    }


def _leaves(forest: Forest) -> tuple[list[int], list[int], list[int], list[float]]:
    """Of each leaf, target by target: its tree, its node, the target and the weight."""
    found: list[tuple[NDArray[Any], ...]] = []
    for place, tree in enumerate(forest.trees):
        leaves, width = np.flatnonzero(~tree.inner), tree.weights.shape[1]
        targets = np.tile(np.arange(tree.target, tree.target + width), len(leaves))
        weights = tree.weights[leaves].astype(np.float32).ravel()
        found.append((np.full(len(targets), place), np.repeat(leaves, width), targets, weights))
    trees, nodes, targets, weights = (np.concatenate(each).tolist() for each in zip(*found, strict=True))
    return trees, nodes, targets, weights
