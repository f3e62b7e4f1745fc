"""The primary keys of the rows, page by page: integers in one array, anything else as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGEST = 2**63 - 1
_MOST_SHARED = 2**16
"""Of a column with more different values than that, few repeat: to look for them would take more than it saves."""


class Keys:
    """The keys of up to ``size`` rows; where all of their columns are integers, each takes 8 bytes a row."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._columns: list[NDArray[Any]] = []
        self._shared: list[dict[object, object]] = []

    def put(self, start: int, columns: Sequence[Sequence[Any]]) -> None:
        """Keep the keys of a page, one sequence for each column of the key."""
        if not self._columns:
            self._columns, self._shared = [np.empty(self._size, np.int64) for _ in columns], [{} for _ in columns]
        for place, values in enumerate(columns):
            kept = self._columns[place]
            if kept.dtype != np.object_ and not _are_whole(values):
                kept = self._columns[place] = kept.astype(np.object_)
            given = self._repeated(place, values) if kept.dtype == np.object_ else values
            # Through an array of its own: NumPy would take bytes and texts apart, or give them one length.
            kept[start : start + len(values)] = np.fromiter(given, kept.dtype, len(values))

    def _repeated(self, place: int, values: Sequence[Any]) -> Sequence[Any]:
        """The values, each that was there before as the object that is kept already: the parts of a composite key repeat."""
        known = self._shared[place]
        if len(known) > _MOST_SHARED:
            return values
        return [known.setdefault(value, value) if _is_told_by_equality(value) else value for value in values]

    def of(self, row: int) -> tuple[Any, ...]:
        """The key of a row, a value for each of its columns."""
        return tuple(int(column[row]) if column.dtype != np.object_ else column[row] for column in self._columns)

    def digest(self, rows: NDArray[np.intp], moments: NDArray[np.int64] | None = None) -> str:
        """SHA-256, in hex, of the keys of ``rows``, and of their ``moments`` (those of all rows), whatever the order."""
        columns = [column[rows] for column in (*self._columns, *([] if moments is None else [moments]))]
        if all(column.dtype != np.object_ for column in columns):
            table = np.stack(columns, axis=1).astype("<i8", copy=False)
            return hashlib.sha256(table[np.lexsort(table.T[::-1])].tobytes()).hexdigest()
        texts = sorted(repr(row) for row in zip(*(column.tolist() for column in columns), strict=True))
        return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays, without what they refer to."""
        return sum(column.nbytes for column in self._columns)


def _is_told_by_equality(value: object) -> bool:
    """Whether what equals it is the same in every way; 1 and True are not, and neither are aware moments of two zones."""
    kind = type(value)
    return kind is str or kind is date or (isinstance(value, datetime) and kind is datetime and value.tzinfo is None and not value.fold)


def _are_whole(values: Sequence[Any]) -> bool:
    return set(map(type, values)) == {int} and max(map(abs, values)) <= _LARGEST
