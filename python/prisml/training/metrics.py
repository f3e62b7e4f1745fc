"""The metrics of each task as functions of a hold-out and a weight for each of its rows.

The slope of a metric by a row's weight is that row's influence, of which intervals are made. The values are scikit-learn's of the same
name; NaN where a metric is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from prisml.manifest import Task
from prisml.training.holdout import BINS, Floats, Holdout, Ranking

_NAN = float("nan")


Metric = Callable[[Holdout, Floats], float]


def _accuracy(holdout: Holdout, counts: Floats) -> float:
    return float(np.trace(holdout.confusion(counts)) / counts.sum())


def _balanced_accuracy(holdout: Holdout, counts: Floats) -> float:
    confusion = holdout.confusion(counts)
    present = confusion.sum(axis=1) > 0
    return float(np.mean(np.diag(confusion)[present] / confusion.sum(axis=1)[present]))


@dataclass(frozen=True, eq=False)
class Parts:
    """What a share of counts is made of, for each class: the share is ``right`` / ``whole``."""

    right: Floats
    whole: Floats

    @property
    def shares(self) -> Floats:
        """0 where nothing is counted, as scikit-learn has it by default."""
        return np.divide(self.right, self.whole, out=np.zeros_like(self.right), where=self.whole > 0)


def _precision_parts(confusion: Floats) -> Parts:
    return Parts(np.diag(confusion), confusion.sum(axis=0))


def _recall_parts(confusion: Floats) -> Parts:
    return Parts(np.diag(confusion), confusion.sum(axis=1))


def _f1_parts(confusion: Floats) -> Parts:
    return Parts(2 * np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


PARTS: Mapping[str, Callable[[Floats], Parts]] = MappingProxyType({"precision": _precision_parts, "recall": _recall_parts, "f1": _f1_parts})


def _of_positive(name: str) -> Metric:
    """The share of the positive class."""

    def metric(holdout: Holdout, counts: Floats) -> float:
        return float(PARTS[name](holdout.confusion(counts)).shares[1])

    return metric


def _macro(name: str) -> Metric:
    """The mean share of the classes that are there or are predicted."""

    def metric(holdout: Holdout, counts: Floats) -> float:
        confusion = holdout.confusion(counts)
        present = (confusion.sum(axis=1) + confusion.sum(axis=0)) > 0
        return float(PARTS[name](confusion).shares[present].mean())

    return metric


def _weighted(name: str) -> Metric:
    """The mean share of the classes, each counting as often as it is there."""

    def metric(holdout: Holdout, counts: Floats) -> float:
        confusion = holdout.confusion(counts)
        return float(np.average(PARTS[name](confusion).shares, weights=confusion.sum(axis=1)))

    return metric


def _roc_auc(holdout: Holdout, counts: Floats) -> float:
    return _auc(holdout.positive, (holdout.truth == 1).astype(np.float64), counts)


def _roc_auc_ovr(holdout: Holdout, counts: Floats) -> float:
    """The mean over the classes of "this one against the rest"; classes that the hold-out does not hold are left out."""
    each = _aucs(holdout, counts)
    defined = each[~np.isnan(each)]
    return float(defined.mean()) if len(defined) else _NAN


def _roc_auc_ovr_weighted(holdout: Holdout, counts: Floats) -> float:
    """As ``roc_auc_ovr``, each class counting as often as it is there."""
    each, there = _aucs(holdout, counts), holdout.confusion(counts).sum(axis=1)
    defined = ~np.isnan(each)
    return float(np.average(each[defined], weights=there[defined])) if defined.any() else _NAN


def _aucs(holdout: Holdout, counts: Floats) -> Floats:
    return np.array([_auc(ranks, (holdout.truth == code).astype(np.float64), counts) for code, ranks in enumerate(holdout.rankings)])


def _auc(ranking: Ranking, positive: Floats, counts: Floats) -> float:
    """The share of pairs that are ranked rightly, a tie counting half (Mann-Whitney)."""
    right, wrong = ranking.runs(positive * counts), ranking.runs((1.0 - positive) * counts)
    pairs = right.sum() * wrong.sum()
    if not pairs:
        return _NAN
    before = np.cumsum(right) - right
    return float((wrong * (before + right / 2)).sum() / pairs)


def _average_precision(holdout: Holdout, counts: Floats) -> float:
    right = holdout.positive.runs((holdout.truth == 1) * counts)
    taken = np.cumsum(holdout.positive.runs(counts))
    if not right.sum():
        return _NAN
    precision = np.divide(np.cumsum(right), taken, out=np.zeros_like(taken), where=taken > 0)
    return float((right * precision).sum() / right.sum())


def _log_loss(holdout: Holdout, counts: Floats) -> float:
    return float(np.average(holdout.losses, weights=counts))


def _brier(holdout: Holdout, counts: Floats) -> float:
    return float(np.average(holdout.squares, weights=counts))


def _ece(holdout: Holdout, counts: Floats) -> float:
    """How far the mean probability of a bin is from what came true, over all rows: Guo et al., ICML 2017, formula 3."""
    gaps = np.bincount(holdout.bins, weights=counts * (holdout.came_true - holdout.said), minlength=BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def _mae(holdout: Holdout, counts: Floats) -> float:
    return float(np.average(np.abs(holdout.errors), weights=counts))


def _rmse(holdout: Holdout, counts: Floats) -> float:
    return float(np.sqrt(np.average(holdout.errors**2, weights=counts)))


def _mape(holdout: Holdout, counts: Floats) -> float:
    """A share, not per cent."""
    return float(np.average(holdout.relative, weights=counts))


def _r2(holdout: Holdout, counts: Floats) -> float:
    truth = holdout.truth.astype(np.float64)
    spread = float((counts * (truth - np.average(truth, weights=counts)) ** 2).sum())
    return 1.0 - float((counts * holdout.errors**2).sum()) / spread if spread else _NAN


def _median_ae(holdout: Holdout, counts: Floats) -> float:
    """The middle of the errors' sizes, each as often as its count; of an even number the mean of the two in the middle."""
    sizes = np.abs(holdout.errors)[holdout.by_size]
    passed = np.cumsum(counts[holdout.by_size])
    middle = np.searchsorted(passed, [(passed[-1] - 1) // 2, passed[-1] // 2], side="right")
    return float(sizes[middle].mean())


METRICS: Mapping[Task, Mapping[str, Metric]] = MappingProxyType(
    {
        "binary": {
            "accuracy": _accuracy,
            "balanced_accuracy": _balanced_accuracy,
            **{name: _of_positive(name) for name in PARTS},
            "roc_auc": _roc_auc,
            "average_precision": _average_precision,
            "log_loss": _log_loss,
            "brier": _brier,
            "ece": _ece,
        },
        "multiclass": {
            "accuracy": _accuracy,
            "balanced_accuracy": _balanced_accuracy,
            **{f"{name}_macro": _macro(name) for name in PARTS},
            **{f"{name}_weighted": _weighted(name) for name in PARTS},
            "roc_auc_ovr": _roc_auc_ovr,
            "roc_auc_ovr_weighted": _roc_auc_ovr_weighted,
            "log_loss": _log_loss,
            "brier": _brier,
            "ece": _ece,
        },
        "regression": {"mae": _mae, "rmse": _rmse, "mape": _mape, "r2": _r2, "median_ae": _median_ae},
    }
)

EVERY: Mapping[str, Metric] = MappingProxyType({name: metric for named in METRICS.values() for name, metric in named.items()})
"""The metrics of all tasks: each name means the same in all of them."""
