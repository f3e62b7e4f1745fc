"""What an engine answers: one prediction, or a batch of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from operator import index
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prisml.errors import PrisMLError
from prisml.manifest import ClassLabel, Manifest, Task

_Scalar = TypeVar("_Scalar", bound=np.generic)
Raw = float | tuple[float, ...]
"""P(positive), the number of a regression, or each class's probability."""


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

    def labels(self, raw: NDArray[np.float64]) -> NDArray[np.object_]:
        """The class of each row, None where the row has no prediction."""
        classes = np.array([*self.classes, None], dtype=object)
        codes = (raw > self.threshold).astype(np.intp) if self.task == "binary" else raw.argmax(axis=1)
        failed = np.isnan(raw if self.task == "binary" else raw[:, 0])
        found: NDArray[np.object_] = classes[np.where(failed, len(self.classes), codes)]
        return found


class Prediction:
    """What a model predicts for one row. Immutable; equal where the numbers, the model's reading and the version are.

    ``value``: P(positive) for a binary task, always; the label for several classes; the number for a regression.
    ``label``: the class (binary: the positive one where the value is above the threshold); None for a regression.
    ``probabilities``: each class's probability, in the order of the manifest's classes; None for a regression.
    ``version``: the number in the registry; None for an engine that was made from a bundle. ``variant``: None outside experiments.
    A row that failed under ``on_error="null"`` has NaN (several classes: None) and no label.
    """

    __slots__ = ("_raw", "_reading", "_variant", "_version")

    def __init__(self, raw: Raw, reading: Reading, version: int | None = None, variant: str | None = None) -> None:
        self._raw = raw
        self._reading = reading
        self._version = version
        self._variant = variant

    @property
    def value(self) -> Any:
        return self.label if self._reading.task == "multiclass" else self._raw

    @property
    def label(self) -> ClassLabel | None:
        raw, reading = self._raw, self._reading
        if isinstance(raw, tuple):
            return None if isnan(raw[0]) else reading.classes[raw.index(max(raw))]
        if reading.task == "regression" or isnan(raw):
            return None
        return reading.classes[raw > reading.threshold]

    @property
    def probabilities(self) -> Mapping[ClassLabel, float] | None:
        raw, reading = self._raw, self._reading
        if reading.task == "regression":
            return None
        each = raw if isinstance(raw, tuple) else (1.0 - raw, raw)
        return MappingProxyType(dict(zip(reading.classes, each, strict=True)))

    @property
    def version(self) -> int | None:
        return self._version

    @property
    def variant(self) -> str | None:
        return self._variant

    def _key(self) -> tuple[object, ...]:
        return self._raw, self._reading, self._version, self._variant

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Prediction) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        label = "" if self.label is None or self._reading.task == "multiclass" else f", label={self.label!r}"
        variant = "" if self._variant is None else f", variant={self._variant!r}"
        return f"Prediction(value={self.value!r}{label}, version={self._version!r}{variant})"

    def __reduce__(self) -> tuple[type[Prediction], tuple[Raw, Reading, int | None, str | None]]:
        return type(self), (self._raw, self._reading, self._version, self._variant)


class Predictions:
    """What a model predicts for a batch, in the order of its rows; ``self[i]`` is the ``Prediction`` of row i.

    ``errors`` holds the error of each row that failed under ``on_error="null"``; ``unseen`` how many values of each feature were a
    category without a code of its own: one that training had not seen, or too seldom (``min_frequency``). The arrays are read-only.
    """

    def __init__(
        self,
        raw: NDArray[np.float64],
        reading: Reading,
        version: int | None = None,
        *,
        errors: Mapping[int, PrisMLError] = MappingProxyType({}),
        unseen: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._raw = _read_only(raw)
        self._reading = reading
        # Not cached_property: on Python 3.11 it has one lock for all instances, which a forked child may inherit locked.
        self._labels: NDArray[np.object_] | None = None
        self.version = version
        self.errors = MappingProxyType(dict(errors))
        self.unseen = MappingProxyType(dict(unseen))

    @property
    def values(self) -> NDArray[Any]:
        """float64 of shape (n,): P(positive) or the number, NaN where the row failed. Several classes: the labels."""
        return self._raw if self._reading.task != "multiclass" or self.labels is None else self.labels

    @property
    def labels(self) -> NDArray[np.object_] | None:
        """The class of each row, of shape (n,), None where the row failed; None for a regression."""
        if self._labels is None and self._reading.task != "regression":
            self._labels = _read_only(self._reading.labels(self._raw))
        return self._labels

    @property
    def probabilities(self) -> NDArray[np.float64] | None:
        """float64 of shape (n, classes), in the order of the manifest's classes; None for a regression."""
        if self._reading.task == "regression":
            return None
        if self._reading.task == "multiclass":
            return self._raw
        return _read_only(np.column_stack((1.0 - self._raw, self._raw)))

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, row: int) -> Prediction:
        raw = self._raw[index(row)].tolist()
        return Prediction(tuple(raw) if isinstance(raw, list) else raw, self._reading, self.version)

    def __iter__(self) -> Iterator[Prediction]:
        for raw in self._raw.tolist():
            yield Prediction(tuple(raw) if isinstance(raw, list) else raw, self._reading, self.version)

    def __repr__(self) -> str:
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<{len(self)} predictions of version {self.version!r}{failed}>"


def _read_only(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    view = array.view()
    view.flags.writeable = False
    return view
