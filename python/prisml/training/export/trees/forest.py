"""Trees as plain arrays, whichever library fitted them: what readers give, and what is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Link = Literal["none", "logistic", "softmax", "exp"]
"""What becomes of the sums: they are the answer, scores of two classes, of several, or the logarithm of a number."""


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree: a place for each node, the root first.

    A row goes left where its float32 is at most the ``threshold``, which is a float32 too, or where it is NaN and ``nan_left`` says so.
    ``members`` are, for nodes that ask for a category, the codes that go left. A leaf has no children: ``left`` and ``right`` are -1.
    ``weights`` says what a node adds to the targets from ``target`` on, a column for each; only leaves are read.
    """

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    nan_left: NDArray[np.bool_]
    weights: NDArray[np.float64]
    target: int = 0
    members: Mapping[int, frozenset[int]] = field(default_factory=dict)

    @property
    def inner(self) -> NDArray[np.bool_]:
        """Which nodes are decisions."""
        return self.left >= 0


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees whose leaves are added up to ``base``, which has a number for each target; of two classes only the second is one."""

    trees: tuple[Tree, ...]
    base: NDArray[np.float64]
    link: Link = "none"
