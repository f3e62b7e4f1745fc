"""The weights of a linear score of the encoded matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Weights:
    """What a row's numbers are multiplied with, and what its codes add; one column for each output.

    ``numbers`` has a row for each column of the encoded matrix, zero where that is a category. ``codes`` has a table for each category,
    with a row for each of its codes.
    """

    numbers: NDArray[np.float64]
    codes: tuple[NDArray[np.float64], ...]
    bias: NDArray[np.float64]
