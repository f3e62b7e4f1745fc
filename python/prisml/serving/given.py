"""What callers give to an engine besides rows, checked: keys, moments, an encoded matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import InstanceState

from prisml.errors import ConfigurationError, EncodingError, LimitExceededError, described, quoted, with_article
from prisml.manifest import Task
from prisml.serving.columns import hands_over, is_array, read_table
from prisml.serving.served import Columns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def checked_rows(rows: object, model: str) -> Sequence[object] | Columns:
    """``rows`` as a list or tuple, or as columns where it gives columns; ``EncodingError`` where it is neither."""
    if isinstance(rows, list | tuple):
        return rows
    if hands_over(rows):
        return read_table(rows, model)
    if is_array(rows):
        return rows
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes | bytearray | memoryview):
        return list(rows)
    kind = f"{rows.ndim}-dimensional array of {rows.dtype}" if isinstance(rows, np.ndarray) else type(rows).__name__
    takes = "a sequence of rows, columns with names, or an array of numbers (rows, inputs)"
    raise EncodingError(
        f"Model {model!r}: predict_many takes {takes}, not {with_article(kind)}.",
        {"model": model},
        ["Pass list(rows) for an iterator, predict(row) for one row, predict_encoded(matrix) for an encoded matrix."],
    )


def check_count(rows: int, model: str, most: int) -> None:
    """``LimitExceededError`` where a batch has more than ``most`` rows."""
    if rows > most:
        raise LimitExceededError(
            f"The batch for {model!r} has {rows:,} rows, and this process predicts {most:,} at once at most.",
            {"model": model, "rows": rows, "limit": most},
            ["Predict in parts, or set PRISML_BATCH_ROWS."],
        )


def checked_mode(on_error: object, model: str) -> bool:
    """Whether errors of rows are to be null; ``ConfigurationError`` where ``on_error`` is neither of the two words."""
    if not isinstance(on_error, str) or on_error not in {"raise", "null"}:
        raise ConfigurationError(
            f"Model {model!r}: on_error is {quoted(on_error)}, and neither 'raise' nor 'null'.",
            {"model": model},
            ['Use "raise", or "null" for no prediction where a row fails.'],
        )
    return on_error == "null"


def checked_keys(keys: object, model: str, *, rows: int | None = None) -> Sequence[object]:
    """``keys`` as a list; ``EncodingError`` where they have no order, or there is not one for each of ``rows``."""
    # The letters of a text, the numbers of bytes and the members of a set, in any order, would be keys too.
    if isinstance(keys, str | bytes | bytearray | memoryview | Mapping | set | frozenset) or not isinstance(keys, Iterable):
        raise EncodingError(
            f"Model {model!r}: keys is {described(keys)}.", {"model": model}, ["Give a list with one key, or None, for each row."]
        )
    if isinstance(keys, np.ndarray) and not keys.ndim:
        raise EncodingError(
            f"Model {model!r}: keys is an array without a dimension.", {"model": model}, ["Give one key, or None, for each row."]
        )
    # pyarrow's own scalars are no keys.
    keys = keys.to_pylist() if hasattr(keys, "to_pylist") else keys
    # NumPy's integers take ten times as long, one by one.
    found = keys.tolist() if isinstance(keys, np.ndarray) and keys.dtype.kind in "iu" and keys.ndim == 1 else list(keys)
    if rows is not None and len(found) != rows:
        raise EncodingError(
            f"Model {model!r}: keys has the length {len(found):,}, and rows {rows:,}.",
            {"model": model},
            ["Give one key, or None, for each row."],
        )
    return found


def own_keys(rows: Sequence[object], names: Sequence[str]) -> list[object]:
    """Each row's own primary key, read by the attribute names ``names``; None where the row does not give it whole."""
    if len(names) == 1:
        return [_attribute(row, names[0]) for row in rows]
    found = ([_attribute(row, name) for name in names] for row in rows)
    return [None if not key or None in key else tuple(key) for key in found]


def _attribute(row: object, name: str) -> object:
    if isinstance(row, Mapping):
        return row.get(name)
    values = getattr(row, "__dict__", None)
    if not values or "_sa_instance_state" not in values:
        return getattr(row, name, None)
    # What an object of SQLAlchemy has not loaded is not loaded here: an expired one is still known by its identity.
    return values[name] if name in values else _identity(values["_sa_instance_state"]).get(name)


def _identity(state: InstanceState[Any]) -> dict[str, object]:
    """The primary key that an object is stored under, by attribute names; empty where it is not stored yet."""
    if state.identity is None:
        return {}
    mapper = state.mapper
    return {mapper.get_property_by_column(column).key: value for column, value in zip(mapper.primary_key, state.identity, strict=True)}


def checked_threshold(threshold: object, model: str, task: Task) -> float | None:
    """``threshold`` as a float, None for None; ``ConfigurationError`` where it is no probability, or the labels hang on none."""
    if threshold is None:
        return None
    if task != "binary":
        raise ConfigurationError(
            f"A threshold is given for {model!r}, which is a {task} model.", {"model": model, "task": task}, ["Leave it out."]
        )
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        kind = type(threshold).__name__
        raise ConfigurationError(
            f"The threshold for {model!r} is {with_article(kind)} that is no probability.",
            {"model": model, "type": kind},
            ["Give a number from 0 to 1: the label is positive where the probability is above it."],
        )
    return float(threshold)


def checked_matrix(matrix: object, model: str, columns: int) -> NDArray[np.float32]:
    """``matrix`` in C order; ``EncodingError`` where its type or shape is another than float32 (rows, columns)."""
    if not isinstance(matrix, np.ndarray) or matrix.dtype != np.float32:
        what = f"an array of {matrix.dtype}" if isinstance(matrix, np.ndarray) else described(matrix)
        raise EncodingError(
            f"Model {model!r}: an encoded matrix is a NumPy array of float32, not {what}.", {"model": model}, ["Use predict_many for rows."]
        )
    if matrix.ndim != 2 or matrix.shape[1] != columns:
        raise EncodingError(
            f"The encoded matrix of {model!r} has shape {matrix.shape}, and the model reads (rows, {columns}).",
            {"model": model, "columns": columns},
            ["Give one column for each input, in the order of engine.manifest.inputs."],
        )
    return np.ascontiguousarray(matrix)


def read_moment(as_of: object, model: str | None = None) -> datetime:
    """``as_of`` as an aware moment in UTC: now for None, midnight for a date; what is naive is UTC."""
    if as_of is None:
        return datetime.now(UTC)
    of, context = ("", {}) if model is None else (f"Model {model!r}: ", {"model": model})
    try:
        if isinstance(as_of, datetime):
            moment = as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of.astimezone(UTC)
        elif isinstance(as_of, date):
            moment = datetime.combine(as_of, time(), UTC)
        else:
            raise EncodingError(f"{of}as_of is {described(as_of)}.", context, ["Give a datetime or a date."])
        micros(moment)
    except (TypeError, ValueError, OverflowError):
        # NaT of pandas is a datetime that stands for none, and ends as NaN; the first and last hours of the calendar have no equal in UTC.
        kind = type(as_of).__name__
        raise EncodingError(
            f"{of}as_of is {with_article(kind)} that is no moment in UTC.",
            {**context, "type": kind},
            ["Give a moment from the years 1 to 9999."],
        ) from None
    return moment


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return int((moment - _EPOCH) // timedelta(microseconds=1))
