"""What gates divide the hold-out by: for each row a code, and what the codes stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import FeatureExtractionError, described
from prisml.extraction.labels import Groups
from prisml.manifest import ClassLabel


# eq=False: arrays do not compare as one.
@dataclass(frozen=True, eq=False)
class Slices:
    """``codes`` (int32) into ``values``, None among them for what is missing; an Enum's member by name."""

    codes: NDArray[np.int32]
    values: tuple[ClassLabel | None, ...]

    def of(self, rows: NDArray[np.intp]) -> Slices:
        """The same of these rows alone."""
        return Slices(self.codes[rows], self.values)


class Slicing:
    """Fills the codes of up to ``size`` rows of the slice ``name``, page by page."""

    def __init__(self, size: int, name: str) -> None:
        self._groups = Groups(size)
        self._name = name

    def put(self, start: int, values: Sequence[Any]) -> None:
        """Take the values of the rows from ``start``."""
        self._groups.put(start, [value.name if isinstance(value, Enum) else self._plain(value) for value in values])

    def _plain(self, value: Any) -> ClassLabel | None:
        """The value, refused where no category can be it."""
        if value is None or isinstance(value, (str, int)):
            return value
        if isinstance(value, Integral):
            return int(value)
        raise FeatureExtractionError(
            f"The slice {self._name!r} is of categories, and some row gives {described(value)}.",
            {"slice": self._name, "type": type(value).__name__},
            ["Correct the column's type in the mapping, or the row's value."],
        )

    def finished(self, size: int) -> Slices:
        """The codes of the first ``size`` rows."""
        return Slices(self._groups.array[:size].astype(np.int32, copy=False), self._groups.values)
