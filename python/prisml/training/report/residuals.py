"""The residuals of a regression: over the predictions, in a histogram, and beside a normal distribution."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from prisml.report import Band, Histogram, Residuals
from prisml.training.holdout import Floats, Holdout

MOST_BANDS = 20
BINS = 30
_BAND = (0.1, 0.25, 0.5, 0.75, 0.9)
_ROWS_OF_BAND = 20
_OUTER = 0.005
_SHARES = np.concatenate(([0.005, 0.01, 0.02], np.arange(0.05, 0.951, 0.05), [0.98, 0.99, 0.995]))


def residuals(holdout: Holdout) -> Residuals:
    """Quantiles and counts alone: no row's own truth or prediction."""
    left = -holdout.errors
    return Residuals(
        bands=_bands(holdout.predicted, left),
        distribution=_distribution(left),
        normal=tuple(NormalDist().inv_cdf(float(share)) for share in _SHARES),
        quantiles=tuple(np.quantile(left, _SHARES).tolist()),
    )


def _bands(predicted: Floats, left: Floats) -> tuple[Band, ...]:
    """Equally many rows in each, by rising prediction."""
    many = max(1, min(MOST_BANDS, len(predicted) // _ROWS_OF_BAND))
    return tuple(_band(predicted[rows], left[rows]) for rows in np.array_split(np.argsort(predicted, kind="stable"), many))


def _band(predicted: Floats, left: Floats) -> Band:
    return Band(predicted=float(predicted.mean()), rows=len(left), quantiles=tuple(np.quantile(left, _BAND).tolist()))


def _distribution(left: Floats) -> Histogram:
    """Without the outermost rows, which would leave the others one bin."""
    low, high = np.quantile(left, [_OUTER, 1 - _OUTER])
    edges: NDArray[np.float64] = np.linspace(low, high, BINS + 1) if low < high else np.array([low - 0.5, low + 0.5])
    return Histogram(edges=tuple(edges.tolist()), counts=(tuple(np.histogram(left, edges)[0].tolist()),))
