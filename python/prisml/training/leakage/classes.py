"""How much one feature tells of classes: by its values alone, and by their order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from prisml.training.leakage.values import Classes, Floats, Indices, Values

SMALLEST_CLASS = 10
SMALLEST_SIDE = 20
"""How many rows a class and the rest need before a ranking of them is judged."""

ROUNDING = 1e-12
"""Rates that should be equal may differ by this much."""


def share_decided(values: Values, target: Classes) -> float:
    """The share of rows whose class follows from the value, each class weighed alike: the balanced accuracy of the likeliest class.

    The likeliest class of a value is judged by all rows but the one that is asked about. So a value that one row has decides nothing,
    and neither rare categories nor a number that is never the same twice look like a copy. A class of fewer than 10 rows is not counted;
    0 where fewer than two are.
    """
    # A value that one row has is never right.
    repeated = np.flatnonzero(values.counts > 1)
    judged = [
        (counts[repeated] / size, size)
        for counts, size in zip(values.count_by_class(target), target.sizes, strict=True)
        if size >= SMALLEST_CLASS
    ]
    if len(judged) < 2:
        return 0.0
    best, second = np.zeros(len(repeated)), np.zeros(len(repeated))
    for share, _ in judged:
        np.maximum(second, np.minimum(best, share), out=second)
        np.maximum(best, share, out=best)
    right = [share[share - 1 / size > np.where(share == best, second, best) + 1e-12].sum() for share, size in judged]
    return float(np.mean(right))


@dataclass(frozen=True)
class Auc:
    """A ROC AUC, and what it is at least, but for chance: two standard errors less."""

    value: float
    surely: float

    @classmethod
    def of(cls, value: float, right: float, wrong: float) -> Auc:
        """Of so many rows of the class and so many others. The error is Hanley and McNeil's (1982)."""
        square = value * value
        of_right = (right - 1) * (value / (2 - value) - square)
        of_wrong = (wrong - 1) * (2 * square / (1 + value) - square)
        variance = (value - square + of_right + of_wrong) / (right * wrong)
        return cls(value, value - 2 * math.sqrt(max(variance, 0.0)))


def aucs(values: Values, target: Classes, folds: Indices) -> Iterator[Auc]:
    """How well the feature alone tells each class from the rest; of two classes, the one from the other.

    A number is ranked by size, rising or falling, its missing values where they serve best. A category is ranked by the share of the
    class among its rows in the other ``folds``, so that one which few rows have tells little. A class is left out that has
    fewer than 20 rows, or fewer beside it.
    """
    rows = len(folds)
    cells = values.by_fold(folds) if values.is_category else values
    for code, right in enumerate(cells.count_by_class(target)):
        size = int(target.sizes[code])
        if min(size, rows - size) < SMALLEST_SIDE:
            continue
        value = _category_auc(values, cells, right) if values.is_category else _number_auc(values, right)
        yield Auc.of(value, size, rows - size)
        if len(target.sizes) == 2:
            return


def _number_auc(values: Values, right: Floats) -> float:
    wrong = values.counts - right
    pairs = right.sum() * wrong.sum()
    if values.missing is None:
        ranked = _ranked(right, wrong)
        return float(max(ranked, pairs - ranked) / pairs)
    # Missing is the last group: put it below all, between any two, or above all.
    right_missing, wrong_missing = right[-1], wrong[-1]
    right, wrong = right[:-1], wrong[:-1]
    below_right, below_wrong = (np.concatenate(([0.0], np.cumsum(side))) for side in (right, wrong))
    gained = right_missing * below_wrong + wrong_missing * (below_right[-1] - below_right)
    ranked_with = _ranked(right, wrong) + gained + right_missing * wrong_missing / 2
    return float(max(ranked_with.max(), pairs - ranked_with.min()) / pairs)


def _ranked(right: Floats, wrong: Floats) -> float:
    """The pairs of a right and a wrong row in which the right one stands higher, a tie counting half."""
    return float(right @ (np.cumsum(wrong) - wrong / 2))


def _category_auc(values: Values, cells: Values, right: Floats) -> float:
    """By the rows of each fold and category, of which ``right`` are of the class."""
    of_kind = right.reshape(-1, values.size).sum(axis=0)
    there = np.flatnonzero(cells.counts)
    kind, total, right = there % values.size, cells.counts[there], right[there]
    # One made-up row of the whole's rate: a category that stands in one fold alone is ranked by it.
    rate = right.sum() / total.sum()
    scores = (of_kind[kind] - right + rate) / (values.counts[kind] - total + 1)
    order = np.argsort(scores)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(scores[order]) > ROUNDING)))
    right, total = np.add.reduceat(right[order], starts), np.add.reduceat(total[order], starts)
    return _ranked(right, total - right) / float(right.sum() * (total - right).sum())
