"""When rows are seen, and how far their labels look ahead: what a split must not tear apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.leaks import Leak
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class Seen:
    """The moments of the rows and codes of their keys, each None where it is one for all or once for each; the labels' horizon.

    ``by_dates`` says that the moments are dates of the definition. Moments and horizon are in microseconds.
    """

    moments: NDArray[np.int64] | None = None
    entities: NDArray[np.int32] | None = None
    horizon: int = 0
    by_dates: bool = False

    def of(self, rows: NDArray[np.intp]) -> Seen:
        """The same of these rows alone."""
        moments = None if self.moments is None else self.moments[rows]
        return replace(self, moments=moments, entities=None if self.entities is None else self.entities[rows])

    def leaks(self, train: NDArray[np.intp], test: NDArray[np.intp], *, by_time: bool) -> Iterator[Leak]:
        """What the guard "split_overlap" finds of two parts."""
        reaching = len(self.overlapping(train, test)) if by_time and self.by_dates else 0
        if reaching:
            days = self.horizon // 86_400_000_000
            what = f"the labels of {reaching:,} training rows look ahead past the first snapshot that is held out"
            yield Leak("split_overlap", None, what, f"Leave {days} days between the snapshots of training and those held out.")
        torn = self.torn(train, test)
        if torn:
            what = f"{torn:,} entities train the model with a snapshot as late as one that it is judged on"
            way_out = 'Split by time, split="time", or by a column that is the same in all snapshots of an entity.'
            yield Leak("split_overlap", None, what, way_out)

    def overlapping(self, train: NDArray[np.intp], test: NDArray[np.intp]) -> NDArray[np.intp]:
        """The rows of ``train`` whose label reaches past the first moment of ``test``."""
        if self.moments is None or not self.horizon:
            return train[:0]
        return train[self.moments[train] + self.horizon > int(self.moments[test].min())]

    def torn(self, train: NDArray[np.intp], test: NDArray[np.intp]) -> int:
        """How many entities train the model by a row of the same or a later moment than one that it is judged on."""
        if self.entities is None or self.moments is None:
            return 0
        size = int(self.entities.max()) + 1
        newest, oldest = np.full(size, np.iinfo(np.int64).min), np.full(size, np.iinfo(np.int64).max)
        np.maximum.at(newest, self.entities[train], self.moments[train])
        np.minimum.at(oldest, self.entities[test], self.moments[test])
        return int(np.count_nonzero(newest >= oldest))


def seen_of(definition: ModelDefinition[Any], extracted: Extracted) -> Seen:
    """When the rows of ``extracted`` are seen."""
    return Seen(extracted.moments, extracted.entities, definition.horizon // _MICROSECOND, by_dates=len(definition.as_of.dates) > 1)
