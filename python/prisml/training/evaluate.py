"""How good the exported model is on the hold-out, beside a guess that knows no feature."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Interval, Task
from prisml.training.metrics import METRICS, Floats, Holdout, Metric

RESAMPLES = 200
_ENDS = (2.5, 97.5)


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


def evaluate(model: Holdout, train: NDArray[np.generic], *, task: Task, bounded: Collection[str], seed: int) -> Evaluation:
    """The metrics of ``model``, and of a guess from the labels in ``train`` alone.

    The metrics in ``bounded`` get the ends of a 95 % interval: percentiles of 200 bootstrap resamples of the hold-out's rows.
    """
    guess = guess_of(model, train, task)
    counts = np.ones(len(model.truth))
    metrics: dict[str, Interval] = {}
    baseline: dict[str, float] = {}
    for name, metric in METRICS[task].items():
        value, guessed = metric(model, counts), metric(guess, counts)
        if np.isfinite(value):
            ends = _interval(metric, model, seed) if name in bounded else (None, None)
            metrics[name] = Interval(value=value, low=ends[0], high=ends[1])
        if np.isfinite(guessed):
            baseline[name] = guessed
    return Evaluation(metrics, baseline)


def guess_of(model: Holdout, train: NDArray[np.generic], task: Task) -> Holdout:
    """The training part's mean for every row; or its most frequent class, with each class's share as probability."""
    rows = len(model.truth)
    if task == "regression":
        return replace(model, predicted=np.full(rows, np.mean(train.astype(np.float64))))
    shares = np.bincount(train.astype(np.intp), minlength=model.classes) / len(train)
    predicted = np.full(rows, shares[1]) if task == "binary" else np.tile(shares, (rows, 1))
    return replace(model, predicted=predicted, labels=np.full(rows, shares.argmax(), dtype=np.intp))


def _interval(metric: Metric, model: Holdout, seed: int) -> tuple[float | None, float | None]:
    random = np.random.default_rng(seed)
    rows = len(model.truth)
    drawn = (np.bincount(random.integers(0, rows, rows), minlength=rows).astype(np.float64) for _ in range(RESAMPLES))
    values = np.array([metric(model, counts) for counts in drawn])
    values = values[np.isfinite(values)]
    if not len(values):
        return None, None
    low, high = np.percentile(values, _ENDS)
    return float(low), float(high)
