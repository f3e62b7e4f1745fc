"""Scoring models whose metrics are known exactly, or from a sample that is very large: what an interval ought to hold.

The binary model scores a row by a normal number, shifted by ``apart`` for the positives: its area under the curve, F1 and log loss have
formulas. ``sharpness`` other than 1 makes its probabilities wrong by that factor of their logit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

from prisml.manifest import Task
from prisml.training.evaluate import holdout_of
from prisml.training.metrics import METRICS, Holdout

HUGE = 2_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Binary:
    """A model of a rare class: 5 % of the rows are positive."""

    name: str
    apart: float
    threshold: float
    sharpness: float = 1.0
    positives: float = 0.05

    task: Task = "binary"

    def draw(self, rows: int, random: np.random.Generator) -> Holdout:
        """A hold-out of independent rows."""
        truth = random.random(rows) < self.positives
        scores = random.normal(size=rows) + self.apart * truth
        return holdout_of(truth.astype(np.intp), special.expit(self.logit(scores)), task="binary", threshold=self.threshold)

    def logit(self, scores: Floats) -> Floats:
        """What the model says of a score: right where its sharpness is 1."""
        return self.sharpness * (special.logit(self.positives) + self.apart * scores - self.apart**2 / 2)

    @cached_property
    def truths(self) -> Mapping[str, float]:
        """What the metrics are in all rows that there could be: the promised ones by formulas, the others from two million rows."""
        return {**_of_a_huge_sample(self), "roc_auc": self._roc_auc(), "f1": self._f1(), "log_loss": self._log_loss()}

    def _roc_auc(self) -> float:
        return float(stats.norm.cdf(self.apart / np.sqrt(2)))

    def _f1(self) -> float:
        cut = (special.logit(self.threshold) / self.sharpness - special.logit(self.positives) + self.apart**2 / 2) / self.apart
        found, wrong = self.positives * stats.norm.sf(cut - self.apart), (1 - self.positives) * stats.norm.sf(cut)
        return float(2 * found / (found + wrong + self.positives))

    def _log_loss(self) -> float:
        def lost(score: float, sign: float, shift: float) -> float:
            return float(-special.log_expit(sign * self.logit(np.float64(score))) * stats.norm.pdf(score - shift))

        of_positives = integrate.quad(lost, -12, 12 + self.apart, args=(1.0, self.apart), limit=200)[0]
        of_others = integrate.quad(lost, -12, 12, args=(-1.0, 0.0), limit=200)[0]
        return float(self.positives * of_positives + (1 - self.positives) * of_others)


@dataclass(frozen=True)
class Classes:
    """A model of three classes, of which one is rare."""

    name: str = "three classes"
    shares: tuple[float, ...] = (0.6, 0.35, 0.05)

    task: Task = "multiclass"

    def draw(self, rows: int, random: np.random.Generator) -> Holdout:
        """A hold-out of independent rows."""
        truth = random.choice(len(self.shares), rows, p=self.shares)
        scores = random.normal(size=(rows, len(self.shares))) + 1.5 * np.eye(len(self.shares))[truth]
        predicted = special.softmax(1.5 * scores + np.log(self.shares), axis=1)
        return holdout_of(truth.astype(np.intp), predicted, task="multiclass", threshold=0.5)

    @cached_property
    def truths(self) -> Mapping[str, float]:
        """What the metrics are in two million rows."""
        return _of_a_huge_sample(self)


@dataclass(frozen=True)
class Amounts:
    """A model of amounts whose errors have long tails: Student's, with five degrees of freedom."""

    name: str = "amounts"

    task: Task = "regression"

    def draw(self, rows: int, random: np.random.Generator) -> Holdout:
        """A hold-out of independent rows."""
        known = random.normal(size=rows)
        truth = 60 + 8 * known + 4 * random.standard_t(5, rows)
        return holdout_of(truth, 60 + 8 * known, task="regression", threshold=0.5)

    @cached_property
    def truths(self) -> Mapping[str, float]:
        """What the metrics are in two million rows."""
        return _of_a_huge_sample(self)


Known = Binary | Classes | Amounts


def _of_a_huge_sample(model: Known) -> dict[str, float]:
    holdout = model.draw(HUGE, np.random.default_rng(2017))
    counts = np.ones(HUGE)
    return {name: metric(holdout, counts) for name, metric in METRICS[model.task].items()}
