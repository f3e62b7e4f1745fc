"""Linear models of scikit-learn: one product, and their link."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.manifest import Task
from prisml.training.export.dense.affine import Affine
from prisml.training.export.dense.answers import logistic, shares, softmax, two_columns, with_complement
from prisml.training.export.dense.writer import Writer


def write_linear(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """A classifier of ``coef_`` by the logistic function or the softmax, or a regressor whose prediction is the sum."""
    scores = _scores(estimator, columns)
    if task == "regression":
        return scores.table(writer)
    return softmax(writer, (two_columns(scores) if task == "binary" else scores).table(writer))


def write_generalized(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """A generalized linear model: the sum, or its exponential."""
    score = _scores(estimator, columns).table(writer)
    # scikit-learn shows the link nowhere else.
    link = type(estimator._base_loss.link).__name__  # noqa: SLF001
    return writer.add("Exp", score) if link == "LogLink" else score


def write_stochastic(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """SGDClassifier: one score for each class against all others, made probabilities by the rule of its loss."""
    if estimator.loss == "log_loss" and task == "binary":
        return write_linear(estimator, columns, writer, task)
    scores = _scores(estimator, columns).table(writer)
    if estimator.loss == "log_loss":
        return shares(writer, logistic(writer, scores))
    clipped = writer.add("Clip", scores, writer.doubles(-1.0), writer.doubles(1.0))
    amounts = writer.add("Div", writer.add("Add", clipped, writer.doubles(1.0)), writer.doubles(2.0))
    if task == "binary":
        return with_complement(writer, amounts)
    return _shares_or_even(writer, amounts)


def write_one_vs_rest(estimator: Any, columns: Affine, writer: Writer, task: Task) -> str:
    """OneVsRestClassifier of logistic regressions: the probability of each, divided by their sum."""
    from types import SimpleNamespace

    members = estimator.estimators_
    joined = SimpleNamespace(
        coef_=np.vstack([member.coef_ for member in members]),
        intercept_=np.concatenate([np.ravel(member.intercept_) for member in members]),
    )
    if task == "binary":
        return write_linear(joined, columns, writer, task)
    return shares(writer, logistic(writer, _scores(joined, columns).table(writer)))


def _scores(estimator: Any, columns: Affine) -> Affine:
    return columns.then(np.atleast_2d(estimator.coef_).T.astype(np.float64), estimator.intercept_)


def _shares_or_even(writer: Writer, amounts: str) -> str:
    """Each amount divided by their sum; where that is zero, equal shares."""
    is_zero = writer.add("Equal", writer.total(amounts), writer.doubles(0.0))
    return shares(writer, writer.add("Where", is_zero, writer.doubles(1.0), amounts))
