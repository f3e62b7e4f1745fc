"""How much one feature tells of a number: by its values alone, by their order, and by a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prisml.training.leakage.values import Floats, Indices, Values

EXTREMES = (0.01, 0.99)
NEAR_IN_RANK = 0.01
NEAR_IN_VALUE = 0.01
SMALLEST_GROUP = 5


@dataclass(frozen=True, eq=False)
class Target:
    """The labels of a regression, of shape (rows,): as they are, by rank, and with the extremes clipped.

    Clipped to their 1st and 99th percentile, so that one row of a large customer does not make two columns alike. ``common`` is the
    share of rows that have the commonest label: what everybody would guess counts as no knowledge.
    """

    order: Indices
    ranks: Floats
    clipped: Floats
    common: float

    @classmethod
    def of(cls, labels: Floats) -> Target:
        found = Values.of_number(labels)
        return cls(np.argsort(found.groups, kind="stable"), _ranks(found), _clipped(labels), float(found.counts.max() / len(labels)))


def correlation(values: Values, column: NDArray[np.float32], target: Target) -> float:
    """The larger of |Pearson's r|, extremes clipped, and |Spearman's rho| of a number without missing values and the label."""
    return max(abs(_pearson(_clipped(column.astype(np.float64)), target.clipped)), abs(_pearson(_ranks(values), target.ranks)))


def category_correlation(values: Values, target: Target, folds: Indices) -> float:
    """Pearson's r of the label and its mean among the rows of the same category in the other ``folds``."""
    cells = values.by_fold(folds)
    sums = np.bincount(cells.groups, weights=target.clipped, minlength=cells.size).reshape(-1, values.size)
    # One made-up row of the mean: a category that stands in one fold alone is told by it.
    rest = values.counts - cells.counts.reshape(-1, values.size)
    means = (sums.sum(axis=0) - sums + target.clipped.mean()) / (rest + 1)
    return _pearson(means.ravel()[cells.groups], target.clipped)


def share_in_order(values: Values, target: Target) -> float:
    """The share of rows whose rank by the feature is, within 1 %, that by the label (or its reverse), beyond what is common."""
    ranks = _ranks(values)
    if _pearson(ranks, target.ranks) < 0:
        ranks = len(ranks) - 1 - ranks
    # Few rows: one that does not fit moves the others by one rank.
    near = np.abs(ranks - target.ranks) <= max(NEAR_IN_RANK * len(ranks), 2.0)
    return _beyond(float(near.mean()), target.common)


def share_decided(values: Values, target: Target) -> float:
    """The share of rows whose label is, within 1 % of its spread, the median of those with the same value, beyond what is common.

    A value that fewer than five rows have decides nothing.
    """
    large = values.counts >= SMALLEST_GROUP
    if values.counts[large].sum() < 0.9 * len(values.groups) or _explained(values, target) < 0.5:
        return 0.0
    groups = values.groups[target.order]
    by_group = target.order[np.argsort(groups, kind="stable")]
    starts = np.cumsum(values.counts) - values.counts
    middle = by_group[np.minimum(starts + values.counts // 2, len(groups) - 1)]
    medians = target.clipped[middle][values.groups]
    near = np.abs(target.clipped - medians) <= NEAR_IN_VALUE * target.clipped.std()
    return _beyond(float((near & large[values.groups]).mean()), target.common)


def _explained(values: Values, target: Target) -> float:
    """The share of the variance that lies between the values: quick, and large wherever the label is decided."""
    sums = np.bincount(values.groups, weights=target.clipped, minlength=values.size)
    means = sums / np.maximum(values.counts, 1)
    spread = float(target.clipped.var())
    return 1.0 - float(((target.clipped - means[values.groups]) ** 2).mean()) / spread if spread else 0.0


def _beyond(share: float, common: float) -> float:
    return max(share - common, 0.0) / (1.0 - common) if common < 1 else 0.0


def _ranks(values: Values) -> Floats:
    """Each row's rank from 0, the mean of ranks where values are equal."""
    last = np.cumsum(values.counts)
    middle = last - (values.counts + 1) / 2
    return np.asarray(middle[values.groups], dtype=np.float64)


def _clipped(numbers: Floats) -> Floats:
    return np.clip(numbers, *np.quantile(numbers, EXTREMES))


def _pearson(one: Floats, other: Floats) -> float:
    """0 where one of them does not vary."""
    left, right = _centred(one), _centred(other)
    spread = float(np.sqrt(left @ left) * np.sqrt(right @ right))
    return float(left @ right) / spread if spread else 0.0


def _centred(numbers: Floats) -> Floats:
    """Less their mean; zeros where they differ by rounding alone, which could look like anything."""
    centred = numbers - numbers.mean()
    return centred if np.abs(centred).max() > 1e-9 * np.abs(numbers).max() else np.zeros_like(centred)
