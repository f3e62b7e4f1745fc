"""Support vector machines: a kernel with each support vector, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.answers import logistic
from prisml.training.export.dense.coupling import couple
from prisml.training.export.dense.writer import Writer

_LEAST = 1e-7
"""libsvm's bound of a probability."""


def write_kernel(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """SVR, and SVC of two classes with Platt's probabilities."""
    score = _decision(estimator, columns, writer)
    if task == "regression":
        return score
    # libsvm's decision is for the first class, scikit-learn's for the second.
    a, b = float(estimator._probA[0]), float(estimator._probB[0])  # noqa: SLF001 - scikit-learn gives up showing them.
    exponent = writer.add("Sub", writer.doubles(-b), writer.add("Mul", score, writer.doubles(-a)))
    first = logistic(writer, exponent)
    return couple(writer, writer.add("Clip", first, writer.doubles(_LEAST), writer.doubles(1.0 - _LEAST)))


def _decision(estimator: Any, columns: Affine, writer: Writer) -> str:
    vectors, weights = np.asarray(estimator.support_vectors_), np.asarray(estimator.dual_coef_)
    intercept = np.asarray(estimator.intercept_)
    if estimator.kernel == "linear":
        return columns.then((weights @ vectors).T, intercept).table(writer)
    values = _rbf if estimator.kernel == "rbf" else _of_products
    return writer.add("Gemm", values(estimator, vectors, columns, writer), writer.doubles(weights.T), writer.doubles(intercept))


def _rbf(estimator: Any, vectors: Any, columns: Affine, writer: Writer) -> str:
    """The exponential of minus the squared distance, from products of rows that lie around zero, so that little is lost between them."""
    gamma = estimator._gamma  # noqa: SLF001 - what "scale" and "auto" came to.
    middle = vectors.mean(axis=0)
    around = vectors - middle
    centred = columns.scaled([("Sub", middle)], writer, exact=False).table(writer)
    own = writer.add("Mul", writer.total(writer.add("Mul", centred, centred)), writer.doubles(-gamma))
    lengths = -gamma * np.sum(around * around, axis=1)
    cross = writer.add("Gemm", centred, writer.doubles(2.0 * gamma * around.T), writer.doubles(lengths))
    return writer.add("Exp", writer.add("Add", cross, own))


def _of_products(estimator: Any, vectors: Any, columns: Affine, writer: Writer) -> str:
    gamma = estimator._gamma  # noqa: SLF001
    product = columns.then(gamma * vectors.T, estimator.coef0).table(writer)
    if estimator.kernel == "sigmoid":
        return writer.add("Tanh", product)
    return writer.add("Pow", product, writer.doubles(float(estimator.degree)))
