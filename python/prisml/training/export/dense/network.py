"""Multi-layer perceptrons: products and activations in float64."""

from __future__ import annotations

from typing import Any

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.answers import softmax, with_complement
from prisml.training.export.dense.writer import Writer

_ACTIVATIONS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "exp": "Exp"}


def write_network(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """MLPClassifier and MLPRegressor. The first product folds into what comes before."""
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    value = columns.then(*layers[0]).table(writer)
    for matrix, bias in layers[1:]:
        value = _activated(writer, value, estimator.activation)
        value = writer.add("Gemm", value, writer.doubles(matrix), writer.doubles(bias))
    if estimator.out_activation_ == "softmax":
        return softmax(writer, value)
    answer = _activated(writer, value, estimator.out_activation_)
    return with_complement(writer, answer) if task == "binary" else answer


def _activated(writer: Writer, value: str, activation: str) -> str:
    return value if activation == "identity" else writer.add(_ACTIVATIONS[activation], value)
