"""Trees as one ONNX node, whose decisions are scikit-learn's for every float32."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ExportError
from prisml.manifest import Task
from prisml.training.export.graph import INPUT, ML, ML_OPSET, OPSET, output_of
from prisml.training.pipeline import FittedPipeline


def float32_below(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest float32 not above each value, as float64.

    For a float32 x, ``x <= value`` and ``x <= float32_below(value)`` are the same; rounded to nearest they are not.
    """
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > values, below, nearest).astype(np.float64)


def decisions_of(estimator: Any) -> dict[int, NDArray[np.float64]]:
    """For each column that is decided by, the float32 that it is compared with, each once."""
    pairs = [_decisions(tree) for tree in _trees(estimator)]
    columns = np.concatenate([read for read, _ in pairs])
    values = float32_below(np.concatenate([compared for _, compared in pairs]))
    return {int(column): np.unique(values[columns == column]) for column in np.unique(columns)}


def tree_count(estimator: Any) -> int:
    """How many trees there are; several classes may have one each for a step."""
    return len(_trees(estimator))


def tree_nodes(fitted: FittedPipeline, model: str) -> list[Any]:
    """The one node that skl2onnx makes of the trees, reading the input and writing the output."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    width = len(fitted.columns)
    options = None if fitted.task == "regression" else {"zipmap": False}
    try:
        with warnings.catch_warnings():
            # skl2onnx writes the leaves' missing direction as False where ONNX has an int; the graph is the same.
            warnings.filterwarnings("ignore", message=".*Expected an int, got a boolean", category=DeprecationWarning)
            proto = to_onnx(
                _rounded_down(fitted.estimator),
                initial_types=[(INPUT, FloatTensorType([None, width]))],
                target_opset={"": OPSET, ML: ML_OPSET},
                options=options,
            )
    except (ValueError, RuntimeError, NotImplementedError) as error:
        # Its message quotes the whole model, and so would a chained traceback.
        raise ExportError(
            f"Model {model!r}: skl2onnx cannot convert {type(fitted.estimator).__name__} ({type(error).__name__}).",
            {"model": model, "error": type(error).__name__},
            ['Install the versions that belong together: pip install "prisml[train]".'],
        ) from None
    return [_only_node(proto, fitted.task, model)]


def _only_node(proto: Any, task: Task, model: str) -> Any:
    """The node of the trees, without the ``Identity`` that may follow it. Its label stays inside the graph, read by nobody."""
    found = [node for node in proto.graph.node if node.op_type != "Identity"]
    if [node.op_type for node in found] not in (["TreeEnsembleRegressor"], ["TreeEnsembleClassifier"]):
        raise ExportError(
            f"Model {model!r}: skl2onnx wrote another graph than is known to be exact.",
            {"model": model, "nodes": tuple(node.op_type for node in found)},
            ['Install the versions that belong together: pip install "prisml[train]".'],
        )
    node = found[0]
    node.output[-1] = output_of(task)
    return node


def _rounded_down(estimator: Any) -> Any:
    """A copy whose thresholds a cast to float32 does not change."""
    copied = deepcopy(estimator)
    for tree in _trees(copied):
        if hasattr(tree, "nodes"):
            tree.nodes["num_threshold"] = float32_below(tree.nodes["num_threshold"])
        else:
            tree.threshold[:] = float32_below(tree.threshold)
    return copied


def _trees(estimator: Any) -> list[Any]:
    """scikit-learn's tree objects: ``Tree``, or ``TreePredictor`` of the histogram kind."""
    if hasattr(estimator, "_predictors"):
        # scikit-learn shows the trees of this kind nowhere else.
        return [tree for stage in estimator._predictors for tree in stage]  # noqa: SLF001
    if hasattr(estimator, "estimators_"):
        return [member.tree_ for member in np.ravel(estimator.estimators_)]
    return [estimator.tree_]


def _decisions(tree: Any) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    if hasattr(tree, "nodes"):
        inner = tree.nodes[tree.nodes["is_leaf"] == 0]
        return inner["feature_idx"].astype(np.intp), inner["num_threshold"].astype(np.float64)
    inner = tree.children_left != tree.children_right
    return tree.feature[inner].astype(np.intp), tree.threshold[inner].astype(np.float64)
