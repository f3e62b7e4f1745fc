"""Whether probabilities say what comes true: bins of a reliability diagram, and the expected calibration error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Reliability, ReliabilityBin

BINS = 10
Floats = NDArray[np.float64]


def reliability(truth: NDArray[np.generic], predicted: Floats, *, bins: int = BINS) -> Reliability:
    """The bins, the expected calibration error and the Brier score of ``predicted``, beside the codes of classes in ``truth``.

    ``predicted`` is P(positive) of shape (n,), or each class's probability of shape (n, classes). Of several classes the bins are over the
    probability of the likeliest one, and what comes true is that it is the right one. The Brier score of several classes is the sum over
    them (Brier, 1950), from 0 to 2; of two it is the positive one's alone, from 0 to 1.
    """
    said, came_true = _claims(truth, predicted)
    counts, means, shares = _binned(said, came_true, np.ones(len(said)), bins)
    found = [
        ReliabilityBin(count=int(count), predicted=float(mean), observed=float(share)) if count else ReliabilityBin(count=0)
        for count, mean, share in zip(counts, means, shares, strict=True)
    ]
    return Reliability(bins=tuple(found), ece=_error(counts, means, shares), brier=_brier(truth, predicted))


def ece(truth: NDArray[np.generic], predicted: Floats, *, counts: Floats | None = None, bins: int = BINS) -> float:
    """The expected calibration error, from 0 to 1: how far the mean probability of a bin is from what came true, over all rows.

    ``truth`` and ``predicted`` are as in ``reliability``, ``counts`` how often each row counts (once). The bins are of equal width, a
    probability on a border belonging to the one below. Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks
    (ICML 2017), formula 3; for two classes with P(positive) in place of the confidence, so that it is read off the reliability diagram.
    """
    said, came_true = _claims(truth, predicted)
    return _error(*_binned(said, came_true, np.ones(len(said)) if counts is None else counts, bins))


def _claims(truth: NDArray[np.generic], predicted: Floats) -> tuple[Floats, Floats]:
    """What each row's probability is, and whether it came true."""
    if predicted.ndim == 1:
        return predicted, (truth == 1).astype(np.float64)
    return predicted.max(axis=1), (predicted.argmax(axis=1) == truth).astype(np.float64)


def _binned(said: Floats, came_true: Floats, counts: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Of each bin the count, the mean probability and the share that came true; NaN where the count is 0."""
    place = np.clip(np.ceil(said * bins).astype(np.intp) - 1, 0, bins - 1)
    parts = (counts, counts * said, counts * came_true)
    sums = [np.bincount(place, weights=part, minlength=bins).astype(np.float64, copy=False) for part in parts]
    with np.errstate(invalid="ignore"):
        return sums[0], sums[1] / sums[0], sums[2] / sums[0]


def _error(counts: Floats, means: Floats, shares: Floats) -> float:
    filled = counts > 0
    return float((counts[filled] * np.abs(shares[filled] - means[filled])).sum() / counts.sum())


def _brier(truth: NDArray[np.generic], predicted: Floats) -> float:
    if predicted.ndim == 1:
        return float(np.mean((predicted - (truth == 1)) ** 2))
    right = np.eye(predicted.shape[1])[truth.astype(np.intp)]
    return float(np.mean(((predicted - right) ** 2).sum(axis=1)))
