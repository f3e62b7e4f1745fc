"""The arrays that training starts from, filled page by page."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from prisml._core import Encoder
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import micros_of, moment_of
from prisml.definition.split import GroupSplit, RandomSplit
from prisml.errors import FeatureExtractionError
from prisml.extraction.beside import Beside, Besides
from prisml.extraction.keys import Keys
from prisml.extraction.labels import Classes, Groups, Numbers, Times
from prisml.extraction.slices import Slices, Slicing
from prisml.extraction.statement import Statement
from prisml.manifest import ClassLabel, Input

Categories = tuple[str, ...] | tuple[int, ...] | None
P = TypeVar("P", bound=Sized)


@dataclass(frozen=True)
class Dropped:
    """How many rows were read and not kept: for a NULL label, a NULL ``as_of``, or a label whose time was not over."""

    null_label: int = 0
    null_as_of: int = 0
    open_window: int = 0

    def described(self) -> str:
        """The reasons that occurred, in words."""
        reasons = {
            "a NULL label": self.null_label,
            "a NULL as_of": self.null_as_of,
            "a label whose time is not over": self.open_window,
        }
        return ", ".join(f"{count:,} for {reason}" for reason, count in reasons.items() if count) or "none"


class Reader(Protocol[P]):
    """How training gets at the rows of a page, whatever keeps them."""

    def values(self, page: P, place: int) -> list[Any]:
        """The values of the statement's column at ``place``."""

    def take(self, page: P, indices: Sequence[int]) -> P:
        """The rows at ``indices`` alone."""

    def labels(self, page: P, as_of: datetime) -> list[object]:
        """The labels as they are, None among them."""

    def encode(self, page: P, out: NDArray[np.float32], *, first_row: int, as_of: datetime, beside: Beside | None) -> None:
        """Encode the rows into ``out``, and for ``beside``; errors count them from ``first_row``."""


class Matrix(Generic[P]):
    """Fills the preallocated arrays of ``total`` rows, ``now`` being the moment of extraction; ``beside`` are another version's inputs."""

    def __init__(
        self,
        definition: ModelDefinition[Any],
        statement: Statement,
        encoder: Encoder,
        reader: Reader[P],
        *,
        total: int,
        now: datetime,
        beside: Sequence[Input] = (),
    ) -> None:
        self.read = 0
        self.kept = 0
        self.dropped = Dropped()
        self.as_of = micros_of(now)
        self._total = total
        self._now = now
        self._definition = definition
        self._statement = statement
        self._encoder = encoder
        self._reader = reader
        self._matrix = np.empty((total, len(definition.inputs)), np.float32)
        self._labels = (Numbers if definition.task == "regression" else Classes)(definition.label_dtype, total)
        self._split: Times | Groups | None = None
        if statement.split is not None:
            self._split = Groups(total) if isinstance(definition.split, GroupSplit) else Times(total)
        self._keys = Keys(total)
        self._moments = Times(total) if definition.as_of.varies else None
        self._entities = Groups(total) if len(definition.as_of.dates) > 1 else None
        self._slices = {name: Slicing(total, name) for name in statement.slices}
        self._beside = Beside(beside, total) if beside else None

    def add(self, page: P, as_of: datetime) -> None:
        """Take the rows of a page, which are seen at ``as_of``, or each at its own moment."""
        self.read += len(page)
        if self.read > self._total:
            raise self._disagreement()
        page = self._with_moment(page)
        labels = self._reader.labels(page, as_of)
        present = self._labels.present(labels)
        if present is not None:
            self.dropped = replace(self.dropped, null_label=self.dropped.null_label + len(page) - len(present))
            page, labels = self._reader.take(page, present), [labels[index] for index in present]
        if not len(page):
            return
        start, self.kept = self.kept, self.kept + len(page)
        self._labels.put(start, labels)
        if self._split is not None and self._statement.split is not None:
            self._split.put(start, self._reader.values(page, self._statement.split))
        if self._moments is not None:
            self._moments.put(start, self._moments_of(page, as_of))
        keys = [self._reader.values(page, place) for place in self._statement.keys.values()]
        self._keys.put(start, keys)
        if self._entities is not None:
            self._entities.put(start, list(zip(*keys, strict=True)))
        for name, place in self._statement.slices.items():
            self._slices[name].put(start, self._reader.values(page, place))
        self._reader.encode(page, self._matrix[start : self.kept], first_row=start, as_of=as_of, beside=self._beside)

    def check_whole(self) -> None:
        """Refuse a database that gave another number of rows than it had counted."""
        if self.read != self._total:
            raise self._disagreement()

    @property
    def encoded(self) -> NDArray[np.float32]:
        """The matrix of the rows that were kept."""
        return self._matrix[: self.kept]

    @property
    def labels(self) -> NDArray[np.float64] | NDArray[np.int32]:
        """The labels, or the codes of classes."""
        return self._labels.array[: self.kept]

    @property
    def label_values(self) -> tuple[ClassLabel, ...]:
        """What the codes of classes stand for."""
        return self._labels.labels

    @property
    def split_values(self) -> NDArray[np.int64] | NDArray[np.int32] | None:
        """What the rows are divided by; None where that is chance."""
        if isinstance(self._definition.split, RandomSplit):
            return None
        source = self._split or self._moments
        return None if source is None else source.array[: self.kept]

    @property
    def moments(self) -> NDArray[np.int64] | None:
        """The moment that each row is seen at; None where that is one for all."""
        return None if self._moments is None else cast("NDArray[np.int64]", self._moments.array[: self.kept])

    @property
    def entities(self) -> NDArray[np.int32] | None:
        """A code for the key of each row; None where each key is there once."""
        return None if self._entities is None else cast("NDArray[np.int32]", self._entities.array[: self.kept])

    @property
    def keys(self) -> Keys:
        """The keys of the rows that were kept."""
        return self._keys

    @property
    def slices(self) -> dict[str, Slices]:
        """What gates divide the rows by, by name."""
        return {name: slicing.finished(self.kept) for name, slicing in self._slices.items()}

    @property
    def beside(self) -> Besides | None:
        """The rows as another version reads them; None where none is to be compared with."""
        return None if self._beside is None else self._beside.finished(self.kept)

    @property
    def categories(self) -> tuple[Categories, ...]:
        """What the provisional codes of each input stand for; None for a number."""
        return tuple(None if found is None else cast("Categories", tuple(found)) for found in self._encoder.categories())

    def _with_moment(self, page: P) -> P:
        """The rows that have a moment of their own from which their label is known; all, where the moment is one for all."""
        place = self._statement.as_of
        if place is None:
            return page
        moments = self._reader.values(page, place)
        there = [index for index, moment in enumerate(moments) if moment is not None]
        latest = self._now - self._definition.horizon
        known = [index for index in there if moment_of(moments[index]) <= latest] if self._definition.horizon else there
        self.dropped = replace(
            self.dropped,
            null_as_of=self.dropped.null_as_of + len(page) - len(there),
            open_window=self.dropped.open_window + len(there) - len(known),
        )
        return page if len(known) == len(page) else self._reader.take(page, known)

    def _moments_of(self, page: P, as_of: datetime) -> list[datetime]:
        place = self._statement.as_of
        return [as_of] * len(page) if place is None else [moment_of(moment) for moment in self._reader.values(page, place)]

    def _disagreement(self) -> FeatureExtractionError:
        entity = self._definition.entity.__name__
        return FeatureExtractionError(
            f"The database counts {self._total} rows of {entity} and gives another number of them page by page.",
            {"entity": entity, "counted": self._total},
            ["Is the primary key unique and never NULL, and does each to-one relationship lead to at most one row?"],
        )
