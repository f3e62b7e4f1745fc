"""Thresholds as float32 that decide for every float32 as the threshold itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def float32_below(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest float32 not above each value, as float64.

    For a float32 x, ``x <= value`` and ``x <= float32_below(value)`` are the same; rounded to nearest they are not.
    """
    with np.errstate(over="ignore"):
        nearest = values.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > values, below, nearest).astype(np.float64)


def float32_under(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The largest float32 less than each value.

    For a float32 x, ``x < value`` and ``x <= float32_under(value)`` are the same.
    """
    with np.errstate(over="ignore"):
        return np.nextafter(values, np.float32(-np.inf)).astype(np.float64)
