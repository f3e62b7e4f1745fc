"""The metrics of each task as functions of a hold-out and a weight for each of its rows.

Weights are counts: a bootstrap resample is the same hold-out with other counts, so that what is sorted once serves all resamples.
The values are scikit-learn's of the same name; NaN where a metric is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Task

Floats = NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rows by falling score: their order, and where each run of equal scores begins."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, scores: Floats) -> Ranking:
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        return cls(order, np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1]))))

    def runs(self, amounts: Floats) -> Floats:
        """The sum of ``amounts`` in each run."""
        return np.add.reduceat(amounts[self.order], self.starts)


@dataclass(frozen=True, eq=False)
class Holdout:
    """What was there and what was predicted.

    ``truth``: codes of classes, or numbers. ``predicted``: P(positive) of shape (n,), each class's probability of shape (n, classes),
    or numbers. ``labels``: the predicted code of each row; not read in a regression.
    """

    truth: NDArray[np.generic]
    predicted: Floats
    labels: NDArray[np.intp]
    classes: int

    @cached_property
    def shares(self) -> Floats:
        """Each class's probability, of shape (n, classes)."""
        return self.predicted if self.predicted.ndim == 2 else np.column_stack((1.0 - self.predicted, self.predicted))

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """The rows ranked by each class's probability."""
        return tuple(Ranking.of(self.shares[:, code]) for code in range(self.classes))

    @cached_property
    def positive(self) -> Ranking:
        """The rows ranked by P(positive)."""
        return Ranking.of(self.predicted)

    @cached_property
    def errors(self) -> Floats:
        """Prediction less truth."""
        return self.predicted - self.truth.astype(np.float64)

    @cached_property
    def by_size(self) -> NDArray[np.intp]:
        """The rows by rising size of their error."""
        return np.argsort(np.abs(self.errors), kind="stable")

    def confusion(self, counts: Floats) -> Floats:
        """Rows of each true class (first axis) that were given each label."""
        pairs = self.truth.astype(np.intp) * self.classes + self.labels
        found = np.bincount(pairs, weights=counts, minlength=self.classes**2)
        return found.astype(np.float64, copy=False).reshape(self.classes, self.classes)


Metric = Callable[[Holdout, Floats], float]


def _accuracy(holdout: Holdout, counts: Floats) -> float:
    return float(np.trace(holdout.confusion(counts)) / counts.sum())


def _balanced_accuracy(holdout: Holdout, counts: Floats) -> float:
    confusion = holdout.confusion(counts)
    present = confusion.sum(axis=1) > 0
    return float(np.mean(np.diag(confusion)[present] / confusion.sum(axis=1)[present]))


def _precision(holdout: Holdout, counts: Floats) -> float:
    confusion = holdout.confusion(counts)
    return _share(confusion[1, 1], confusion[:, 1].sum())


def _recall(holdout: Holdout, counts: Floats) -> float:
    confusion = holdout.confusion(counts)
    return _share(confusion[1, 1], confusion[1].sum())


def _f1(holdout: Holdout, counts: Floats) -> float:
    confusion = holdout.confusion(counts)
    return _share(2 * confusion[1, 1], confusion[1].sum() + confusion[:, 1].sum())


def _f1_macro(holdout: Holdout, counts: Floats) -> float:
    """The mean over the classes that are there or are predicted."""
    confusion = holdout.confusion(counts)
    true, given, both = confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion)
    present = (true + given) > 0
    return float(np.mean(2 * both[present] / (true + given)[present]))


def _share(part: float, whole: float) -> float:
    """0 where nothing is counted, as scikit-learn has it by default."""
    return float(part / whole) if whole else 0.0


def _roc_auc(holdout: Holdout, counts: Floats) -> float:
    return _auc(holdout.positive, (holdout.truth == 1).astype(np.float64), counts)


def _roc_auc_ovr(holdout: Holdout, counts: Floats) -> float:
    """The mean over the classes of "this one against the rest"; classes that the hold-out does not hold are left out."""
    each = [_auc(ranking, (holdout.truth == code).astype(np.float64), counts) for code, ranking in enumerate(holdout.rankings)]
    defined = [value for value in each if not np.isnan(value)]
    return float(np.mean(defined)) if defined else _NAN


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
    smallest = np.finfo(np.float64).eps
    given = holdout.shares[np.arange(len(holdout.truth)), holdout.truth.astype(np.intp)]
    return float(np.average(-np.log(np.clip(given, smallest, 1 - smallest)), weights=counts))


def _brier(holdout: Holdout, counts: Floats) -> float:
    return float(np.average(holdout.errors**2, weights=counts))


def _mae(holdout: Holdout, counts: Floats) -> float:
    return float(np.average(np.abs(holdout.errors), weights=counts))


def _rmse(holdout: Holdout, counts: Floats) -> float:
    return float(np.sqrt(np.average(holdout.errors**2, weights=counts)))


def _r2(holdout: Holdout, counts: Floats) -> float:
    truth = holdout.truth.astype(np.float64)
    spread = float((counts * (truth - np.average(truth, weights=counts)) ** 2).sum())
    return 1.0 - float((counts * holdout.errors**2).sum()) / spread if spread else _NAN


def _median_absolute_error(holdout: Holdout, counts: Floats) -> float:
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
            "precision": _precision,
            "recall": _recall,
            "f1": _f1,
            "roc_auc": _roc_auc,
            "average_precision": _average_precision,
            "log_loss": _log_loss,
            "brier": _brier,
        },
        "multiclass": {
            "accuracy": _accuracy,
            "balanced_accuracy": _balanced_accuracy,
            "f1_macro": _f1_macro,
            "roc_auc_ovr": _roc_auc_ovr,
            "log_loss": _log_loss,
        },
        "regression": {"r2": _r2, "mae": _mae, "rmse": _rmse, "median_absolute_error": _median_absolute_error},
    }
)
