"""How far each row of a hold-out moves a metric: what the variance of an estimate is the sum of.

The influence of a row is the derivative of the metric by the weight of that row, times the number of rows. The sum of its squares, over the
square of the rows, is the variance that a bootstrap tends to as its resamples become many: the infinitesimal jackknife (Jaeckel, 1972;
Efron, Estimation and Accuracy after Model Selection, JASA 2014). Of ``roc_auc`` it is the estimate of DeLong, DeLong and Clarke-Pearson
(Biometrics 1988).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from prisml.training.holdout import BINS, Floats, Holdout, Ranking
from prisml.training.metrics import PARTS, Parts


@dataclass(frozen=True, eq=False)
class Influence:
    """The influence of each row, and for a share what one more row of each class adds, where that row is as uncertain as a row can be.

    ``more`` is the sum of the squares of what those rows would add. ``centre`` is the share with them.
    """

    rows: Floats
    centre: float = 0.0
    more: float = 0.0

    @property
    def variance(self) -> float:
        """The variance of the metric, with the rows that are added."""
        return float(((self.rows**2).sum() + self.more) / len(self.rows) ** 2)


Reader = Callable[[Holdout], Influence]


def _of_cells(holdout: Holdout, moved: Floats, cells: Floats, centre: float) -> Influence:
    """The influence by true class and label: ``moved``; ``cells`` are the rows that are added."""
    pairs = holdout.truth.astype(np.intp) * holdout.classes + holdout.labels
    return Influence(moved.ravel()[pairs], centre, float((cells * moved**2).sum()))


def _confusions(holdout: Holdout) -> tuple[Floats, Floats]:
    """The rows by true class and label; and one row more of each class that is there, in equal parts under every label."""
    confusion = holdout.confusion(np.ones(len(holdout.truth)))
    there = confusion.sum(axis=1) > 0
    return confusion, np.repeat(there[:, None] / holdout.classes, holdout.classes, axis=1)


def _accuracy(holdout: Holdout) -> Influence:
    confusion, added = _confusions(holdout)
    full = confusion + added
    centre = float(np.trace(full) / full.sum())
    return _of_cells(holdout, (np.eye(holdout.classes) - centre) * np.sqrt(confusion.sum() / full.sum()), added, centre)


def _parts(name: str, weigh: Callable[[Floats], Floats], *, weighted: bool = False) -> Reader:
    """The influence on the mean share of the classes; ``weigh`` gives the weight of each from the confusion."""
    of_truth, of_labels = name != "precision", name != "recall"

    def read(holdout: Holdout) -> Influence:
        confusion, added = _confusions(holdout)
        parts: Parts = PARTS[name](confusion)
        full: Parts = PARTS[name](confusion + added)
        weights, shares = weigh(confusion), full.shares
        counted = np.sqrt(np.maximum(parts.whole, 0.5) * np.maximum(full.whole, 0.5))
        each = weights * len(holdout.truth) / counted
        moved = np.diag(each * (of_truth + of_labels)) - of_truth * (shares * each)[:, None] - of_labels * (shares * each)[None, :]
        centre = float((weights * shares).sum())
        return _of_cells(holdout, moved + (shares - centre)[:, None] if weighted else moved, added, centre)

    return read


def _positive(confusion: Floats) -> Floats:
    return np.array([0.0, 1.0])


def _known(confusion: Floats) -> Floats:
    """Every class alike that is there or is predicted."""
    present = (confusion.sum(axis=1) + confusion.sum(axis=0)) > 0
    return np.asarray(present / present.sum())


def _there(confusion: Floats) -> Floats:
    """Every class alike that is there."""
    present = confusion.sum(axis=1) > 0
    return np.asarray(present / present.sum())


def _often(confusion: Floats) -> Floats:
    """Every class as often as it is there."""
    return np.asarray(confusion.sum(axis=1) / confusion.sum())


def _spread_out(ranking: Ranking, of_runs: Floats) -> Floats:
    """A figure of each run of equal scores, as a figure of each row."""
    sizes = np.diff(np.append(ranking.starts, len(ranking.order)))
    found = np.empty(len(ranking.order))
    found[ranking.order] = np.repeat(of_runs, sizes)
    return found


def _area(ranking: Ranking, positive: NDArray[np.bool_]) -> tuple[float, Floats, float]:
    """The area under the curve, the influence of each row on it, and what the added rows would move."""
    rows, many = len(positive), int(positive.sum())
    few = rows - many
    right, wrong = ranking.runs(positive.astype(np.float64)), ranking.runs((~positive).astype(np.float64))
    beaten = _spread_out(ranking, few - np.cumsum(wrong) + wrong / 2) / few
    beating = _spread_out(ranking, np.cumsum(right) - right / 2) / many
    area = float(beaten[positive].mean())
    scales = rows / np.sqrt([many * (many + 1.0), few * (few + 1.0)])
    moved = np.where(positive, (beaten - area) * scales[0], (beating - area) * scales[1])
    return area, moved, area * (1 - area) * float((scales**2).sum())


def _roc_auc(holdout: Holdout) -> Influence:
    area, moved, more = _area(holdout.positive, holdout.truth == 1)
    return Influence(moved, area, more)


def _roc_auc_ovr(weigh: Callable[[Floats], Floats], *, weighted: bool) -> Reader:
    def read(holdout: Holdout) -> Influence:
        there = np.bincount(holdout.truth.astype(np.intp), minlength=holdout.classes)
        weights = weigh(np.diag(there.astype(np.float64)))
        rows, centre, more = np.zeros(len(holdout.truth)), 0.0, 0.0
        for code in np.flatnonzero(there):
            own = holdout.truth == code
            area, moved, added = _area(holdout.rankings[code], own)
            rows += weights[code] * moved + (own - weights[code]) * area * weighted
            centre, more = centre + weights[code] * area, more + weights[code] ** 2 * added
        return Influence(rows, centre, more)

    return read


def _average_precision(holdout: Holdout) -> Influence:
    ranking, positive = holdout.positive, holdout.truth == 1
    rows, many = len(positive), int(positive.sum())
    right = ranking.runs(positive.astype(np.float64))
    found, taken = np.cumsum(right), np.cumsum(ranking.runs(np.ones(rows)))
    precision = found / taken
    value = float((right * precision).sum() / many)
    # A row counts in the precision at its own score and at every lower one.
    by_positive = np.cumsum((right / taken)[::-1])[::-1]
    by_any = np.cumsum((right * found / taken**2)[::-1])[::-1]
    own, raised, lowered = (_spread_out(ranking, part) for part in (precision, by_positive, by_any))
    moved = (positive * (own - value + raised) - lowered) * rows / np.sqrt(many * (many + 1.0))
    return Influence(moved, value, value * (1 - value) * rows**2 / (many * (many + 1.0)))


def _mean(values: Callable[[Holdout], Floats]) -> Reader:
    def read(holdout: Holdout) -> Influence:
        found = values(holdout)
        return Influence(found - found.mean())

    return read


def _ece(holdout: Holdout) -> Influence:
    apart = holdout.came_true - holdout.said
    signs = np.sign(np.bincount(holdout.bins, weights=apart, minlength=BINS))[holdout.bins]
    moved = signs * apart
    return Influence(moved - moved.mean())


def _rmse(holdout: Holdout) -> Influence:
    squares = holdout.errors**2
    mean = squares.mean()
    return Influence((squares - mean) / (2 * np.sqrt(mean)) if mean else squares)


def _r2(holdout: Holdout) -> Influence:
    truth = holdout.truth.astype(np.float64)
    around, squares = (truth - truth.mean()) ** 2, holdout.errors**2
    return Influence((squares.mean() / around.mean() * around - squares) / around.mean())


def _median_ae(holdout: Holdout) -> Influence:
    """By the density at the median, which the middle two thirds of the standard normal's width of ranks tell."""
    sizes = np.abs(holdout.errors)[holdout.by_size]
    rows = len(sizes)
    reach = max(np.sqrt(rows) / 2, 0.5)
    low, high = max(int((rows - 1) / 2 - reach), 0), min(int(np.ceil((rows - 1) / 2 + reach)), rows - 1)
    width = float(sizes[high] - sizes[low]) * rows / max(high - low, 1)
    median = (sizes[(rows - 1) // 2] + sizes[rows // 2]) / 2
    return Influence(np.sign(np.abs(holdout.errors) - median) / 2 * width)


INFLUENCES: Mapping[str, Reader] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "balanced_accuracy": _parts("recall", _there),
        **{name: _parts(name, _positive) for name in PARTS},
        **{f"{name}_macro": _parts(name, _known) for name in PARTS},
        **{f"{name}_weighted": _parts(name, _often, weighted=True) for name in PARTS},
        "roc_auc": _roc_auc,
        "roc_auc_ovr": _roc_auc_ovr(_there, weighted=False),
        "roc_auc_ovr_weighted": _roc_auc_ovr(_often, weighted=True),
        "average_precision": _average_precision,
        "log_loss": _mean(lambda holdout: holdout.losses),
        "brier": _mean(lambda holdout: holdout.squares),
        "ece": _ece,
        "mae": _mean(lambda holdout: np.abs(holdout.errors)),
        "rmse": _rmse,
        "mape": _mean(lambda holdout: holdout.relative),
        "r2": _r2,
        "median_ae": _median_ae,
    }
)
"""How each metric is moved by the rows of a hold-out that defines it."""
