"""When rows are seen, and how far their labels look ahead: what a split must not tear apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.errors import LeakageError
from prisml.extraction.stream import Extracted

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class Seen:
    """The moments of the rows and codes of their keys, each None where it is one for all or once for each; the labels' horizon.

    ``by_dates`` says that the moments are dates of the definition, ``by_as_of`` that the rows are cut by their moments. Moments and
    horizon are in microseconds.
    """

    moments: NDArray[np.int64] | None = None
    entities: NDArray[np.int32] | None = None
    horizon: int = 0
    by_dates: bool = False

    def overlapping(self, train: NDArray[np.intp], test: NDArray[np.intp], *, model: str) -> NDArray[np.intp]:
        """The rows of ``train`` whose label reaches past the first moment of ``test``; ``LeakageError`` where whole snapshots do."""
        if self.moments is None or not self.horizon:
            return train[:0]
        start = int(self.moments[test].min())
        reaching = train[self.moments[train] + self.horizon > start]
        if len(reaching) and self.by_dates:
            raise LeakageError(
                f"Model {model!r}: the labels of {len(reaching):,} training rows reach past the first snapshot that is held out.",
                {"model": model, "guard": "split_overlap", "rows": len(reaching)},
                [f"Leave {self.horizon // 86_400_000_000} days between the snapshots of training and those held out, or split by entity."],
            )
        return reaching

    def check(self, train: NDArray[np.intp], test: NDArray[np.intp], *, model: str) -> None:
        """``LeakageError`` where an entity trains the model by a row of the same or a later moment than one that it is judged on."""
        if self.entities is None or self.moments is None:
            return
        size = int(self.entities.max()) + 1
        newest, oldest = np.full(size, np.iinfo(np.int64).min), np.full(size, np.iinfo(np.int64).max)
        np.maximum.at(newest, self.entities[train], self.moments[train])
        np.minimum.at(oldest, self.entities[test], self.moments[test])
        torn = int(np.count_nonzero(newest >= oldest))
        if torn:
            raise LeakageError(
                f"Model {model!r}: {torn:,} entities train the model with a snapshot as late as one that it is judged on.",
                {"model": model, "guard": "split_overlap", "entities": torn},
                ['Split by time, split="time", or by a column that is the same in all snapshots of an entity.'],
            )


def seen_of(definition: ModelDefinition[Any], extracted: Extracted) -> Seen:
    """When the rows of ``extracted`` are seen."""
    return Seen(extracted.moments, extracted.entities, definition.horizon // _MICROSECOND, by_dates=len(definition.as_of.dates) > 1)
