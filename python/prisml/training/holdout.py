"""A hold-out: what was there beside what was predicted, and what is worked out of it once for all metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10


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
    def said(self) -> Floats:
        """The probability that is judged for calibration: P(positive), or that of the likeliest class."""
        return self.predicted if self.predicted.ndim == 1 else np.asarray(self.predicted.max(axis=1))

    @cached_property
    def came_true(self) -> Floats:
        """1 where what ``said`` is about came true, else 0."""
        right = 1 if self.predicted.ndim == 1 else self.predicted.argmax(axis=1)
        return np.asarray(self.truth == right, dtype=np.float64)

    @cached_property
    def bins(self) -> NDArray[np.intp]:
        """Which of ten bins of equal width ``said`` lies in; a probability on a border belongs to the one below."""
        return np.clip(np.ceil(self.said * BINS).astype(np.intp) - 1, 0, BINS - 1)

    @cached_property
    def losses(self) -> Floats:
        """The logarithmic loss of each row, as scikit-learn clips it."""
        smallest = np.finfo(np.float64).eps
        given = self.shares[np.arange(len(self.truth)), self.truth.astype(np.intp)]
        return np.asarray(-np.log(np.clip(given, smallest, 1 - smallest)))

    @cached_property
    def squares(self) -> Floats:
        """The Brier score of each row: of several classes the sum over all of them, of two the positive one's alone."""
        if self.predicted.ndim == 1:
            return np.asarray(self.errors**2)
        own = self.predicted[np.arange(len(self.truth)), self.truth.astype(np.intp)]
        return np.asarray((self.predicted**2).sum(axis=1) - 2.0 * own + 1.0)

    @cached_property
    def relative(self) -> Floats:
        """The size of each row's error as a share of the truth's."""
        return np.abs(self.errors) / np.maximum(np.abs(self.truth.astype(np.float64)), np.finfo(np.float64).eps)

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
