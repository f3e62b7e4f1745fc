"""How good the exported model is on the hold-out, beside a guess that knows no feature."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Interval, Task
from prisml.training.holdout import Floats, Holdout
from prisml.training.intervals import interval
from prisml.training.metrics import METRICS


@dataclass(frozen=True)
class Evaluation:
    """Each metric of the model, and of the baseline; a metric that this hold-out does not define is left out."""

    metrics: dict[str, Interval]
    baseline: dict[str, float]


def holdout_of(truth: NDArray[np.generic], predicted: Floats, *, task: Task, threshold: float) -> Holdout:
    """The engine's predictions beside the truth (codes of classes, or numbers), with the label that each row is given."""
    if task == "multiclass":
        return Holdout(truth, predicted, predicted.argmax(axis=1), predicted.shape[1])
    return Holdout(truth, predicted, (predicted > threshold).astype(np.intp), 2 if task == "binary" else 0)


def evaluate(model: Holdout, train: NDArray[np.generic], *, task: Task) -> Evaluation:
    """The metrics of ``model``, each with the ends of its 95 % interval, and of a guess from the labels in ``train`` alone."""
    guess = guess_of(model, train, task)
    counts = np.ones(len(model.truth))
    found = {name: interval(name, model) for name in METRICS[task]}
    guessed = {name: metric(guess, counts) for name, metric in METRICS[task].items()}
    return Evaluation(
        {name: each for name, each in found.items() if each is not None},
        {name: value for name, value in guessed.items() if np.isfinite(value)},
    )


def guess_of(model: Holdout, train: NDArray[np.generic], task: Task) -> Holdout:
    """The training part's mean for every row; or its most frequent class, with each class's share as probability."""
    rows = len(model.truth)
    if task == "regression":
        return replace(model, predicted=np.full(rows, np.mean(train.astype(np.float64))))
    shares = np.bincount(train.astype(np.intp), minlength=model.classes) / len(train)
    predicted = np.full(rows, shares[1]) if task == "binary" else np.tile(shares, (rows, 1))
    return replace(model, predicted=predicted, labels=np.full(rows, shares.argmax(), dtype=np.intp))
