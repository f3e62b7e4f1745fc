"""Linear models as a few matrix products in float64.

skl2onnx would scale in float32, where a number that is large beside its spread loses what it says, and would answer a row alone with
other bits than in a batch. Here scaling is folded into the weights, one-hot columns are comparisons, sums are float64, and only the
result is rounded to float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.training.graph import INPUT, output_of
from prisml.training.pipeline import DESIGN, FittedPipeline


@dataclass(frozen=True, eq=False)
class Weights:
    """What a row's numbers and one-hot columns are multiplied with; one column for each output.

    ``numbers`` has a row for each column of the encoded matrix, zero where that is a category. ``codes`` has a row for each code of
    each category: ``code_of[i]`` in matrix column ``read_from[i]``.
    """

    numbers: NDArray[np.float64]
    codes: NDArray[np.float64]
    read_from: NDArray[np.int64]
    code_of: NDArray[np.float32]
    bias: NDArray[np.float64]


def weights_of(fitted: FittedPipeline) -> Weights:
    """The weights, with scaling folded in. Of two classes the first has weight zero, so that a softmax gives both."""
    estimator, design = fitted.estimator, fitted.pipeline.named_steps[DESIGN]
    coefficients = np.atleast_2d(estimator.coef_).T.astype(np.float64)
    bias = np.broadcast_to(np.atleast_1d(estimator.intercept_).astype(np.float64), (coefficients.shape[1],)).copy()
    numbers = np.zeros((len(fitted.columns), coefficients.shape[1]))
    count = len(fitted.numbers)
    if count:
        scaler = design.named_transformers_["numbers"]
        numbers[fitted.numbers] = coefficients[:count] / scaler.scale_[:, None]
        bias -= scaler.mean_ @ numbers[fitted.numbers]
    codes, widths = coefficients[count:], [fitted.columns[place].codes for place in fitted.categories]
    if fitted.task == "binary":
        numbers, codes, bias = (np.concatenate((np.zeros_like(part), part), axis=-1) for part in (numbers, codes, bias))
    read_from = np.repeat(np.asarray(fitted.categories, dtype=np.int64), widths)
    code_of = np.concatenate([np.arange(width, dtype=np.float32) for width in widths] or [np.zeros(0, dtype=np.float32)])
    return Weights(numbers, codes, read_from, code_of, bias)


def linear_nodes(fitted: FittedPipeline) -> tuple[list[Any], list[Any]]:
    """The nodes from the input to the output, and their tensors."""
    from onnx import TensorProto, helper, numpy_helper

    weights = weights_of(fitted)
    tensors = [numpy_helper.from_array(weights.bias, "bias")]
    nodes, score = [], "bias"
    if len(weights.code_of):
        nodes += _code_nodes(helper, TensorProto.DOUBLE)
        tensors += [
            numpy_helper.from_array(weights.read_from, "read_from"),
            numpy_helper.from_array(weights.code_of[None, :], "code_of"),
            numpy_helper.from_array(weights.codes, "code_weights"),
        ]
        score = "code_scores"
    if fitted.numbers:
        nodes.append(helper.make_node("Cast", [INPUT], ["wide"], to=TensorProto.DOUBLE))
        nodes.append(helper.make_node("Gemm", ["wide", "number_weights", score], ["scores"]))
        tensors.append(numpy_helper.from_array(weights.numbers, "number_weights"))
        score = "scores"
    if fitted.task != "regression":
        nodes.append(helper.make_node("Softmax", [score], ["shares"], axis=1))
        score = "shares"
    nodes.append(helper.make_node("Cast", [score], [output_of(fitted.task)], to=TensorProto.FLOAT))
    return nodes, tensors


def _code_nodes(helper: Any, double: int) -> list[Any]:
    """One comparison for each code, and the sum of the weights of those that hold."""
    return [
        helper.make_node("Gather", [INPUT, "read_from"], ["repeated"], axis=1),
        helper.make_node("Equal", ["repeated", "code_of"], ["is_code"]),
        helper.make_node("Cast", ["is_code"], ["one_hot"], to=double),
        helper.make_node("Gemm", ["one_hot", "code_weights", "bias"], ["code_scores"]),
    ]
