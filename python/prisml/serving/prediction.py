"""What an engine answers: one prediction, or a batch of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from operator import index
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prisml._core import Prediction
from prisml.errors import PrisMLError
from prisml.manifest import ClassLabel, Manifest, Task

__all__ = ["Prediction", "Predictions", "Reading", "Shares"]

_Scalar = TypeVar("_Scalar", bound=np.generic)
_NOTHING: MappingProxyType[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model's numbers are read: its task, its classes (of two, the second is the positive) and its threshold."""

    task: Task
    classes: tuple[ClassLabel, ...]
    threshold: float

    @classmethod
    def of(cls, manifest: Manifest) -> Reading:
        """The reading that ``manifest`` asks for."""
        return cls(manifest.task, manifest.classes, 0.5 if manifest.threshold is None else manifest.threshold)

    def at(self, threshold: float | None) -> Reading:
        """The same, with another threshold (None: its own)."""
        return self if threshold is None else replace(self, threshold=threshold)

    def labels(self, raw: NDArray[np.float64]) -> NDArray[np.object_]:
        """The class of each row, None where the row has no prediction."""
        classes = np.array([*self.classes, None], dtype=object)
        codes = (raw > self.threshold).astype(np.intp) if self.task == "binary" else raw.argmax(axis=1)
        failed = np.isnan(raw if self.task == "binary" else raw[:, 0])
        found: NDArray[np.object_] = classes[np.where(failed, len(self.classes), codes)]
        return found


@dataclass(frozen=True, slots=True)
class Shares:
    """Which variant of an experiment answered each row: ``of_row`` are indices of the other three, -1 being their last, the control
    without a variant that rows without a key get.
    """

    of_row: NDArray[np.int16]
    readings: tuple[Reading, ...]
    versions: tuple[int | None, ...]
    variants: tuple[str | None, ...]


class Predictions:
    """What a model predicts for a batch, in the order of its rows; ``self[i]`` is the ``Prediction`` of row i.

    ``version`` is the active version, which answered all rows unless an experiment runs: ``versions`` and ``variants`` say it by row.
    ``errors`` holds the error of each row that failed under ``on_error="null"``; ``unseen`` how many values of each feature were a
    category without a code of its own: one that training had not seen, or too seldom (``min_frequency``). The arrays are read-only.
    """

    def __init__(
        self,
        raw: NDArray[np.float64],
        reading: Reading,
        version: int | None = None,
        *,
        errors: Mapping[int, PrisMLError] = _NOTHING,
        unseen: Mapping[str, int] = _NOTHING,
        shares: Shares | None = None,
    ) -> None:
        self._raw = _read_only(raw)
        self._reading = reading
        self._shares = shares
        # Not cached_property: on Python 3.11 it has one lock for all instances, which a forked child may inherit locked.
        self._labels: NDArray[np.object_] | None = None
        self.version = version
        self.errors = MappingProxyType(dict(errors)) if errors else _NOTHING
        self.unseen = MappingProxyType(dict(unseen)) if unseen else _NOTHING

    @property
    def values(self) -> NDArray[Any]:
        """float64 of shape (n,): P(positive) or the number, NaN where the row failed. Several classes: the labels."""
        return self._raw if self._reading.task != "multiclass" or self.labels is None else self.labels

    @property
    def labels(self) -> NDArray[np.object_] | None:
        """The class of each row, of shape (n,), None where the row failed; None for a regression."""
        if self._labels is None and self._reading.task != "regression":
            self._labels = _read_only(self._labelled())
        return self._labels

    @property
    def versions(self) -> NDArray[np.object_]:
        """The number of the version that answered each row, of shape (n,); None where it came from a bundle."""
        return self._by_row((self.version,) if self._shares is None else self._shares.versions)

    @property
    def variants(self) -> NDArray[np.object_]:
        """The variant that answered each row, of shape (n,); None outside experiments and for a row without a key."""
        return self._by_row((None,) if self._shares is None else self._shares.variants)

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """float64 of shape (n, classes), in the order of the manifest's classes; None for a regression."""
        if self._reading.task == "regression":
            return None
        if self._reading.task == "multiclass":
            return self._raw
        return _read_only(np.column_stack((1.0 - self._raw, self._raw)))

    def at(self, threshold: float | None) -> Predictions:
        """The same batch, in which ``threshold`` divides the two labels, whichever version answered (None: each its own)."""
        if threshold is None:
            return self
        shares = self._shares and replace(self._shares, readings=tuple(each.at(threshold) for each in self._shares.readings))
        return Predictions(self._raw, self._reading.at(threshold), self.version, errors=self.errors, unseen=self.unseen, shares=shares)

    def failing(self, errors: Mapping[int, PrisMLError]) -> Predictions:
        """The same batch, in which these rows failed too; the errors are in order of their rows."""
        if not errors:
            return self
        raw = self._raw.copy()
        raw[list(errors)] = np.nan
        every = dict(sorted({**self.errors, **errors}.items()))
        return Predictions(raw, self._reading, self.version, errors=every, unseen=self.unseen, shares=self._shares)

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, row: int) -> Prediction:
        place = index(row)
        # A loop over a batch asks this for each row: item() makes no array of NumPy's on the way.
        raw = self._raw.item(place) if self._raw.ndim == 1 else self._raw[place].tolist()
        return self._prediction(raw, -1 if self._shares is None else self._shares.of_row.item(place))

    def __iter__(self) -> Iterator[Prediction]:
        of_row = repeat(-1) if self._shares is None else self._shares.of_row.tolist()
        yield from map(self._prediction, self._raw.tolist(), of_row)

    def _prediction(self, raw: float | list[float], share: int) -> Prediction:
        numbers = tuple(raw) if isinstance(raw, list) else raw
        if self._shares is None:
            return Prediction(numbers, self._reading, self.version)
        shares = self._shares
        return Prediction(numbers, shares.readings[share], shares.versions[share], shares.variants[share])

    def _labelled(self) -> NDArray[np.object_]:
        if self._shares is None:
            return self._reading.labels(self._raw)
        found = np.full(len(self), None, dtype=object)
        for share in present(self._shares.of_row):
            places = self._shares.of_row == share
            found[places] = self._shares.readings[share].labels(self._raw[places])
        return found

    def _by_row(self, each: tuple[object, ...]) -> NDArray[np.object_]:
        of_row = np.full(len(self), -1) if self._shares is None else self._shares.of_row
        found: NDArray[np.object_] = np.array(each, dtype=object)[of_row]
        return _read_only(found)

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<{len(self)} predictions of version {self.version!r}{failed}>"


def present(of_row: NDArray[np.int16]) -> list[int]:
    """The indices of variants that are there, ascending, -1 among them."""
    # NumPy's own unique imports a large part of it on first use.
    found: list[int] = (np.flatnonzero(np.bincount(of_row.astype(np.intp) + 1)) - 1).tolist()
    return found


def _read_only(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    view = array.view()
    view.flags.writeable = False
    return view
