"""How sure a metric is: the interval that holds the value that an endless hold-out would give, in 95 of 100 trainings.

Nothing is drawn: the variance is the one that a bootstrap tends to (``influence``), and the shape is that of the metric's kind.

- A *share* (``f1``, ``roc_auc``) is as sure as the share of an effective number of yes-or-no answers that has its variance (Korn and
  Graubard, Survey Methodology 24, 1998). The upper end is that of Jeffreys, the lower a third of the way from there to that of Clopper and
  Pearson (Brown, Cai and DasGupta, Statistical Science 2001), since a share that chance makes too large has too small a variance too. The
  variance counts one row more of each class, as uncertain as a row can be: what ten positives do not show, their own does not know.
- A *loss* (``log_loss``, ``mae``) is a sum of weighted events, as a standardised rate is: the ends are those of a gamma, the upper with the
  largest row counted once more (Fay and Feuer, Statistics in Medicine 16, 1997).
- ``ece`` is made larger by chance: what chance adds, by bins that are normal, is taken off (the mean of a folded normal). Cautious.
- ``median_ae`` has the ends that ranks give, whatever the distribution (the sign test's).

``make verify-intervals`` measures how often the intervals hold the truth.
"""

from __future__ import annotations

import numpy as np

from prisml.manifest import Interval
from prisml.training.holdout import BINS, Floats, Holdout
from prisml.training.influence import INFLUENCES, Influence
from prisml.training.metrics import EVERY, PARTS

CONFIDENCE = 0.95
_LOSSES = frozenset({"log_loss", "brier", "mae", "mape"})
_RANKED = frozenset({"roc_auc", "roc_auc_ovr", "roc_auc_ovr_weighted", "average_precision"})
Ends = tuple[float, float]


def interval(metric: str, holdout: Holdout, *, confidence: float = CONFIDENCE) -> Interval | None:
    """The value of ``metric`` on ``holdout``, with the ends of its interval; None where the hold-out does not define it."""
    value = _value(metric, holdout)
    if not np.isfinite(value):
        return None
    low, high = _ends(metric, holdout, value, (1 - confidence) / 2)
    return Interval(value=value, low=float(min(low, value)), high=float(max(high, value)))


def difference(metric: str, new: Holdout, old: Holdout, *, confidence: float = CONFIDENCE) -> Interval | None:
    """How much ``metric`` is larger in ``new`` than in ``old``, on the same rows in the same order; None where one does not define it.

    A row moves both metrics: what they have in common cancels out. The ends are Student's, with as many degrees of freedom as the rows
    that differ tell (Satterthwaite, Biometrics Bulletin 1946). The row more of each class that a share counts moves either metric by
    itself, since of it nothing is known to be in common. Like ``interval``, it draws nothing: equal hold-outs, equal ends. There are no
    ends where models that differ differ alike in every row, which tells nothing of how sure that is.
    """
    from scipy import stats

    value = _value(metric, new) - _value(metric, old)
    if not np.isfinite(value):
        return None
    if np.array_equal(new.predicted, old.predicted) and np.array_equal(new.labels, old.labels):
        return Interval(value=value, low=value, high=value)
    one, other = INFLUENCES[metric](new), INFLUENCES[metric](old)
    apart, more = one.rows - other.rows, [_unseen(metric, each) for each in (one, other)]
    squares = float((apart**2).sum()) + sum(more)
    if not squares:
        return Interval(value=value)
    rows = len(apart)
    tailed = rows * (float((apart**4).sum()) + sum(each**2 for each in more)) / squares**2
    reach = stats.t.ppf((1 + confidence) / 2, max(2 * rows / max(tailed - 1, 1e-9), 1.0)) * np.sqrt(squares / (rows * max(rows - 1, 1)))
    return Interval(value=value, low=float(value - reach), high=float(value + reach))


def _value(metric: str, holdout: Holdout) -> float:
    """The metric; NaN where the class that it is about is absent, of which scikit-learn says 0."""
    if metric in PARTS and not (holdout.truth == 1).any():
        return float("nan")
    return EVERY[metric](holdout, np.ones(len(holdout.truth)))


def _unseen(metric: str, found: Influence) -> float:
    """What the added rows move; where rows are ranked, a perfect share is taken for as much less as half a row more would make it."""
    if metric not in _RANKED:
        return found.more
    widest = found.more / (found.centre * (1.0 - found.centre))
    rows = len(found.rows) ** 2 / widest
    centre = (found.centre * rows + 0.5) / (rows + 1.0)
    return widest * centre * (1.0 - centre)


def _ends(metric: str, holdout: Holdout, value: float, tail: float) -> Ends:
    if metric in _LOSSES:
        return _loss(value, INFLUENCES[metric](holdout).rows, tail)
    if metric == "ece":
        return _ece(holdout, value, tail)
    if metric == "median_ae":
        return _median_ae(holdout, tail)
    if metric == "rmse":
        squares = holdout.errors**2
        low, high = _loss(float(squares.mean()), squares - squares.mean(), tail)
        return float(np.sqrt(low)), float(np.sqrt(high))
    if metric == "r2":
        low, high = _loss(1.0 - value, -INFLUENCES[metric](holdout).rows, tail)
        return 1.0 - high, 1.0 - low
    return _share(metric, holdout, value, tail)


def _share(metric: str, holdout: Holdout, value: float, tail: float) -> Ends:
    from scipy import stats

    found = INFLUENCES[metric](holdout)
    if not found.variance:
        return 0.0, 1.0
    rows = found.centre * (1.0 - found.centre) / found.variance
    value = min(max(value, 0.0), 1.0)
    yes, no = rows * value, rows * (1.0 - value)
    low = float(stats.beta.ppf(tail, yes + 1 / 3, no + 2 / 3)) if value > 0 else 0.0
    return low, float(stats.beta.ppf(1.0 - tail, yes + 0.5, no + 0.5)) if value < 1 else 1.0


def _loss(value: float, moved: Floats, tail: float) -> Ends:
    from scipy import stats

    rows = len(moved)
    if value <= 0:
        return 0.0, 0.0
    variance = float((moved**2).sum()) / (rows * max(rows - 1, 1))
    largest = (float(moved.max()) + value) / rows
    above, wider = value + largest, variance + largest**2
    # Between an event less and none less, as the upper end is one more: so both ends miss about as often.
    low = stats.gamma.ppf(tail, value**2 / variance + 0.5) * variance / value if variance else value
    return float(low), float(stats.gamma.ppf(1.0 - tail, above**2 / wider) * wider / above)


def _ece(holdout: Holdout, value: float, tail: float) -> Ends:
    """The lower end is 0 where probabilities that are right would give as much by chance; the upper takes off what chance adds to it."""
    from scipy import stats

    apart, rows, z = holdout.came_true - holdout.said, len(holdout.truth), stats.norm.ppf(1.0 - tail)
    gaps = np.bincount(holdout.bins, weights=apart, minlength=BINS) / rows
    by_chance = np.sqrt(np.bincount(holdout.bins, weights=holdout.said * (1.0 - holdout.said), minlength=BINS)) / rows
    low = value - by_chance.sum() * np.sqrt(2 / np.pi) - z * np.sqrt((by_chance**2).sum())
    spread = np.sqrt(np.maximum(np.bincount(holdout.bins, weights=apart**2, minlength=BINS) / rows - gaps**2, 1e-300) / rows)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-((gaps / spread) ** 2) / 2) + gaps * (1 - 2 * stats.norm.cdf(-gaps / spread))
    reach = z * np.sqrt((gaps**2 + spread**2 - folded**2).clip(min=0).sum())
    return float(max(low, 0.0)), float(min(2 * value - folded.sum() + reach, 1.0))


def _median_ae(holdout: Holdout, tail: float) -> Ends:
    from scipy import stats

    sizes = np.abs(holdout.errors)[holdout.by_size]
    below = int(stats.binom.ppf(tail, len(sizes), 0.5))
    return float(sizes[max(below - 1, 0)]), float(sizes[min(len(sizes) - below, len(sizes) - 1)])
