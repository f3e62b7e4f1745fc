"""How good the models are on November and December, and that this is what scikit-learn by hand reaches.

The metrics of PrisML are those of the manifest: the exported model, run by the engine, on the rows held out. Beside them stand the
majority class (of a regression: the mean), and the same pipeline written by hand with pandas and scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score, roc_auc_score

from benches.handmade import Handmade
from benches.report import Report
from prisml.manifest import Manifest

TOLERANCE = 1e-5


def compare(
    report: Report, manifest: Manifest, handmade: Handmade, predicted: NDArray[np.float64], algorithm: str, *, regression: bool
) -> None:
    """A line of the report for each metric: PrisML's, that of what the hand-written pipeline ``predicted``, the baseline's."""
    report.expect(f"{algorithm}: both hold out the same number of rows", kept=manifest.rows.test == int(handmade.test.sum()))
    by_hand = metrics_by_hand(handmade, predicted[handmade.test], regression=regression)
    nothing = baseline(handmade, regression=regression)
    for name, wanted in by_hand.items():
        got = manifest.metrics[name]
        report.add(
            algorithm=algorithm,
            metric=name,
            prisml=got.value,
            low=got.low,
            high=got.high,
            by_hand=wanted,
            difference=abs(got.value - wanted),
            baseline=nothing[name],
            train_rows=manifest.rows.train,
            test_rows=manifest.rows.test,
        )
        report.expect(f"{algorithm}: {name} is that of scikit-learn by hand", kept=abs(got.value - wanted) <= TOLERANCE)
        better = got.value < nothing[name] if name == "mae" else got.value > nothing[name]
        report.expect(f"{algorithm}: {name} is better than knowing nothing", kept=better)


def metrics_by_hand(handmade: Handmade, predicted: NDArray[np.float64], *, regression: bool) -> dict[str, float]:
    """The metrics of what was ``predicted`` for the rows held out."""
    if regression:
        actual = handmade.delay[handmade.test]
        return {"r2": float(r2_score(actual, predicted)), "mae": float(mean_absolute_error(actual, predicted))}
    late = handmade.late[handmade.test]
    return {"roc_auc": float(roc_auc_score(late, predicted)), "accuracy": float(accuracy_score(late, predicted > 0.5))}


def baseline(handmade: Handmade, *, regression: bool) -> dict[str, float]:
    """What always the same answer reaches: the majority class, or the mean, of the training part."""
    if regression:
        actual = handmade.delay[handmade.test]
        mean = np.full(len(actual), handmade.delay[handmade.train].mean())
        return {"r2": float(r2_score(actual, mean)), "mae": float(mean_absolute_error(actual, mean))}
    majority = handmade.late[handmade.train].mean() > 0.5
    return {"roc_auc": 0.5, "accuracy": float((handmade.late[handmade.test] == majority).mean())}
