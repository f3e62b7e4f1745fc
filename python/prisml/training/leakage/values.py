"""The values of one feature in the training part, as the guards look at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FOLDS = 5
"""What a category tells of a row is learned from the rows of the other folds."""


@dataclass(frozen=True, eq=False)
class Values:
    """Which of the feature's distinct values each row has.

    ``groups`` of shape (rows,) count from 0, of a number in rising order, of a category by code; ``size`` is how many there may be.
    Missing is a value of its own: ``missing`` is its group, of a number the last. It is None where no row lacks the value, or where a
    category stands for missing.
    """

    groups: Indices
    size: int
    missing: int | None
    is_category: bool

    @classmethod
    def of_number(cls, column: NDArray[np.floating[Any]]) -> Values:
        """The values of a number, NaN for missing."""
        order = np.argsort(column)
        ranked = column[order]
        present = len(column) - int(np.count_nonzero(np.isnan(column)))
        first = np.ones(len(column), dtype=np.bool_)
        # NaN is sorted behind all numbers, and is one value here, though no NaN equals another.
        first[1:] = ranked[1:] != ranked[:-1]
        first[present + 1 :] = False
        groups = np.empty(len(column), dtype=np.intp)
        groups[order] = np.cumsum(first) - 1
        size = int(np.count_nonzero(first))
        return cls(groups, size, size - 1 if present < len(column) else None, is_category=False)

    @classmethod
    def of_category(cls, codes: NDArray[np.float32], *, size: int, missing: int | None) -> Values:
        """The values of a category, by code."""
        return cls(codes.astype(np.intp), size, missing, is_category=True)

    @cached_property
    def counts(self) -> Indices:
        """How many rows have each value."""
        return np.bincount(self.groups, minlength=self.size)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have a value."""
        return np.ones(len(self.groups), dtype=np.bool_) if self.missing is None else self.groups != self.missing

    def only(self, rows: NDArray[np.bool_]) -> Values:
        """The same of some of the rows alone."""
        return Values(self.groups[rows], self.size, self.missing, self.is_category)

    def count_by_class(self, classes: Classes) -> Iterator[Floats]:
        """How many rows of each class have each value, class by class."""
        groups = self.groups[classes.order]
        for start, end in pairwise(classes.bounds):
            yield np.bincount(groups[start:end], minlength=self.size).astype(np.float64)

    def by_fold(self, folds: Indices) -> Values:
        """The same with each fold's rows as values of their own: the value's group is the remainder by ``size``."""
        return Values(folds * self.size + self.groups, FOLDS * self.size, None, self.is_category)


@dataclass(frozen=True, eq=False)
class Classes:
    """The rows by class: their order, and where each class begins in it; the last of ``bounds`` is their number."""

    order: Indices
    bounds: Indices

    @classmethod
    def of(cls, target: Indices, count: int) -> Classes:
        sizes = np.bincount(target, minlength=count)
        # Small integers are sorted by radix, several times as fast.
        keys = target.astype(np.int16) if count <= np.iinfo(np.int16).max else target
        return cls(np.argsort(keys, kind="stable"), np.concatenate(([0], np.cumsum(sizes))))

    @property
    def sizes(self) -> Indices:
        return np.diff(self.bounds)
