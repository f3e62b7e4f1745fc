"""The outer form of every exported graph: names, versions, the one input and the one output, and its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ExportError
from prisml.manifest import Task

INPUT = "features"
OPSET, ML_OPSET, IR_VERSION = 18, 3, 8
ML = "ai.onnx.ml"


@dataclass(frozen=True, eq=False)
class Body:
    """What a writer makes: nodes that read ``INPUT``, the tensors they need, and the name of what they give.

    Further nodes may follow: they read ``output``, and make a body with an output of their own.
    """

    nodes: Sequence[Any]
    tensors: Sequence[Any]
    output: str


def output_of(task: Task) -> str:
    """The name of the one output."""
    return "value" if task == "regression" else "probabilities"


def assemble(body: Body, fills: NDArray[np.float32] | None, *, task: Task, inputs: int, outputs: int, model: str) -> bytes:
    """The bytes of the graph that ``body`` makes, with an ``Imputer`` in front where ``fills`` says what stands for NaN.

    Equal models give equal bytes: nodes are named by their place, and nothing else is written.
    """
    from onnx import TensorProto, helper

    names = {body.output: output_of(task)}
    nodes = list(body.nodes)
    if fills is not None:
        names[INPUT] = "filled"
    for node in nodes:
        _rename(node, names)
    if fills is not None:
        nodes.insert(0, _imputer(fills))
    for place, node in enumerate(nodes):
        node.name, node.doc_string = f"{place}_{node.op_type}", ""
    takes = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", inputs])
    gives = helper.make_tensor_value_info(output_of(task), TensorProto.FLOAT, ["N", outputs])
    graph = helper.make_graph(nodes, "prisml", [takes], [gives], list(body.tensors))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="prisml")
    return _checked(proto, model)


def _rename(node: Any, names: Mapping[str, str]) -> None:
    for side in (node.input, node.output):
        renamed = [names.get(name, name) for name in side]
        del side[:]
        side.extend(renamed)


def _imputer(fills: NDArray[np.float32]) -> Any:
    from onnx import helper

    return helper.make_node(
        "Imputer", [INPUT], ["filled"], domain=ML, imputed_value_floats=fills.tolist(), replaced_value_float=float("nan")
    )


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
