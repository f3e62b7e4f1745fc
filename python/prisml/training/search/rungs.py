"""On how many rows candidates are fitted, rung by rung, and on which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROWTH = 3
"""How many times the rows of a rung the next has, and of how many candidates one goes on: Li et al. (2018) advise 3 or 4."""
SMALLEST = 1_000
MOST = 4
_FEWEST_OF_A_CLASS = 5


def sizes(rows: int) -> tuple[int, ...]:
    """The rows of each rung, the last of which has all: none has fewer than 1,000, unless there are fewer."""
    found = [rows]
    while len(found) < MOST and found[0] // GROWTH >= SMALLEST:
        found.insert(0, found[0] // GROWTH)
    return tuple(found)


def thinned(target: NDArray[np.generic], rows: int, *, classes: int, seed: int) -> NDArray[np.intp]:
    """Row numbers in ascending order, about ``rows`` of them: of each class the same share, and at least five where it has them.

    What is taken for fewer rows is among what is taken for more.
    """
    if rows >= len(target):
        return np.arange(len(target))
    random = np.random.default_rng(seed)
    strata = [np.flatnonzero(target == code) for code in range(classes)] if classes else [np.arange(len(target))]
    share = rows / len(target)
    taken = [random.permutation(each)[: max(round(len(each) * share), _FEWEST_OF_A_CLASS)] for each in strata]
    return np.sort(np.concatenate(taken))
