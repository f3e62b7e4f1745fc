"""Laws of training from columns: a table is encoded as the tuples are that a database gives."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prisml._core import Encoder
from prisml.errors import EncodingError
from tests.support.tables import CODES, NUMBER, source, table_of

AS_OF = 1_700_000_000_000_000
GROWING = {**CODES, "categories": []}
STRICT = {"kind": "category", "missing": "error", "categories": []}

Inputs = list[dict[str, Any]]
ONE: dict[str, Inputs] = {
    "float": [{"dtype": "float", **NUMBER}],
    "strict": [{"dtype": "float", "kind": "number", "missing": "error"}],
    "int": [{"dtype": "int", **NUMBER}],
    "decimal": [{"dtype": "decimal", **NUMBER}],
    "bool": [{"dtype": "bool", **NUMBER}],
    "str": [{"dtype": "str", **GROWING}],
    "refusing": [{"dtype": "str", **STRICT}],
    "number": [{"dtype": "int", **GROWING}],
    "uuid": [{"dtype": "uuid", **GROWING}],
    "date": [{"transform": "days_since"}, {"transform": "weekday_of", "zone": "Asia/Tokyo"}],
    "datetime": [{"transform": "hours_since"}, {"transform": "hour_of", "zone": "America/New_York"}, {"transform": "month_of"}],
    "text": [{"dtype": "str", **GROWING}, {"transform": "length"}, {"transform": "is_missing"}],
}  # fmt: skip
"""The inputs that read a column, by a name for it."""

DTYPE = {"strict": "float", "refusing": "str", "number": "int", "text": "str"}

WHEN = dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)
TEXTS = st.sampled_from(["", "a", "b", "größer", "x" * 17, str(uuid.UUID(int=7)), uuid.UUID(int=7).hex.upper()]) | st.text(max_size=20)
CELLS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.float64(), st.floats() | st.sampled_from([0.0, -0.0, 1e-46, 3.5e38, 2.0**24, float("nan")])),
    (pa.float32(), st.floats(width=32)),
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    (pa.uint64(), st.sampled_from([0, 1, 2**24 + 1, 2**63, 2**64 - 1])),
    (pa.bool_(), st.booleans()),
    (pa.decimal128(20, 3), st.decimals(-(10**9), 10**9, places=3)),
    (pa.string(), TEXTS),
    (pa.large_string(), TEXTS),
    (pa.string_view(), TEXTS),
    (pa.dictionary(pa.int16(), pa.string()), TEXTS),
    (pa.dictionary(pa.int8(), pa.int64()), st.integers(-3, 3)),
    (pa.date32(), st.dates()),
    (pa.date64(), st.dates()),
    (pa.timestamp("us"), st.datetimes(*WHEN)),
    (pa.timestamp("s"), st.datetimes(*WHEN).map(lambda moment: moment.replace(microsecond=0))),
    (pa.timestamp("us", "UTC"), st.datetimes(*WHEN)),
    (pa.timestamp("ms", "Asia/Kathmandu"), st.datetimes(*WHEN).map(lambda moment: moment.replace(microsecond=0))),
    (pa.uuid(), st.uuids()),
    (pa.null(), st.none()),
]  # fmt: skip
FITS: dict[str, Callable[[pa.DataType], bool]] = {
    "float": pa.types.is_floating,
    "int": pa.types.is_integer,
    "decimal": lambda kind: pa.types.is_floating(kind) or pa.types.is_decimal(kind),
    "bool": pa.types.is_boolean,
    "str": lambda kind: pa.types.is_string(getattr(kind, "value_type", kind)) or pa.types.is_large_string(kind),
    "uuid": lambda kind: kind in (pa.uuid(), pa.null()),
    "date": pa.types.is_date,
    "datetime": pa.types.is_timestamp,
}
unhurried = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def inputs_of(names: list[str]) -> Inputs:
    """The inputs that read one column for each of ``names``, and one that reads the first two moments among them."""
    inputs = []
    for place, name in enumerate(names):
        read = {"sources": [source(DTYPE.get(name, name), f"column {place}")]}
        inputs += [{"name": f"{place} {number}", "dtype": "float", **NUMBER, **spec, **read} for number, spec in enumerate(ONE[name])]
    moments = [source(name, f"column {place}") for place, name in enumerate(names) if name in ("date", "datetime")][:2]
    if len(moments) == 2:
        inputs.append({"name": "between", "dtype": "float", **NUMBER, "transform": "days_since", "sources": moments})
    return inputs


@st.composite
def pages(draw: st.DrawFn, *, fitting: bool) -> tuple[Inputs, list[pa.Table]]:
    """Inputs, and pages of a table with a column for each source, in any chunks; some values, or without ``fitting`` types, are wrong."""
    names = draw(st.lists(st.sampled_from(sorted(ONE)), min_size=1, max_size=6))
    count, columns = draw(st.integers(0, 14)), []
    for name in names:
        dtype = DTYPE.get(name, name)
        kinds = [cell for cell in CELLS if not fitting or FITS[dtype](cell[0])]
        kind, values = draw(st.sampled_from(kinds))
        cell = values if draw(st.booleans()) else st.none() | values
        columns.append(pa.array(draw(st.lists(cell, min_size=count, max_size=count)), kind))
    # One more than is read, and one name for all: places alone count.
    table = pa.Table.from_arrays([*columns, pa.array([object.__name__] * count)], names=["same"] * (len(names) + 1))
    cuts = [0, *sorted(draw(st.lists(st.integers(0, count), max_size=3))), count]
    chunks = [table.slice(start, end - start) for start, end in itertools.pairwise(cuts)]
    middle = draw(st.integers(0, len(chunks)))
    return inputs_of(names), [pa.concat_tables(part) for part in (chunks[:middle], chunks[middle:]) if part]


def rows_of(table: pa.Table) -> list[tuple[object, ...]]:
    """The table's rows as a database gives them."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def told(encoder: Encoder, encode: Callable[..., None], given_rows: Any, first_row: int) -> object:
    """The bits, or all that the error says; and what categories there are by then."""
    out = np.zeros((len(given_rows), len(encoder.categories())), dtype=np.float32)
    try:
        encode(given_rows, out, as_of=AS_OF, first_row=first_row)
    except EncodingError as error:
        return error.message, dict(error.context), error.suggestions, encoder.categories()
    return out.tobytes(), encoder.categories()


def check(inputs: Inputs, tables: list[pa.Table]) -> None:
    """Page after page, the columns give what the tuples give."""
    by_rows, by_columns = Encoder(json.dumps(inputs)), Encoder(json.dumps(inputs))
    first_row = 0
    for table in tables:
        expected = told(by_rows, by_rows.encode, rows_of(table), first_row)
        assert told(by_columns, by_columns.encode_columns, table_of(table), first_row) == expected
        first_row += len(table)


@unhurried
@given(pages(fitting=True))
def test_columns_are_encoded_as_the_tuples_of_a_database(drawn: tuple[Inputs, list[pa.Table]]) -> None:
    """Whatever Arrow types hold them, values give the bits, categories in the same order and the errors that their tuples give."""
    check(*drawn)


@unhurried
@given(pages(fitting=False))
def test_columns_of_other_types_fail_as_the_tuples_of_a_database(drawn: tuple[Inputs, list[pa.Table]]) -> None:
    """Where a column is of a type that its input does not take, the message is that of its values."""
    check(*drawn)


@unhurried
@given(
    st.lists(st.none() | st.sampled_from(["RED", "BLUE", "GREEN", "red"]), max_size=9),
    st.sampled_from([pa.string(), pa.dictionary(pa.int8(), pa.string())]),
)
def test_names_of_members_grow_as_those_of_tuples(names: list[str | None], kind: pa.DataType) -> None:
    """A member's name is a category, and a name that no member has is an error of its row."""
    spec = {"name": "x", "dtype": "enum", **GROWING, "members": ["RED", "BLUE", "GREEN"], "sources": [source("enum", "x")]}
    check([spec], [pa.table({"x": pa.array(names, kind)})] * 2)


def test_many_blocks_of_rows_are_one_table() -> None:
    """Beyond the size of a block, and in a chunk of its own, the last row is numbered and encoded as the first."""
    inputs = [
        {**spec, "name": str(place), "sources": [source("str", "x")]} for place, spec in enumerate([ONE["str"][0], ONE["refusing"][0]])
    ]
    texts: list[str | None] = [f"category {number % 3_000}" for number in range(20_000)]
    check(inputs, [pa.table({"x": texts}), pa.table({"x": pa.chunked_array([texts[:7], [*texts[7:9_000], None, "new"]])})])


def test_a_table_of_fewer_columns_lacks_what_a_short_tuple_lacks() -> None:
    """A source without a column is an error that names it, unless nothing reads a row."""
    inputs = inputs_of(["float", "int"])
    check(inputs, [pa.table({"column 1": [1.5]}), pa.table({"column 1": pa.array([], pa.float64())})])


@unhurried
@given(
    st.lists(
        st.tuples(st.none() | st.floats(-1e9, 1e9, width=32), st.none() | st.sampled_from("abc"), st.none() | st.integers(-9, 9)),
        max_size=9,
    )
)
def test_computed_columns_are_encoded_as_computed_values(rows: list[tuple[float | None, str | None, int | None]]) -> None:
    """A feature that was computed is read at the place that is told, before the columns that it is made of, as its values are for rows."""
    inputs = [
        {"name": "read", "dtype": "float", **NUMBER, "sources": [source("float", "x")]},
        {"name": "named", "dtype": "str", **GROWING},
        {"name": "instead", "dtype": "int", **NUMBER, "sources": [source("float", "x")]},
    ]
    by_rows, by_columns = Encoder(json.dumps(inputs)), Encoder(json.dumps(inputs))
    numbers, names, wholes = ([row[place] for row in rows] for place in range(3))
    computed = {"named": names, "instead": wholes}
    first, second = np.zeros((2, len(rows), 3), dtype=np.float32)
    by_rows.encode([(number,) for number in numbers], first, as_of=AS_OF, computed=computed)
    columns = [pa.array(numbers, pa.float64()), pa.array(wholes, pa.int64()), pa.array(names, pa.string())]
    table = table_of(pa.Table.from_arrays(columns, names=["same"] * 3))
    by_columns.encode_columns(table, second, as_of=AS_OF, computed={"named": 2, "instead": 1})
    assert first.tobytes() == second.tobytes()
    assert by_rows.categories() == by_columns.categories()


def test_where_the_numbers_go_must_fit() -> None:
    """An array of another shape, or with gaps, is refused before anything is written."""
    encoder, table = Encoder(json.dumps(inputs_of(["float", "float"]))), table_of(pa.table({"a": [1.0], "b": [2.0]}))
    for out in (np.zeros((2, 2), dtype=np.float32), np.zeros((1, 4), dtype=np.float32)[:, ::2], np.zeros((1, 1), dtype=np.float32)):
        with pytest.raises(RuntimeError):
            encoder.encode_columns(table, out, as_of=0)
        assert not out.any()


def test_one_encoder_encodes_one_table_at_a_time() -> None:
    """While a large table is encoded, other threads run, and a second table for the same encoder is refused instead of mixed in."""
    encoder = Encoder(json.dumps(inputs_of(["text"] * 8)))
    values = pa.array([f"a text that is long enough {number}" for number in range(60_000)])
    table = table_of(pa.table([values] * 8, names=list("abcdefgh")))
    refused = 0

    def encode() -> None:
        nonlocal refused
        try:
            encoder.encode_columns(table, np.empty((len(table), 24), dtype=np.float32), as_of=0)
        except RuntimeError:
            refused += 1

    threads = [threading.Thread(target=encode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused > 0
    assert encoder.categories()[0] == values.to_pylist()


def test_decimals_are_rounded_as_those_of_tuples() -> None:
    """A decimal of Arrow's is Python's own, rounded once."""
    numbers = [Decimal("0.1"), Decimal("123456789.123"), None, Decimal("-0.001")]
    check(inputs_of(["decimal"]), [pa.table({"x": pa.array(numbers, pa.decimal128(20, 3))})])
