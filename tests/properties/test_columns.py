"""Laws of columns: whatever hands them over, they are encoded as their rows are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.tables import AS_OF, INPUTS, NUMBER, TYPES, model_of, same, source, table_of, tables, told

MODEL = model_of(INPUTS, "laws")
# Tables of every type take long to draw.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
ODD = {
    "score": st.sampled_from([0.5, float("inf"), 1e300, 1e-60]),
    "visits": st.sampled_from([1, 2**24 + 1]),
    "active": st.booleans(),
    "segment": st.sampled_from(["PRIVATE", "NONE"]),
}


@unhurried
@given(tables())
def test_columns_are_encoded_as_their_rows(drawn: tuple[list[dict[str, Any]], pa.Table]):
    """Whatever Arrow types hold the values, in whatever chunks and slices, a table gives the matrix of its rows, to the bit."""
    rows, table = drawn
    same(MODEL.encode_columns(table_of(table), as_of=AS_OF), MODEL.encode(rows, as_of=AS_OF))


@unhurried
@given(tables(**ODD))
def test_columns_fail_as_their_rows(drawn: tuple[list[dict[str, Any]], pa.Table]):
    """With values that do not fit, a table gives the errors and the counts of unseen categories that its rows give."""
    rows, table = drawn
    values, errors, unseen = MODEL.predict_columns(table_of(table), as_of=AS_OF, null_errors=True)
    expected, failed, counted = MODEL.predict_many(rows, as_of=AS_OF, null_errors=True)
    same(values, expected)
    assert unseen == counted
    assert {row: error.message for row, error in errors.items()} == {row: error.message for row, error in failed.items()}


@unhurried
@given(tables(), st.data())
def test_some_rows_are_those_rows(drawn: tuple[list[dict[str, Any]], pa.Table], data: st.DataObject):
    """Rows that are asked for by their indices come in that order, whichever chunks they are in."""
    rows, table = drawn
    only = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=20)) if rows else []
    values, _, unseen = MODEL.predict_columns(table_of(table), as_of=AS_OF, only=only)
    expected, _, counted = MODEL.predict_many(rows, as_of=AS_OF, only=only)
    same(values, expected)
    assert unseen == counted


PLAIN = pa.schema([(name, kinds[0]) for name, kinds in TYPES.items()])


@unhurried
@given(tables())
def test_other_libraries_hand_over_the_same(drawn: tuple[list[dict[str, Any]], pa.Table]):
    """polars, pandas and DuckDB give the matrix of the rows too, each in its own types."""
    rows, _ = drawn
    plain = pa.Table.from_pylist(rows, schema=PLAIN)
    expected = MODEL.encode(rows, as_of=AS_OF)
    frames = [pl.from_arrow(plain), plain.to_pandas(types_mapper=pd.ArrowDtype), duckdb.from_arrow(plain)]
    for frame in frames:
        same(MODEL.encode_columns(table_of(frame), as_of=AS_OF), expected)


UNITS = ("s", "ms", "us", "ns")


@unhurried
@given(st.sampled_from(UNITS), st.sampled_from([None, "UTC", "America/New_York"]), st.lists(st.none() | st.integers(-(2**33), 2**33)))
def test_moments_are_those_of_pyarrow(unit: str, zone: str | None, numbers: list[int | None]):
    """A timestamp of every unit is the moment that pyarrow casts it to, with or without a zone, before 1970 too."""
    model = model_of(
        [{"name": "x", "dtype": "float", **NUMBER, "transform": "hours_since", "sources": [source("datetime", "x")]}], "moments"
    )
    array = pa.array(numbers, pa.timestamp(unit, zone))
    micros = pc.floor_temporal(array, unit="microsecond").cast(pa.timestamp("us", zone)).cast(pa.int64()).to_pylist()
    expected = [float("nan") if number is None else -number / 3_600_000_000 for number in micros]
    same(model.encode_columns(table_of(pa.table({"x": array})), as_of=0)[:, 0], np.float32(expected))


@unhurried
@given(
    st.lists(st.none() | st.decimals(-(10**29), 10**29, allow_nan=False, places=8)),
    st.sampled_from([pa.decimal128(38, 8), pa.decimal256(60, 8)]),
)
def test_decimals_are_rounded_as_python_rounds_them(numbers: list[Decimal | None], kind: pa.DataType):
    """A decimal of any size is the float that Python makes of it, rounded to float32 once more as a row's is."""
    model = model_of([{"name": "x", "dtype": "decimal", **NUMBER, "sources": [source("decimal", "x")]}], "decimals")
    rows = [{"x": number} for number in numbers]
    same(model.encode_columns(table_of(pa.table({"x": pa.array(numbers, kind)}))), model.encode(rows))


NUMBERS = [
    {"name": "a", "dtype": "float", **NUMBER, "sources": [source("float", "a")]},
    {"name": "b", "dtype": "int", **NUMBER, "sources": [source("int", "b")]},
    {"name": "c", "dtype": "decimal", **NUMBER},
]
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
LAYOUTS = {
    "C": lambda array: array,
    "F": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, axis=0)[::2],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "a part": lambda array: np.hstack([array, array])[:, 3:],
}


@unhurried
@given(st.sampled_from(DTYPES), st.sampled_from(list(LAYOUTS)), st.data())
def test_an_array_is_encoded_as_its_rows(dtype: str, layout: str, data: st.DataObject):
    """A plain array of any type of numbers and any layout gives what its rows of Python's numbers give, errors included."""
    model = model_of(NUMBERS, "numbers")
    info = np.iinfo(dtype) if dtype[0] in "iu" else None
    edges = (
        [0, 1, 2**24, 2**24 + 1, 2**53, -(2**31), 2**63 + 1, -1, 100]
        if info
        else [0.0, 0.5, -3.0, 1e30, float("nan"), float("inf"), 1e-40, 3e38]
    )
    cell = st.sampled_from([edge for edge in edges if info is None or info.min <= edge <= info.max])
    listed = data.draw(st.lists(st.lists(cell, min_size=3, max_size=3), max_size=9))
    with np.errstate(over="ignore"):
        array = LAYOUTS[layout](np.array(listed, dtype=dtype).reshape(-1, 3))
    rows = [dict(zip("abc", each, strict=True)) for each in array.tolist()]
    encoded, wrong = told(model, rows)
    values, errors, _ = model.predict_columns(array, null_errors=True)
    expected, failed, _ = model.predict_many(rows, null_errors=True)
    same(values, expected)
    assert {row: error.message for row, error in errors.items()} == {row: error.message for row, error in failed.items()}
    if wrong is None:
        same(model.encode_columns(array), np.array(encoded).reshape(-1, 3))


@unhurried
@given(st.lists(st.none() | st.datetimes(dt.datetime(1678, 1, 1), dt.datetime(2262, 1, 1))))
def test_a_frame_of_pandas_has_its_own_moments(moments: list[dt.datetime | None]):
    """A column of pandas' own moments, NaT among them, is what its rows are."""
    model = model_of([{"name": "x", "dtype": "float", **NUMBER, "transform": "hour_of", "sources": [source("datetime", "x")]}], "nat")
    frame = pd.DataFrame({"x": pd.array(moments, dtype="datetime64[ns]")})
    same(model.encode_columns(table_of(frame)), model.encode(frame.to_dict("records")))
