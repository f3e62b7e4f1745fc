"""Linear models as one matrix product and a lookup for each category, in float64.

Scaled in float32, a number that is large beside its spread would lose what it says, and a row alone would get
other bits than in a batch. Here scaling is folded into the weights, a category's weight is looked up by its code, sums are float64, and
only the result is rounded to float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.training.export.graph import INPUT, Body
from prisml.training.pipeline import DESIGN, FittedPipeline


@dataclass(frozen=True, eq=False)
class Weights:
    """What a row's numbers are multiplied with, and what its codes add; one column for each output.

    ``numbers`` has a row for each column of the encoded matrix, zero where that is a category. ``codes`` has a table for each category,
    with a row for each of its codes.
    """

    numbers: NDArray[np.float64]
    codes: tuple[NDArray[np.float64], ...]
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
    codes = coefficients[count:]
    if fitted.task == "binary":
        numbers, codes, bias = (np.concatenate((np.zeros_like(part), part), axis=-1) for part in (numbers, codes, bias))
    ends = np.cumsum([fitted.columns[place].codes for place in fitted.categories], dtype=np.intp)
    return Weights(numbers, tuple(np.split(codes, ends[:-1])) if len(ends) else (), bias)


def linear_body(fitted: FittedPipeline) -> Body:
    """What computes the answers of a linear model."""
    from onnx import TensorProto, helper, numpy_helper

    weights = weights_of(fitted)
    tensors = [numpy_helper.from_array(weights.bias, "bias")]
    nodes, score = [], "bias"
    if weights.codes:
        tables = [f"code_weights_{place}" for place in fitted.categories]
        nodes += _code_nodes(helper, tables, TensorProto.INT64)
        tensors += [
            numpy_helper.from_array(np.asarray(fitted.categories, dtype=np.int64), "categories"),
            numpy_helper.from_array(np.asarray([1], dtype=np.int64), "code_axis"),
            *(numpy_helper.from_array(table, name) for table, name in zip(weights.codes, tables, strict=True)),
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
    nodes.append(helper.make_node("Cast", [score], ["answers"], to=TensorProto.FLOAT))
    return Body(nodes, tensors, "answers")


def _code_nodes(helper: Any, tables: list[str], integer: int) -> list[Any]:
    """Of each category's table the row of its code, and their sum with the bias, in one order for every batch.

    A code without a row would end the run: a table of its own for each category keeps it from reading another's.
    """
    codes, found = [f"code_{place}" for place in range(len(tables))], [f"found_{place}" for place in range(len(tables))]
    return [
        helper.make_node("Gather", [INPUT, "categories"], ["float_codes"], axis=1),
        helper.make_node("Cast", ["float_codes"], ["codes"], to=integer),
        helper.make_node("Split", ["codes"], codes, axis=1, num_outputs=len(codes)),
        *(helper.make_node("Gather", [table, code], [name], axis=0) for table, code, name in zip(tables, codes, found, strict=True)),
        helper.make_node("Sum", ["bias", *found], ["found_scores"]),
        helper.make_node("Squeeze", ["found_scores", "code_axis"], ["code_scores"]),
    ]
