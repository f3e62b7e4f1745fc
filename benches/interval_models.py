"""Scoring models whose metrics are known exactly, or from a sample that is very large: what an interval ought to hold.

The binary model scores a row by a normal number, shifted by ``apart`` for the positives: its area under the curve, F1 and log loss have
formulas. ``sharpness`` other than 1 makes its probabilities wrong by that factor of their logit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

from prisml.manifest import Interval, Task
from prisml.training.evaluate import holdout_of
from prisml.training.holdout import Holdout
from prisml.training.intervals import difference, interval
from prisml.training.metrics import METRICS

HUGE = 2_000_000
Floats = NDArray[np.float64]


class _Single:
    """A model that is judged by itself."""

    def draw(self, rows: int, random: np.random.Generator) -> Holdout:
        """A hold-out of independent rows."""
        raise NotImplementedError

    def intervals(self, metrics: Sequence[str], rows: int, random: np.random.Generator) -> dict[str, Interval | None]:
        """Those of ``metrics`` on one hold-out."""
        drawn = self.draw(rows, random)
        return {metric: interval(metric, drawn) for metric in metrics}


@dataclass(frozen=True)
class Binary(_Single):
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
        return self.judged(truth, random.normal(size=rows) + self.apart * truth)

    def judged(self, truth: NDArray[np.bool_], scores: Floats) -> Holdout:
        """The hold-out of these scores."""
        return holdout_of(truth.astype(np.intp), special.expit(self.logit(scores)), task="binary", threshold=self.threshold)

    def logit(self, scores: Floats) -> Floats:
        """What the model says of a score: right where its sharpness is 1."""
        prior = float(special.logit(self.positives))
        return np.asarray(self.sharpness * (prior + self.apart * scores - self.apart**2 / 2))

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
            return float(-special.log_expit(sign * self.logit(np.asarray(score))) * stats.norm.pdf(score - shift))

        of_positives = integrate.quad(lost, -12, 12 + self.apart, args=(1.0, self.apart), limit=200)[0]
        of_others = integrate.quad(lost, -12, 12, args=(-1.0, 0.0), limit=200)[0]
        return float(self.positives * of_positives + (1 - self.positives) * of_others)


@dataclass(frozen=True)
class Classes(_Single):
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
class Amounts(_Single):
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


@dataclass(frozen=True)
class Pair:
    """Two models of the rare class that see the same rows, each with noise of its own."""

    name: str
    new: Binary
    old: Binary

    def draw(self, rows: int, random: np.random.Generator) -> tuple[Holdout, Holdout]:
        """A hold-out of independent rows, as either model scores it."""
        truth = random.random(rows) < self.new.positives
        shared = random.normal(size=rows)
        new, old = (
            model.judged(truth, model.apart * truth + np.sqrt(0.5) * (shared + random.normal(size=rows))) for model in (self.new, self.old)
        )
        return new, old

    def intervals(self, metrics: Sequence[str], rows: int, random: np.random.Generator) -> dict[str, Interval | None]:
        """Those of the differences on one hold-out."""
        new, old = self.draw(rows, random)
        return {metric: difference(metric, new, old) for metric in metrics}

    @property
    def truths(self) -> Mapping[str, float]:
        """How much larger each metric is in the new model."""
        return {metric: value - self.old.truths[metric] for metric, value in self.new.truths.items()}


Known = Binary | Classes | Amounts | Pair


def _of_a_huge_sample(model: Binary | Classes | Amounts) -> dict[str, float]:
    holdout = model.draw(HUGE, np.random.default_rng(2017))
    counts = np.ones(HUGE)
    return {name: metric(holdout, counts) for name, metric in METRICS[model.task].items()}
