"""Rows given as columns: what hands them over, told from rows and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ConfigurationError, EncodingError, with_article
from prisml.manifest import Input
from prisml.serving.served import Table

_NUMBERS = "fiub"


class ArrowStream(Protocol):
    """What hands over columns batch by batch: pyarrow's tables and readers, DataFrames of polars and pandas, relations of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class ArrowArray(Protocol):
    """What hands over one batch of columns."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...


Rows = Sequence[object] | ArrowStream | ArrowArray | NDArray[Any]
"""What ``predict_many`` takes."""


def hands_over(rows: object) -> TypeGuard[ArrowStream | ArrowArray]:
    """Whether ``rows`` has one of the two methods of Arrow's interface."""
    return hasattr(type(rows), "__arrow_c_stream__") or hasattr(type(rows), "__arrow_c_array__")


def read_table(rows: ArrowStream | ArrowArray, model: str) -> Table:
    """The columns of ``rows``, not copied; ``EncodingError`` where it is no table or cannot be read."""
    kind = type(rows).__name__
    try:
        handed = rows.__arrow_c_stream__() if hasattr(type(rows), "__arrow_c_stream__") else rows.__arrow_c_array__()  # type: ignore[union-attr]
    except ImportError:
        raise ConfigurationError(
            f"A {kind} hands over its columns by pyarrow, which is not installed.",
            {"model": model, "type": kind},
            ['pip install "prisml[arrow]", or pass frame.to_dict("records").'],
        ) from None
    except Exception as error:  # noqa: BLE001 - Whatever it is, its text may hold values.
        raise _unread(kind, model, f"it raised {type(error).__name__}") from None
    try:
        return Table(handed)
    except TypeError as error:
        raise EncodingError(
            f"Model {model!r}: predict_many takes a table of columns, not {with_article(kind)} of {error}.",
            {"model": model, "type": kind},
            ["Give columns with names."],
        ) from None
    except ValueError as error:
        raise _unread(kind, model, str(error)) from None


def _unread(kind: str, model: str, what: str) -> EncodingError:
    return EncodingError(
        f"Model {model!r}: the columns of {with_article(kind)} could not be read: {what}.",
        {"model": model, "type": kind},
        ['Give each column one type, or pass rows, as frame.to_dict("records") or table.to_pylist() makes them.'],
    )


def own_keys(table: Table, names: Sequence[str], model: str) -> list[object] | None:
    """Each row's own key, of the columns ``names``; None where the table does not have them all."""
    try:
        return table.keys(list(names))
    except TypeError as error:
        raise EncodingError(
            f"The key of {model!r} is a column of {error}, which cannot be a key.", {"model": model}, ["Give keys= instead."]
        ) from None


def is_array(rows: object) -> TypeGuard[NDArray[Any]]:
    """Whether ``rows`` is a plain array with two dimensions."""
    return isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind in _NUMBERS


def checked_numbers(array: NDArray[Any], inputs: Sequence[Input], model: str) -> NDArray[Any]:
    """``array`` in this machine's own types; ``EncodingError`` where it has no place for what the model reads."""
    for item in inputs:
        if item.kind != "number" or item.transform is not None:
            what = "a category" if item.kind == "category" else f"computed from columns ({item.transform})"
            raise EncodingError(
                f"A plain array gives numbers alone, and feature {item.name!r} of {model!r} is {what}.",
                {"model": model, "feature": item.name},
                ["Give columns with names (a DataFrame, an Arrow table) or rows; predict_encoded(matrix) takes what is encoded already."],
            )
    if isinstance(array, np.ma.MaskedArray):
        raise EncodingError(
            f"Model {model!r}: the array is masked.", {"model": model}, ["Fill it with NaN where a value is missing: array.filled(np.nan)."]
        )
    if array.shape[1] != len(inputs):
        raise EncodingError(
            f"The array for {model!r} has shape {array.shape}, and the model reads (rows, {len(inputs)}).",
            {"model": model, "columns": len(inputs)},
            ["Give one column for each input, in the order of engine.manifest.inputs."],
        )
    if array.dtype.isnative and array.dtype.itemsize <= 8:
        return array
    return array.astype(np.float64 if array.dtype.itemsize > 8 else array.dtype.newbyteorder("="))
