"""Engines that are given columns: Arrow's, from whichever library, and NumPy's arrays."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import prisml
from prisml import Engine, define_model, resolver
from prisml.errors import EncodingError, PrisMLError
from prisml.extraction.fingerprint import columns_fingerprint, resolver_fingerprint
from prisml.manifest import Fingerprints, Source
from prisml.registry import Registry
from prisml.registry.bundle import write_bundle
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, make_artifact
from tests.support.console import environment
from tests.support.tables import NUMBER, model_of, source, table_of

ENGINE = Engine.from_artifact(make_artifact())
NUMBERS = Engine.from_artifact(make_artifact(inputs=(AGE,)))
NESTED = Engine.from_artifact(
    make_artifact(inputs=(AGE, COUNTRY.model_copy(update={"sources": (Source(path=("customer", "country"), dtype="str"),)})))
)
ROWS: list[dict[str, Any]] = [
    {"id": number, "age": None if number % 7 == 3 else 20 + number % 50, "country": ("DE", "US", None, "FR")[number % 4]}
    for number in range(1_000)
]
TABLE = pa.Table.from_pylist(ROWS)
PREDICTED = ENGINE.predict_many(ROWS)


class OneBatch:
    """What gives one batch by Arrow's array interface alone."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self.batch.__arrow_c_array__(requested_schema)


WAYS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow.Table": lambda table: table,
    "in chunks": lambda table: pa.concat_tables([table.slice(0, 10), table.slice(10, 0), table.slice(10)]),
    "pyarrow.RecordBatch": lambda table: table.to_batches()[0],
    "pyarrow.RecordBatchReader": lambda table: table.to_reader(max_chunksize=64),
    "array interface": lambda table: OneBatch(table.to_batches()[0]),
    "struct array": lambda table: table.to_struct_array(),
    "polars.DataFrame": pl.from_arrow,
    "polars, categorical": lambda table: pl.from_arrow(table).with_columns(pl.col("country").cast(pl.Categorical)),
    "polars, enum": lambda table: pl.from_arrow(table).with_columns(pl.col("country").cast(pl.Enum(["US", "DE", "FR", "AT"]))),
    "pandas.DataFrame": lambda table: table.to_pandas(),
    "pandas, objects": lambda table: pd.DataFrame(table.to_pylist()).astype({"country": object}),
    "pandas, categories": lambda table: table.to_pandas().astype({"country": "category"}),
    "duckdb": duckdb.from_arrow,
    "duckdb, a query": lambda table: duckdb.from_arrow(table).filter("id >= 0").order("id"),
}


@pytest.mark.parametrize("way", WAYS)
def test_columns_are_predicted_as_their_rows(way: str):
    """Whoever hands over the columns, the predictions are those of the rows, to the bit, unseen categories counted alike."""
    found = ENGINE.predict_many(WAYS[way](TABLE))
    assert found.values.tolist() == PREDICTED.values.tolist()
    assert (found.unseen, found.errors) == (PREDICTED.unseen, {})
    assert PREDICTED.unseen == {"country": 250}


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_task_takes_columns(task: Any):
    """Each task answers columns as it answers rows; no rows are no predictions."""
    engine = Engine.from_artifact(make_artifact(task=task))
    assert list(engine.predict_many(TABLE)) == list(engine.predict_many(ROWS))
    for empty in (TABLE.slice(0, 0), TABLE.schema.empty_table(), pl.from_arrow(TABLE).head(0), pa.table({})):
        assert list(engine.predict_many(empty)) == []


def test_a_large_table_is_predicted_in_pieces():
    """What is larger than a piece that is scored at once gives what its rows give, each in its place."""
    rows = [{**ROWS[number % 1_000], "age": None if number % 9_973 == 0 else number % 90} for number in range(150_000)]
    found = ENGINE.predict_many(pa.Table.from_pylist(rows))
    assert found.values.tolist() == ENGINE.predict_many(rows).values.tolist()
    broken = pa.Table.from_pylist(rows).set_column(
        1, "age", pa.array([number if number < 140_000 else 2**24 + 1 for number in range(150_000)])
    )
    with pytest.raises(EncodingError, match="feature 'age', row 140000"):
        ENGINE.predict_many(broken)
    null = ENGINE.predict_many(broken, on_error="null")
    assert list(null.errors) == list(range(140_000, 150_000))
    assert np.isnan(null.values[140_000:]).all()
    assert not np.isnan(null.values[:140_000]).any()


def test_columns_are_found_as_rows_give_them():
    """A related column is found in a struct, or under its dotted name; a feature under its own name; others are ignored."""
    expected = [prediction.value for prediction in ENGINE.predict_many(ROWS)]
    country = TABLE["country"].combine_chunks()
    struct = pa.StructArray.from_arrays([country], ["country"])
    for columns in (
        {"age": TABLE["age"], "customer": struct, "unread": pa.array([[1]] * 1_000)},
        {"age": TABLE["age"], "customer.country": country},
        {"country": country, "age": TABLE["age"]},
        {"age": TABLE["age"], "customer": struct, "customer.country": pa.nulls(1_000), "country": pa.nulls(1_000)},
    ):
        assert NESTED.predict_many(pa.table(columns)).values.tolist() == expected


def test_a_null_struct_is_a_missing_value():
    """A related row that is not there gives missing values, as None does in a row; so does a column of nothing at all."""
    rows = [{"age": 1, "customer": {"country": "DE"}}, {"age": 1, "customer": None}, {"age": 1, "customer": {"country": None}}]
    expected = NESTED.predict_many(rows).values.tolist()
    assert NESTED.predict_many(pa.Table.from_pylist(rows)).values.tolist() == expected
    assert NESTED.predict_many(pa.Table.from_pylist(rows).slice(1)).values.tolist() == expected[1:]
    assert NESTED.predict_many(pa.Table.from_pylist(rows[1:2])).values.tolist() == expected[1:2]


@pytest.mark.parametrize("on_error", ["raise", "null"])
def test_a_column_that_is_not_there_is_a_key_that_is_not_there(on_error: Any):
    """The error is that of a row without the key."""
    rows = [{"age": 4}, {"age": 5}]
    found = []
    for given in (rows, pa.Table.from_pylist(rows)):
        if on_error == "raise":
            with pytest.raises(EncodingError, match="feature 'country', row 0: the row has no 'country'") as caught:
                ENGINE.predict_many(given)
            found.append((caught.value.message, caught.value.context, caught.value.suggestions))
        else:
            found.append({row: error.message for row, error in ENGINE.predict_many(given, on_error="null").errors.items()})
    assert found[0] == found[1]


REFUSED: dict[str, pa.Array] = {
    "List": pa.array([[1], None]),
    "LargeList": pa.array([[1], None], pa.large_list(pa.int64())),
    "FixedSizeList": pa.array([[1], None], pa.list_(pa.int64(), 1)),
    "Map": pa.array([[("s3cr3t", 1)], None], pa.map_(pa.string(), pa.int64())),
    "Struct": pa.array([{"s": "s3cr3t"}, None]),
    "Binary": pa.array([b"s3cr3t", None]),
    "FixedSizeBinary": pa.array([b"s3cr3t", None], pa.binary(6)),
    "Duration": pa.array([1, None], pa.duration("s")),
    "Time64": pa.array([1, None], pa.time64("us")),
    "Date32": pa.array([1, None], pa.date32()),
    "Timestamp": pa.array([1, None], pa.timestamp("ns", "Asia/Tokyo")),
    "Utf8": pa.array(["s3cr3t", None]),
    "LargeUtf8": pa.array(["s3cr3t", None], pa.large_string()),
    "Dictionary": pa.array(["s3cr3t", None]).dictionary_encode(),
    "Boolean": pa.array([True, None]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_refused_by_its_arrow_type(kind: str):
    """A column of another type is an error that names the feature, the row in the whole table and Arrow's type; its nulls are none."""
    array = REFUSED[kind]
    whole = pa.chunked_array([array.slice(1), array.slice(1), array])
    table = pa.table({"age": whole, "country": ["US"] * 4})
    with pytest.raises(EncodingError, match=f"feature 'age', row 2: a value of type {kind}") as caught:
        ENGINE.predict_many(table)
    assert "s3cr3t" not in str(caught.value)
    found = ENGINE.predict_many(table, on_error="null")
    assert list(found.errors) == [2]
    assert np.isnan(found.values).tolist() == [False, False, True, False]


@pytest.mark.parametrize("kind", ["Int64", "Float64", "Boolean", "Timestamp", "Decimal128"])
def test_what_is_no_text_is_refused_by_its_arrow_type(kind: str):
    """A category of text takes nothing but text."""
    arrays = {
        "Int64": pa.array([7]), "Float64": pa.array([7.5]), "Boolean": pa.array([True]), "Timestamp": pa.array([7], pa.timestamp("s")),
        "Decimal128": pa.array([Decimal(7)]),
    }  # fmt: skip
    with pytest.raises(EncodingError, match=f"feature 'country', row 0: a value of type {kind}"):
        ENGINE.predict_many(pa.table({"age": [1], "country": arrays[kind]}))


def test_two_columns_of_one_name_are_refused():
    """Which of them was meant nobody can tell; where nobody reads them, nobody asks."""
    doubled = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["US"])], ["age", "age", "country"])
    with pytest.raises(EncodingError, match="feature 'age', row 0: the table has two columns 'age'"):
        ENGINE.predict_many(doubled)
    unread = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3]), pa.array(["US"])], ["age", "x", "x", "country"])
    assert len(ENGINE.predict_many(unread)) == 1


def test_text_that_is_no_utf8_is_an_error():
    """Bytes that only claim to be text are refused, in every layout, and read by nobody."""
    offsets, bytes_ = pa.array([0, 2, 4], pa.int32()).buffers()[1], pa.py_buffer(b"US\xff\xfe")
    text = pa.Array.from_buffers(pa.string(), 2, [None, offsets, bytes_])
    for column in (text, text.cast(pa.large_string(), safe=False), pa.DictionaryArray.from_arrays([0, 1], text)):
        with pytest.raises(EncodingError, match="feature 'country', row 1: text with"):
            ENGINE.predict_many(pa.table({"age": [1, 2], "country": column}))


def test_a_moment_that_no_calendar_has_is_an_error():
    """What lies beyond the year 9999, or beyond every year, is refused by name."""
    model = model_of([{"name": "x", "dtype": "float", **NUMBER, "transform": "hour_of", "sources": [source("datetime", "x")]}], "calendar")
    for number in (2**62, -(2**62), 253_402_300_800):
        with pytest.raises(EncodingError, match="feature 'x', row 0: a moment outside the years 1 to 9999"):
            model.encode_columns(table_of(pa.table({"x": pa.array([number], pa.timestamp("s"))})))


NO_TABLES = {
    "a column": (pa.array([1, 2]), "of Int64"),
    "a chunked column": (pa.chunked_array([[1.0]]), "of Float64"),
    "a series": (pl.Series([1]), "of Int64"),
    "null rows": (pa.array([{"age": 1}, None]), "of null in place of a row"),
}


@pytest.mark.parametrize("what", NO_TABLES)
def test_what_has_no_columns_is_refused(what: str):
    """Arrow's arrays that are no tables say what they are."""
    given, said = NO_TABLES[what]
    with pytest.raises(EncodingError, match=f"takes a table of columns, not an? .* {said}"):
        ENGINE.predict_many(given)


def test_a_stream_that_fails_is_an_error_without_its_words():
    """What a producer says of its failure may hold values: only that it failed is told."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield TABLE.to_batches()[0]
        raise ValueError("s3cr3t")

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    with pytest.raises(EncodingError, match="columns of a RecordBatchReader could not be read: its stream of batches failed") as caught:
        ENGINE.predict_many(reader)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None
    mixed = pd.DataFrame({"age": [1, "s3cr3t"], "country": ["US", "US"]})
    with pytest.raises(EncodingError, match="columns of a DataFrame could not be read: it raised Arrow") as caught:
        ENGINE.predict_many(mixed)
    assert "s3cr3t" not in str(caught.value)


def test_a_reader_that_was_read_has_no_rows_left():
    """A stream is read once: a second time there is nothing, or an error, and never a crash."""
    reader = TABLE.to_reader()
    assert len(ENGINE.predict_many(reader)) == 1_000
    assert len(ENGINE.predict_many(reader)) == 0


def test_nothing_of_a_table_is_kept():
    """Once the predictions are made, the table's memory is free."""
    gc.collect()
    before = pa.total_allocated_bytes()
    table = pa.table({"age": pa.array(range(1_000_000)), "country": pa.array(["US"] * 1_000_000)})
    ENGINE.predict_many(table)
    with pytest.raises(EncodingError):
        ENGINE.predict_many(table.append_column("age", table["age"]))
    del table
    gc.collect()
    assert pa.total_allocated_bytes() == before


PANDAS_ALONE = """
import sys
sys.modules["pyarrow"] = None
import pandas, prisml
from prisml import Engine
from prisml.registry.bundle import read_bundle
engine = prisml.load(sys.argv[1])
frame = pandas.DataFrame([{"age": 1, "country": "US"}])
try:
    engine.predict_many(frame)
except prisml.errors.ConfigurationError as error:
    print(error)
print(engine.predict_many(frame.to_dict("records")).values.shape)
"""


def test_without_pyarrow_a_frame_of_pandas_says_the_way_out(tmp_path: Any):
    """A frame of pandas needs pyarrow to hand over columns; the error says how to get it, and what works without it."""
    write_bundle(make_artifact(), tmp_path / "bundle")
    done = subprocess.run(
        [sys.executable, "-c", PANDAS_ALONE, str(tmp_path / "bundle")], env=environment(), capture_output=True, text=True, check=False
    )
    assert 'pip install "prisml[arrow]"' in done.stdout, done
    assert "frame.to_dict" in done.stdout
    assert done.stdout.endswith("(1,)\n")


def test_prisml_imports_none_of_them():
    """Columns are read without importing the library that made them, nor any other."""
    code = "import sys, prisml.serving.engine; print([name for name in ('pyarrow', 'pandas', 'polars', 'duckdb') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "f16", ">f4", ">i8", "i1", "i8", "u2"])
def test_a_plain_array_gives_the_inputs_in_order(dtype: str):
    """Where all inputs are numbers, an array of any type of numbers, of one column for each, is predicted as its rows are."""
    array = np.arange(100).astype(np.dtype("longdouble") if dtype == "f16" else dtype).reshape(-1, 1)
    expected = NUMBERS.predict_many([{"age": number} for number in range(100)]).values.tolist()
    for layout in (array, np.asfortranarray(array), np.repeat(array, 2, axis=0)[::2], array[::-1].copy()[::-1]):
        assert NUMBERS.predict_many(layout).values.tolist() == expected
    assert NUMBERS.predict_many(array[:0]).values.tolist() == []


def test_an_array_is_checked_as_rows_are():
    """Fractions for an integer, infinity and what float32 cannot hold are errors with feature and row; NaN is missing."""
    array = np.arange(20_000, dtype=np.float32).reshape(-1, 1)
    for odd, said in ((0.5, "fraction"), (np.inf, "infinite")):
        array[15_000] = odd
        with pytest.raises(EncodingError, match=f"feature 'age', row 15000: .*{said}"):
            NUMBERS.predict_many(array)
        found = NUMBERS.predict_many(array, on_error="null")
        assert list(found.errors) == [15_000]
        assert np.flatnonzero(np.isnan(found.values)).tolist() == [15_000]
    with pytest.raises(EncodingError, match="row 0: an integer that float32 cannot hold"):
        NUMBERS.predict_many(np.array([[2**24 + 1]]))
    assert NUMBERS.predict_many(np.array([[np.nan]]))[0] == NUMBERS.predict({"age": None})


def test_arrays_that_do_not_fit_are_refused():
    """A model of categories, another number of columns or dimensions, masks and other types: each says what is wrong."""
    with pytest.raises(EncodingError, match="'country' of 'churn' is a category") as caught:
        ENGINE.predict_many(np.zeros((2, 2)))
    assert "predict_encoded" in str(caught.value)
    with pytest.raises(EncodingError, match=r"has shape \(2, 3\), and the model reads \(rows, 1\)"):
        NUMBERS.predict_many(np.zeros((2, 3)))
    with pytest.raises(EncodingError, match="masked"):
        NUMBERS.predict_many(np.ma.masked_equal(np.zeros((2, 1)), 0))
    for array in (np.zeros(3), np.zeros((1, 1, 1)), np.array([["a"]]), np.array([[1]], dtype=object), np.array([[1]], "M8[s]")):
        with pytest.raises(EncodingError, match=f"not a {array.ndim}-dimensional array of"):
            NUMBERS.predict_many(array)


def test_a_truth_value_among_numbers_is_zero_or_one():
    """An array has one type for all its columns: 0.0 and 1.0 are truth values there, and nothing else is."""
    model = model_of([{"name": "x", "dtype": "bool", **NUMBER}], "truth")
    for dtype in ("?", "i1", "u8", "f4", "f8"):
        assert model.encode_columns(np.array([[1], [0]], dtype=dtype)).tolist() == [[1.0], [0.0]]
    assert np.isnan(model.encode_columns(np.array([[np.nan]]))).all()
    for odd, kind in ((0.5, "float64"), (2.0, "float64"), (2, "int64")):
        with pytest.raises(EncodingError, match=f"row 0: a value of type {kind} where a bool"):
            model.encode_columns(np.array([[odd]]))


def test_an_encoded_matrix_names_its_bad_row():
    """However large, it is read where it is, in any layout, and its errors count rows from its first."""
    matrix = np.zeros((150_000, 2), dtype=np.float32)
    expected = ENGINE.predict_encoded(matrix[:1]).values[0]
    for layout in (matrix, np.asfortranarray(matrix), matrix[::-1]):
        assert (ENGINE.predict_encoded(layout).values == expected).all()
    matrix[140_000, 1] = 7.0
    with pytest.raises(EncodingError, match="feature 'country', row 140000: an encoded value that is not one"):
        ENGINE.predict_encoded(matrix)


def test_an_awaited_table_is_predicted():
    """``apredict_many`` takes columns too."""
    found = asyncio.run(ENGINE.apredict_many(TABLE))
    assert found.values.tolist() == PREDICTED.values.tolist()


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    email: Mapped[str]
    churned: Mapped[bool]


def domain(row: Customer) -> str:
    """A resolver: what stands behind the @."""
    return row.email.partition("@")[2]


def test_what_a_resolver_computes_must_be_a_column():
    """Resolvers read rows: a table gives the feature under its own name, or the error says so, with a definition and without."""
    definition = define_model(
        Customer, output="churn", label=Customer.churned, name="churn",
        features={"age": Customer.age, "mail_domain": resolver(domain, type=str, uses=[Customer.email])},
    )  # fmt: skip
    prints = Fingerprints(
        columns=columns_fingerprint(definition), resolvers={name: resolver_fingerprint(made) for name, made in definition.resolvers.items()}
    )
    artifact = make_artifact(inputs=(AGE, MAIL_DOMAIN), fingerprints=prints, output="churn")
    rows = [{"age": 41, "email": "ann@a.org"}, {"age": 42, "email": "bob@b.org"}]
    for engine in (Engine.from_artifact(artifact), Engine.from_artifact(artifact, definition=definition)):
        with pytest.raises(EncodingError, match="feature 'mail_domain', row 0: the row has no 'mail_domain'") as caught:
            engine.predict_many(pa.Table.from_pylist(rows))
        assert "give the table a column 'mail_domain'" in str(caught.value)
        null = engine.predict_many(pa.Table.from_pylist(rows), on_error="null")
        assert "give the table a column 'mail_domain'" in str(null.errors[1])
        given = pa.Table.from_pylist([{**row, "mail_domain": row["email"].partition("@")[2]} for row in rows])
        whole = Engine.from_artifact(artifact, definition=definition)
        assert engine.predict_many(given).values.tolist() == whole.predict_many(rows).values.tolist()


def running(url: str, **artifacts: Any) -> Engine:
    """An engine that serves an experiment of two versions."""
    registry = Registry(url)
    registry.publish(make_artifact(**artifacts))
    registry.publish(make_artifact(bias=1.0, **artifacts), activate=False)
    registry.experiments.start("churn", {1: 0.7, 2: 0.3}, name="keener", salt="salt")
    return prisml.load("churn", registry=url, refresh=None)


def test_a_tables_own_keys_decide_which_variant_answers(sqlite_url: str):
    """The column of the primary key, ``keys=``, or neither: each row of a table is answered as it is in a list of rows."""
    engine = running(sqlite_url)
    expected = list(engine.predict_many(ROWS))
    assert {prediction.variant for prediction in expected} == {"control", "v2"}
    for way in WAYS.values():
        assert list(engine.predict_many(way(TABLE))) == expected
    nameless = TABLE.drop_columns(["id"])
    assert set(engine.predict_many(nameless).variants) == {None}
    for keys in (list(range(1_000)), np.arange(1_000), TABLE["id"], pl.Series(range(1_000)), pd.Series(range(1_000))):
        assert list(engine.predict_many(nameless, keys=keys)) == expected
    with pytest.raises(EncodingError, match="keys has the length 2, and rows 1,000"):
        engine.predict_many(TABLE, keys=[1, 2])
    bad = TABLE.set_column(1, "age", pa.array([2**24 + 1 if number % 100 == 7 else 3 for number in range(1_000)]))
    assert list(engine.predict_many(bad, on_error="null").errors) == list(range(7, 1_000, 100))
    assert engine.predict_many(TABLE).unseen == PREDICTED.unseen


KEYS: dict[str, list[Any]] = {
    "text": ["a", "b", None],
    "uuid": [uuid.UUID(int=number) for number in range(3)],
    "decimal": [Decimal("1.50"), Decimal("-2.000"), None],
    "date": [dt.date(2020, 1, 2), dt.date(1, 1, 1), None],
    "moment": [dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), None],
    "bytes": [b"a", b"\x00", None],
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_tables_keys_are_its_rows_keys(sqlite_url: str, kind: str):
    """A key of every type that a key may have falls into the same bucket as a column as it does in a row."""
    engine = running(sqlite_url)
    rows = [{**row, "id": KEYS[kind][place % 3]} for place, row in enumerate(ROWS[:30])]
    ids = (
        pa.array([None if row["id"] is None else row["id"].bytes for row in rows], pa.uuid())
        if kind == "uuid"
        else [row["id"] for row in rows]
    )
    table = pa.table({"id": ids, "age": [row["age"] for row in rows], "country": [row["country"] for row in rows]})
    assert list(engine.predict_many(table)) == list(engine.predict_many(rows))


def test_a_composite_key_is_read_from_its_columns(sqlite_url: str):
    """All of its columns make the key; a row where one is null, or a table that lacks one, has none."""
    engine = running(sqlite_url, key=("shop", "id"))
    rows = [{**row, "shop": ("a", None, "b")[row["id"] % 3]} for row in ROWS]
    assert list(engine.predict_many(pa.Table.from_pylist(rows))) == list(engine.predict_many(rows))
    assert set(engine.predict_many(TABLE).variants) == {None}


def test_a_column_that_holds_no_keys_is_refused(sqlite_url: str):
    """What cannot be a key is an error, as it is in a row."""
    engine = running(sqlite_url)
    for ids in (pa.array([1.5]), pa.array([True]), pa.array([[1]])):
        with pytest.raises(PrisMLError, match="cannot be a key"):
            engine.predict_many(pa.table({"id": ids, "age": [1], "country": ["US"]}))


def test_a_list_is_rows():
    """Whatever else a list can do, it is a list of rows."""

    class Both(list[Any]):
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            raise AssertionError

    assert ENGINE.predict_many(Both(ROWS)).values.tolist() == PREDICTED.values.tolist()


def test_columns_are_encoded_as_rows_are():
    """The encoded matrix of a table or an array is that of its rows, and predicts the same."""
    matrix = ENGINE.encode(TABLE)
    np.testing.assert_array_equal(matrix, ENGINE.encode(ROWS))
    assert (ENGINE.predict_encoded(matrix).values == PREDICTED.values).all()
    np.testing.assert_array_equal(NUMBERS.encode(np.array([[1], [2]])), [[1.0], [2.0]])
    with pytest.raises(EncodingError, match="numbers alone"):
        ENGINE.encode(np.array([[1.0, 0.0]]))
