"""A model that reads a column of every type, and the same rows for it as mappings and as columns."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from prisml._core import Model, Table, load_model, load_runtime
from prisml.errors import EncodingError
from prisml.serving import runtime
from tests.artifacts import linear_graph

AS_OF = 1_700_000_000_000_000
NUMBER = {"kind": "number", "missing": "nan"}
CODES = {"kind": "category", "missing": "code", "missing_code": 3, "other_code": 4}


def source(dtype: str, *path: str) -> dict[str, Any]:
    """A column's path and type."""
    return {"path": list(path), "dtype": dtype}


INPUTS: list[dict[str, Any]] = [
    {"name": "score", "dtype": "float", **NUMBER, "sources": [source("float", "score")]},
    {"name": "visits", "dtype": "int", **NUMBER, "sources": [source("int", "visits")]},
    {"name": "price", "dtype": "decimal", **NUMBER, "sources": [source("decimal", "price")]},
    {"name": "active", "dtype": "bool", **NUMBER, "sources": [source("bool", "active")]},
    {"name": "plan", "dtype": "str", **CODES, "categories": ["free", "pro", "größer"], "sources": [source("str", "plan")]},
    {
        "name": "segment", "dtype": "enum", **CODES, "categories": ["PRIVATE", "BUSINESS"], "members": ["PRIVATE", "BUSINESS", "OTHER"],
        "sources": [source("enum", "segment")],
    },
    {"name": "branch", "dtype": "int", **CODES, "categories": [1, 2, -3], "sources": [source("int", "branch")]},
    {"name": "tenure", "dtype": "float", **NUMBER, "transform": "days_since", "sources": [source("date", "joined")]},
    {"name": "idle", "dtype": "float", **NUMBER, "transform": "hours_since", "sources": [source("datetime", "seen")]},
    {"name": "hour", "dtype": "float", **NUMBER, "transform": "hour_of", "sources": [source("datetime", "seen")]},
    {"name": "letters", "dtype": "float", **NUMBER, "transform": "length", "sources": [source("str", "plan")]},
    {"name": "each", "dtype": "float", **NUMBER, "transform": "ratio", "sources": [source("float", "score"), source("int", "visits")]},
    {"name": "country", "dtype": "str", **CODES, "categories": ["DE", "US"], "sources": [source("str", "customer", "country")]},
    {"name": "mail", "dtype": "float", **NUMBER},
]  # fmt: skip


def model_of(inputs: list[dict[str, Any]], digest: str) -> Model:
    """A regression on ``inputs``."""
    manifest = {"name": "tables", "task": "regression", "inputs": inputs}
    graph = linear_graph("regression", [0.5] * len(inputs), 0.25)
    return load_model(f"test-tables-{digest}", lambda: (json.dumps(manifest), graph), lambda: runtime.start(load_runtime))


WHEN = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "score": st.floats(width=32, allow_infinity=False) | st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-30),
    "visits": st.integers(-(2**24), 2**24),
    "price": st.decimals(-(10**9), 10**9, places=3),
    "active": st.booleans(),
    "plan": st.sampled_from(["free", "pro", "größer", "", "other", "x" * 40]) | st.text(max_size=9),
    "segment": st.sampled_from(["PRIVATE", "BUSINESS", "OTHER"]),
    "branch": st.integers(-4, 4),
    "joined": st.dates(),
    "seen": st.datetimes(*WHEN),
    "customer": st.fixed_dictionaries({"country": st.none() | st.sampled_from(["DE", "US", "FR"])}),
    "mail": st.floats(-1e9, 1e9, width=32),
}
TYPES: dict[str, list[pa.DataType]] = {
    "score": [pa.float64()],
    "visits": [pa.int32(), pa.int64()],
    "price": [pa.decimal128(15, 3), pa.decimal256(40, 3), pa.decimal64(15, 3)],
    "active": [pa.bool_()],
    "plan": [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.uint32(), pa.large_string()),
    ],
    "segment": [pa.string(), pa.dictionary(pa.int32(), pa.string())],
    "branch": [pa.int8(), pa.int16(), pa.int64(), pa.dictionary(pa.int16(), pa.int64())],
    "joined": [pa.date32(), pa.date64()],
    "seen": [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.timestamp("us", "Asia/Kathmandu")],
    "customer": [pa.struct({"country": kind}) for kind in (pa.string(), pa.dictionary(pa.int8(), pa.string()))],
    "mail": [pa.float32(), pa.float64()],
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn, **values: st.SearchStrategy[Any]) -> tuple[list[dict[str, Any]], pa.Table]:
    """Rows, and a table of them whose columns have any type that holds them, in any chunks, a slice of a larger one."""
    rows = draw(st.lists(st.fixed_dictionaries({name: st.none() | each for name, each in {**VALUES, **values}.items()}), max_size=12))
    schema = pa.schema([(name, draw(st.sampled_from(kinds))) for name, kinds in TYPES.items()])
    table = pa.Table.from_pylist(rows, schema=schema)
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    chunks = [table.slice(start, end - start) for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    first, last = sorted(draw(st.tuples(st.integers(0, len(rows)), st.integers(0, len(rows)))))
    return rows[first:last], pa.concat_tables(chunks).slice(first, last - first)


def told(model: Model, rows: list[dict[str, Any]]) -> tuple[list[list[float]], str | None]:
    """The encoded rows, or what is wrong with them."""
    try:
        return model.encode(rows, as_of=AS_OF).tolist(), None
    except EncodingError as error:
        return [], error.message


def table_of(given: Any) -> Table:
    """What ``given`` hands over."""
    return Table(given.__arrow_c_stream__())


def same(one: Any, other: Any) -> None:
    """Equal to the bit, NaN included."""
    np.testing.assert_array_equal(np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64))
