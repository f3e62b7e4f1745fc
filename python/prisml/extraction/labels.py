"""Labels and the split's values, page by page, into preallocated arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.errors import FeatureExtractionError, described, with_article
from prisml.manifest import ClassLabel, Dtype

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLAIN: dict[Dtype, type] = {"bool": bool, "int": int, "str": str}


class Classes:
    """Class labels as int32 codes in the order of appearance; ``labels`` are what they stand for, an Enum's member by name."""

    def __init__(self, dtype: Dtype, size: int) -> None:
        self.array: NDArray[np.float64] | NDArray[np.int32] = np.empty(size, np.int32)
        self._dtype = dtype
        self._codes: dict[Any, int] = _Codes()

    @property
    def labels(self) -> tuple[ClassLabel, ...]:
        return tuple(self._codes)

    def present(self, values: Sequence[object]) -> list[int] | None:
        """The indices of the labels that are there; None where all are."""
        return _there(values) if None in values else None

    def put(self, start: int, values: Sequence[object]) -> None:
        if set(map(type, values)) != {_PLAIN.get(self._dtype)}:
            values = [_as_class(value, self._dtype) for value in values]
        self.array[start : start + len(values)] = np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values))


class Numbers:
    """Labels of a regression as float64; NaN counts as missing."""

    labels: tuple[ClassLabel, ...] = ()

    def __init__(self, dtype: Dtype, size: int) -> None:
        self.array: NDArray[np.float64] | NDArray[np.int32] = np.empty(size, np.float64)
        self._dtype = dtype

    def present(self, values: Sequence[object]) -> list[int] | None:
        """The indices of the labels that are there; None where all are."""
        kinds = set(map(type, values))
        if kinds <= {int}:
            return None
        for kind in kinds - {type(None)}:
            if not issubclass(kind, int | float | Decimal | Integral) or issubclass(kind, bool):
                raise _refused(self._dtype, kind)
        there = _there(values)
        return None if len(there) == len(values) else there

    def put(self, start: int, values: Sequence[object]) -> None:
        numbers = np.array(values, np.float64)
        if not np.isfinite(numbers).all():
            raise FeatureExtractionError("The label is infinite in some row.", {}, ["Filter such rows with where=, or bound the label."])
        self.array[start : start + len(values)] = numbers


class Times:
    """Dates and datetimes as int64 microseconds since 1970 in UTC; a naive datetime is UTC, a date its midnight."""

    def __init__(self, size: int) -> None:
        self.array: NDArray[np.int64] | NDArray[np.int32] = np.empty(size, np.int64)

    def put(self, start: int, values: Sequence[object]) -> None:
        self.array[start : start + len(values)] = np.fromiter(map(_micros, values), np.int64, len(values))


class Groups:
    """Groups as int32 codes in the order of appearance; NULL is a group of its own."""

    def __init__(self, size: int) -> None:
        self.array: NDArray[np.int64] | NDArray[np.int32] = np.empty(size, np.int32)
        self._codes: dict[Any, int] = _Codes()

    @property
    def values(self) -> tuple[Any, ...]:
        """What the codes stand for."""
        return tuple(self._codes)

    def put(self, start: int, values: Sequence[object]) -> None:
        self.array[start : start + len(values)] = np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values))


class _Codes(dict[Any, int]):
    """Gives each new key the next number."""

    def __missing__(self, key: Any) -> int:
        self[key] = code = len(self)
        return code


def _there(values: Sequence[Any]) -> list[int]:
    return [index for index, value in enumerate(values) if value is not None and not _is_nan(value)]


def _is_nan(value: object) -> bool:
    return isinstance(value, float | Decimal) and math.isnan(value)


def _as_class(value: Any, dtype: Dtype) -> ClassLabel:
    if dtype == "enum" and isinstance(value, Enum):
        return value.name
    if dtype == "str" and isinstance(value, str):
        return str(value)
    if dtype == "bool" and (isinstance(value, bool | np.bool_) or (isinstance(value, Integral) and value in (0, 1))):
        return bool(value)
    if dtype == "int" and _is_whole(value):
        return int(value)
    raise _refused(dtype, type(value))


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return False
    # Some databases give a sum of integers as a decimal.
    return isinstance(value, Integral) or (isinstance(value, Decimal) and value == value.to_integral_value())


def _refused(dtype: Dtype, kind: type) -> FeatureExtractionError:
    return FeatureExtractionError(
        f"The label is declared as {dtype}, and some row gives {with_article(kind.__name__)}.",
        {"type": kind.__name__},
        ["Correct the column's type in the mapping, cast the expression, or let the resolver return what its type= says."],
    )


def _micros(value: object) -> int:
    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime.combine(value, time(), UTC)
    else:
        what = "NULL" if value is None else described(value)
        raise FeatureExtractionError(
            f"The column of the time split is {what} in some row, which then is neither before nor after.",
            {"type": type(value).__name__},
            ["Leave such rows out with where=, or split by another column."],
        )
    return (moment - _EPOCH) // _MICROSECOND
