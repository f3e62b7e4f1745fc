"""The values of a feature that has categories: which there are, how they are shown, and the code of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input
from prisml.report import Level

LONGEST = 60
"""So many letters of a category, a class or a key are shown."""
Codes = NDArray[np.intp]


def shown(value: object) -> str:
    """The value as text of a bounded length, which every encoding holds."""
    text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of a column of the encoded matrix; ``codes`` are what stands there for each."""

    levels: tuple[Level, ...]
    codes: tuple[float, ...]

    def of(self, column: NDArray[np.float32]) -> Codes:
        """For each row the place of its level."""
        found = np.full(len(column), len(self.codes), dtype=np.intp)
        for place, code in enumerate(self.codes):
            found[np.isnan(column) if np.isnan(code) else column == code] = place
        return found

    def shares(self, column: NDArray[np.float32]) -> NDArray[np.float64]:
        """The share of the rows that have each level."""
        counts = np.bincount(self.of(column), minlength=len(self.codes))[: len(self.codes)]
        return counts / max(len(column), 1)


def is_divided(item: Input) -> bool:
    """Whether a row has one of a few values of the feature."""
    return item.categories is not None or item.dtype == "bool"


def levels_of(item: Input) -> Levels:
    """The levels of a feature with categories, or of a bool."""
    if item.categories is None:
        values = [(Level(value="no"), 0.0), (Level(value="yes"), 1.0), (Level(value="missing", kind="missing"), float("nan"))]
        return Levels(tuple(level for level, _ in values), tuple(code for _, code in values))
    levels = [Level(value=shown(category)) for category in item.categories]
    codes = [float(code) for code in range(len(levels))]
    for code, level in ((item.missing_code, Level(value="missing", kind="missing")), (item.other_code, Level(value="other", kind="other"))):
        if code is not None and code not in codes:
            levels.append(level)
            codes.append(float(code))
    return Levels(tuple(levels), tuple(codes))
