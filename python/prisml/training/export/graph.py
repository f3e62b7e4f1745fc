"""The outer form of every exported graph: names, versions, the one input and the one output, and its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ExportError
from prisml.manifest import Task

INPUT = "features"
OPSET, ML_OPSET, IR_VERSION = 18, 3, 8
ML = "ai.onnx.ml"


def output_of(task: Task) -> str:
    """The name of the one output."""
    return "value" if task == "regression" else "probabilities"


def assemble(
    nodes: Iterable[Any], tensors: Iterable[Any], fills: NDArray[np.float32] | None, *, task: Task, inputs: int, outputs: int, model: str
) -> bytes:
    """The bytes of the graph that ``nodes`` make, with an ``Imputer`` in front where ``fills`` says what stands for NaN.

    ``nodes`` read the input by its name. Equal models give equal bytes: nodes are named by their place, and nothing else is written.
    """
    from onnx import TensorProto, helper

    body = list(nodes)
    if fills is not None:
        body = _filled(body, fills)
    for place, node in enumerate(body):
        node.name, node.doc_string = f"{place}_{node.op_type}", ""
    takes = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", inputs])
    gives = helper.make_tensor_value_info(output_of(task), TensorProto.FLOAT, ["N", outputs])
    graph = helper.make_graph(body, "prisml", [takes], [gives], list(tensors))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="prisml")
    return _checked(proto, model)


def _filled(body: Sequence[Any], fills: NDArray[np.float32]) -> list[Any]:
    from onnx import helper

    imputer = helper.make_node(
        "Imputer", [INPUT], ["filled"], domain=ML, imputed_value_floats=fills.tolist(), replaced_value_float=float("nan")
    )
    for node in body:
        renamed = ["filled" if name == INPUT else name for name in node.input]
        del node.input[:]
        node.input.extend(renamed)
    return [imputer, *body]


def _checked(proto: Any, model: str) -> bytes:
    from onnx import checker

    try:
        checker.check_model(proto, full_check=True)
    except (checker.ValidationError, ValueError) as error:
        raise ExportError(
            f"Model {model!r}: the exported graph is not valid ONNX.", {"model": model}, ["Choose another algorithm, and report this."]
        ) from error
    content: bytes = proto.SerializeToString(deterministic=True)
    return content
