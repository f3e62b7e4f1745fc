"""Sources that the database computes by an expression: the Rust core takes them from ``computed=``, never from a row."""

from __future__ import annotations

import datetime as dt
from collections import UserDict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from prisml._core import Model
from prisml.errors import EncodingError
from tests.support.encoding import encoded, transform
from tests.support.tables import NUMBER, model_of, source, table_of

LAST = source("datetime", "@recency")
JOINED = source("date", "joined")
DAY = 86_400_000_000

SINCE = transform("days_since", sources=[LAST], name="recency", origin="expression")
BETWEEN = transform("days_since", sources=[JOINED, LAST], name="between")
STRICT = transform("hours_since", sources=[LAST], name="strict", by_name=False)
PLAIN = {"name": "total", "dtype": "float", **NUMBER, "sources": [source("float", "@total")]}

MOMENTS = [dt.datetime(1970, 1, 2), None, dt.datetime(1970, 1, 4, 12)]
ROWS: list[dict[str, Any]] = [{"joined": dt.date(1970, 1, day)} for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def model() -> Model:
    """A model that reads ``recency`` and ``between``."""
    return model_of([SINCE, BETWEEN], "computed")


@pytest.mark.parametrize("make", [dict, UserDict, lambda row: SimpleNamespace(**row)], ids=["dict", "mapping", "object"])
def test_a_computed_source_is_taken_from_what_was_computed(model: Model, make: Any) -> None:
    """Each row of a batch gets its own value, a row alone the single one, and transforms of one and two sources read the same."""
    rows = [make(row) for row in ROWS]
    found = model.encode(rows, as_of=9 * DAY, computed={"@recency": MOMENTS})
    np.testing.assert_array_equal(found, np.float32([[8, 1], [np.nan, np.nan], [5.5, 1.5]]))
    for row, moment, score in zip(rows, MOMENTS, model.predict_many(rows, as_of=9 * DAY, computed={"@recency": MOMENTS})[0], strict=True):
        alone = model.predict_one(row, as_of=9 * DAY, computed={"@recency": moment})
        np.testing.assert_array_equal(alone, score)


def test_the_rows_that_training_reads_have_it_in_its_place() -> None:
    """A database gives the value at the source's place among the others, and the same number comes of it."""
    rows = [(moment, row["joined"]) for moment, row in zip(MOMENTS, ROWS, strict=True)]
    found = encoded([SINCE, BETWEEN], rows, as_of=9 * DAY)
    np.testing.assert_array_equal(found, np.float32([[8, 1], [np.nan, np.nan], [5.5, 1.5]]))


def test_a_feature_that_was_computed_comes_before_its_source(model: Model) -> None:
    """What is given under the feature's own name is the number itself."""
    found = model.encode(ROWS[:1], as_of=0, computed={"@recency": MOMENTS[:1], "recency": [7.0]})
    assert found.tolist() == [[7.0, 1.0]]


def test_a_row_is_never_asked_for_it(model: Model) -> None:
    """A key of that name in a row counts for nothing; the feature under its own name does."""
    given = {"@recency": dt.datetime(1970, 1, 1), "recency": 3.0, "between": 2.0}
    assert model.encode([given]).tolist() == [[3.0, 2.0]]
    table = pa.table({"@recency": [dt.datetime(1970, 1, 1)], "recency": [3.0], "between": [2.0]})
    assert model.encode_columns(table_of(table)).tolist() == [[3.0, 2.0]]
    with pytest.raises(EncodingError, match="the row has no 'recency'"):
        model.encode([{"@recency": dt.datetime(1970, 1, 1)}])
    with pytest.raises(EncodingError, match="the row has no 'total'"):
        model_of([PLAIN], "computed-plain").encode([{"@total": 1.0}])


def test_a_computed_number_needs_no_transform() -> None:
    """A source that is a number is read from what was computed too, and a row may give the feature instead."""
    model = model_of([PLAIN], "computed-number")
    assert model.encode([{}, {}], computed={"@total": [1.5, 2]}).tolist() == [[1.5], [2.0]]
    assert model.encode([{"total": 4.0}]).tolist() == [[4.0]]


def test_what_only_the_database_computes_is_said_so() -> None:
    """Where no key of a row would serve, the message names none, and the source's inner name is nowhere in it."""
    model = model_of([STRICT], "computed-strict")
    with pytest.raises(EncodingError, match="which the database computes") as raised:
        model.encode([{"strict": 1.0, "@recency": dt.datetime(1970, 1, 1)}])
    assert "@" not in str(raised.value)
    assert model.encode([{}], as_of=DAY, computed={"@recency": [dt.datetime(1970, 1, 1)]}).tolist() == [[24.0]]


def test_a_wrong_value_is_an_error_of_its_row(model: Model) -> None:
    """What was computed is checked as a column's value is: by the feature's name, the row and the type."""
    with pytest.raises(EncodingError, match="a value of type str where a datetime is expected") as raised:
        model.encode(ROWS, computed={"@recency": [None, "secret", None]})
    assert raised.value.context["row"] == 1
    assert "secret" not in str(raised.value)
