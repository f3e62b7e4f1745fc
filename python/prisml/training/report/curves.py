"""Classes against the rest: curves, calibration, how predictions are spread, and confusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import ClassLabel, Interval
from prisml.report import Calibration, ClassReport, Confusion, Curve, Histogram
from prisml.training.holdout import Floats, Holdout, Ranking
from prisml.training.report.levels import shown
from prisml.training.report.thin import corners

MOST_POINTS = 200
MOST_CLASSES = 10
MOST_CONFUSED = 20
BINS = 20
CALIBRATION_BINS = 10
_FEWEST_POINTS = 40


def class_reports(holdout: Holdout, classes: Sequence[ClassLabel]) -> tuple[ClassReport, ...]:
    """The positive class of a binary model; of others each class that is shown, the most frequent of the hold-out first."""
    if holdout.predicted.ndim == 1:
        return (_class_report(holdout.truth == 1, holdout.predicted, classes[1], MOST_POINTS),)
    codes = _most_frequent(holdout, MOST_CLASSES)
    points = max(_FEWEST_POINTS, MOST_POINTS // len(codes))
    return tuple(_class_report(holdout.truth == code, holdout.shares[:, code], classes[code], points) for code in codes)


def confusion(holdout: Holdout, classes: Sequence[ClassLabel]) -> Confusion:
    """The confusion of the classes that are shown, in their own order."""
    codes = np.sort(_most_frequent(holdout, MOST_CONFUSED))
    counts = holdout.confusion(np.ones(len(holdout.truth)))[np.ix_(codes, codes)]
    return Confusion(
        labels=tuple(shown(classes[code]) for code in codes),
        counts=tuple(tuple(int(count) for count in row) for row in counts),
        left_out=len(classes) - len(codes),
    )


def _most_frequent(holdout: Holdout, most: int) -> NDArray[np.intp]:
    counts = np.bincount(holdout.truth.astype(np.intp), minlength=holdout.classes)
    return np.argsort(-counts, kind="stable")[:most]


def _class_report(is_class: NDArray[np.bool_], predicted: Floats, label: ClassLabel, points: int) -> ClassReport:
    rows = int(is_class.sum())
    ranking = Ranking.of(predicted)
    right = np.cumsum(ranking.runs(is_class.astype(np.float64)))
    taken = np.cumsum(ranking.runs(np.ones(len(predicted))))
    thresholds = predicted[ranking.order][ranking.starts]
    both = 0 < rows < len(predicted)
    return ClassReport(
        label=shown(label),
        rows=rows,
        roc=_roc(right, taken, thresholds, points) if both else None,
        precision_recall=_precision_recall(right, taken, thresholds, points) if both else None,
        calibration=_calibration(is_class, predicted),
        distribution=_distribution(is_class, predicted),
    )


def _roc(right: Floats, taken: Floats, thresholds: Floats, points: int) -> Curve:
    """From none taken, at no threshold, to all."""
    wrong = taken - right
    return _curve(np.append(0.0, wrong / wrong[-1]), np.append(0.0, right / right[-1]), [None, *thresholds.tolist()], points)


def _precision_recall(right: Floats, taken: Floats, thresholds: Floats, points: int) -> Curve:
    """By rising recall, from the precision 1 that scikit-learn gives where none is taken, up to where the last one is found."""
    end = int(np.searchsorted(right, right[-1])) + 1
    x, y = np.append(0.0, right[:end] / right[-1]), np.append(1.0, right[:end] / taken[:end])
    return _curve(x, y, [None, *thresholds[:end].tolist()], points)


def _curve(x: Floats, y: Floats, thresholds: Sequence[float | None], points: int) -> Curve:
    places = corners(x, y, points)
    return Curve(x=tuple(x[places].tolist()), y=tuple(y[places].tolist()), thresholds=tuple(thresholds[place] for place in places))


def _calibration(is_class: NDArray[np.bool_], predicted: Floats) -> Calibration:
    """Bins of equal width, as scikit-learn's; empty ones are left out."""
    bins = np.minimum(np.searchsorted(np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1], predicted), CALIBRATION_BINS - 1)
    rows = np.bincount(bins, minlength=CALIBRATION_BINS)
    there = np.flatnonzero(rows)
    said = np.bincount(bins, weights=predicted, minlength=CALIBRATION_BINS)[there] / rows[there]
    true = np.bincount(bins, weights=is_class, minlength=CALIBRATION_BINS)[there]
    return Calibration(
        said=tuple(said.tolist()),
        came_true=tuple(share_interval(int(some), int(all_)) for some, all_ in zip(true, rows[there], strict=True)),
        rows=tuple(rows[there].tolist()),
    )


def share_interval(some: int, rows: int) -> Interval:
    """The share with the ends of its 95 % interval, Jeffreys'."""
    from scipy import stats

    low, high = stats.beta.ppf([0.025, 0.975], some + 0.5, rows - some + 0.5)
    return Interval(value=some / rows, low=0.0 if not some else float(low), high=1.0 if some == rows else float(high))


def _distribution(is_class: NDArray[np.bool_], predicted: Floats) -> Histogram:
    edges = np.linspace(0, 1, BINS + 1)
    counts = (np.histogram(np.clip(predicted[part], 0, 1), edges)[0].tolist() for part in (~is_class, is_class))
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(map(tuple, counts)))
