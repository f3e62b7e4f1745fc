"""What the Rust core reads from Python's rows."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections import UserDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from pydantic import BaseModel

from prisml import errors
from prisml._core import Encoder, Model, load_model, load_runtime
from prisml.serving import runtime

REFERENCE = Path(__file__).parents[1] / "reference"


def start() -> None:
    """Load ONNX Runtime, for a graph that needs it."""
    runtime.start(load_runtime)


def encode(dtype: str, value: object, **extra: object) -> float:
    """The float32 that an encoder of one column makes of ``value``."""
    kind = {"kind": "number", "missing": "nan"}
    spec = {"name": "x", "dtype": dtype, "sources": [{"path": ["x"], "dtype": dtype}], **kind, **extra}
    out = np.zeros((1, 1), dtype=np.float32)
    Encoder(json.dumps([spec])).encode([(value,)], out, as_of=0)
    return float(out[0, 0])


def category(dtype: str, value: object) -> object:
    """The category that an encoder of one column makes of ``value``."""
    spec = {
        "name": "x", "kind": "category", "dtype": dtype, "missing": "code", "missing_code": 0, "other_code": 0,
        "categories": [], "sources": [{"path": ["x"], "dtype": dtype}],
    }  # fmt: skip
    encoder = Encoder(json.dumps([spec]))
    encoder.encode([(value,)], np.zeros((1, 1), dtype=np.float32), as_of=0)
    return encoder.categories()[0]


@pytest.fixture(scope="module")
def model() -> Model:
    """The regression of the reference, whose inputs are age, tenure (days since joined_at) and account.country."""
    reference = json.loads((REFERENCE / "regression.json").read_text())
    onnx = (REFERENCE / "regression.onnx").read_bytes()
    return load_model("test-core-rows", lambda: (json.dumps(reference["manifest"]), onnx), start)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_float32_survives(value: float) -> None:
    """A number that float32 holds is encoded as itself, whatever Python type carries it."""
    for carrier in (value, np.float64(value), np.float32(value), Decimal(value)):
        assert encode("float", carrier) == value


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_hours_since_counts_from_the_same_instant_as_python(moment: datetime) -> None:
    """A naive datetime is UTC, an aware one is converted, to the microsecond."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    elapsed = (datetime(1970, 1, 1, tzinfo=UTC) - aware) / timedelta(hours=1)
    source = [{"path": ["x"], "dtype": "datetime"}]
    assert encode("float", moment, transform="hours_since", sources=source) == np.float32(elapsed)


@given(st.dates())
def test_calendar_parts_are_pythons(day: date) -> None:
    """weekday_of and month_of give what Python's own calendar gives for every day."""
    source = [{"path": ["x"], "dtype": "date"}]
    assert encode("float", day, transform="weekday_of", sources=source) == day.weekday()
    assert encode("float", day, transform="month_of", sources=source) == day.month


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan"), Decimal("NaN"), np.datetime64("NaT")])
def test_every_kind_of_missing_is_missing(missing: object) -> None:
    """None and each library's own marker become NaN, never zero."""
    assert np.isnan(encode("float", missing))


def test_the_markers_of_pandas_are_missing() -> None:
    """pd.NA and pd.NaT become NaN in a number and a moment."""
    assert np.isnan(encode("float", pd.NA))
    source = [{"path": ["x"], "dtype": "datetime"}]
    assert np.isnan(encode("float", pd.NaT, transform="days_since", sources=source))
    assert encode("float", pd.Timestamp("1969-12-31"), transform="days_since", sources=source) == 1.0


class Colour(enum.Enum):
    """An enumeration whose names and values differ."""

    RED = "r"


class Shade(enum.StrEnum):
    """An enumeration that is text as well."""

    DARK = "d"


class Rate(float, enum.Enum):
    """An enumeration that is a number as well."""

    FULL = 1.0


class Level(enum.IntEnum):
    """An enumeration that is an integer as well."""

    HIGH = 3


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("enum", Colour.RED, ["RED"]),
        ("enum", "RED", ["RED"]),
        ("enum", Shade.DARK, ["DARK"]),
        ("enum", Level.HIGH, ["HIGH"]),
        ("enum", Rate.FULL, ["FULL"]),
        ("enum", float("nan"), []),
        ("str", Shade.DARK, ["d"]),
        ("str", np.str_("x"), ["x"]),
        ("int", 7, [7]),
        ("int", np.int64(7), [7]),
        ("int", 7.0, [7]),
    ],
)
def test_a_category_is_named_as_the_database_stores_it(dtype: str, value: object, expected: list[object]) -> None:
    """A member of an enumeration is its name, text is itself, an integer is itself."""
    assert category(dtype, value) == expected


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float", "41"),
        ("float", b"41"),
        ("float", True),
        ("float", 1j),
        ("float", [1.0]),
        ("float", datetime(2020, 1, 1)),
        ("float", float("inf")),
        ("float", Decimal("Infinity")),
        ("float", 1e39),
        ("float", 1e-50),
        ("float", 10**400),
        ("int", 2**24 + 1),
        ("int", 2**70),
        ("int", 1.5),
        ("bool", 2),
        ("bool", "true"),
    ],
)
def test_what_a_number_cannot_hold_is_an_error(dtype: str, value: object) -> None:
    """A wrong type, an infinity, an overflow or a lost integer is refused by the feature's name, and the value is not repeated."""
    with pytest.raises(errors.EncodingError) as raised:
        encode(dtype, value)
    assert raised.value.context["feature"] == "x"
    assert raised.value.context["row"] == 0
    assert repr(value) not in str(raised.value).replace("infinite", "")


@pytest.mark.parametrize("value", [Shade.DARK, "r", "red", ""])
def test_a_name_that_no_member_has_is_an_error_and_not_unseen(value: object) -> None:
    """With the members known, the value instead of the name, or another enumeration's member, is refused: while training and after."""
    spec = {
        "name": "x", "kind": "category", "dtype": "enum", "missing": "code", "missing_code": 0, "other_code": 0, "members": ["RED", "BLUE"],
        "categories": [], "sources": [{"path": ["x"], "dtype": "enum"}],
    }  # fmt: skip
    encoder, out = Encoder(json.dumps([spec])), np.zeros((1, 1), dtype=np.float32)
    encoder.encode([(Colour.RED,)], out, as_of=0)
    with pytest.raises(errors.EncodingError, match="none of the enumeration's members"):
        encoder.encode([(value,)], out, as_of=0)


@pytest.mark.parametrize(("dtype", "value"), [("str", 1), ("str", "\ud800"), ("enum", 1), ("enum", b"RED"), ("int", "7")])
def test_what_is_no_category_is_an_error(dtype: str, value: object) -> None:
    """A category of another type, or text without UTF-8, is refused."""
    with pytest.raises(errors.EncodingError):
        category(dtype, value)


@dataclasses.dataclass
class Account:
    """A related row."""

    country: str | None


@dataclasses.dataclass(slots=True)
class Slotted:
    """A row without ``__dict__``."""

    age: float
    joined_at: datetime
    account: object


class Pydantic(BaseModel):
    """A row of pydantic's."""

    model_config = {"arbitrary_types_allowed": True}
    age: float
    joined_at: datetime
    account: Account


class Computed:
    """A row whose values are properties."""

    age = property(lambda _: 40.0)
    joined_at = property(lambda _: datetime(2020, 1, 1))
    account = property(lambda _: Account("FR"))


class Named(NamedTuple):
    """A row with positions and names."""

    age: float
    joined_at: datetime
    account: object


VALUES: dict[str, Any] = {"age": 40.0, "joined_at": datetime(2020, 1, 1), "account": Account("FR")}


@pytest.mark.parametrize(
    "row",
    [
        VALUES,
        {**VALUES, "account": {"country": "FR"}, "extra": object()},
        MappingProxyType(VALUES),
        UserDict(VALUES),
        SimpleNamespace(**VALUES),
        Slotted(**VALUES),
        Pydantic(**VALUES),
        Named(**VALUES),
        Computed(),
        {"age": 40, "tenure": 2210.0, "country": "FR"},
    ],
    ids=lambda row: type(row).__name__,
)
def test_a_row_is_anything_with_keys_or_attributes(model: Model, row: object) -> None:
    """Mappings, dataclasses, slotted, pydantic and named rows give the same bits; a feature may be given under its own name."""
    as_of = 1_768_608_000_000_000  # 2026-01-17, 2208 days after 2020-01-01
    expected = [[40.0, 2208.0 if not isinstance(row, Mapping) or "tenure" not in row else 2210.0, 1.0]]
    assert model.encode([row], as_of=as_of).tolist() == expected
    assert model.predict_one(row, as_of=as_of) == model.predict_many([row, row], as_of=as_of)[0][1]


@pytest.mark.parametrize("row", [None, 7, "row", b"row", [1.0, 2.0], (1.0,), {1}, np.zeros(3), dict], ids=lambda row: type(row).__name__)
def test_what_is_no_row_is_an_error(model: Model, row: object) -> None:
    """A number, text, plain sequence, array or class in place of a row is refused by its type."""
    with pytest.raises(errors.EncodingError, match="a row of type"):
        model.predict_one(row)


def test_a_to_one_relationship_without_target_is_missing(model: Model) -> None:
    """None where the related row would be gives the missing code, not an error."""
    assert model.encode([{**VALUES, "account": None}])[0, 2] == 4.0


def test_an_attribute_that_raises_is_an_error_with_the_type_of_what_was_raised(model: Model) -> None:
    """An attribute that cannot be read is named with its feature, without the message of what it raised."""

    class Broken:
        @property
        def age(self) -> float:
            raise ZeroDivisionError("secret")

    with pytest.raises(errors.EncodingError, match="ZeroDivisionError") as raised:
        model.predict_one(Broken())
    assert raised.value.context["feature"] == "age"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("null_errors", [False, True])
def test_ctrl_c_while_a_row_is_read_is_no_fault_of_the_row(model: Model, null_errors: bool) -> None:
    """An interruption is raised as it came, and is never turned into a row without a prediction."""

    class Interrupted:
        @property
        def age(self) -> float:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.predict_many([VALUES, Interrupted()], null_errors=null_errors)
    assert model.predict_many([VALUES, 7], null_errors=True)[1].keys() == {1}


def test_a_datetime_given_for_a_date_counts_as_its_day() -> None:
    """Training saw whole days alone: the time of day changes nothing."""
    source = [{"path": ["x"], "dtype": "date"}]
    for moment in (date(1970, 1, 2), datetime(1970, 1, 2, 18, 30), datetime(1970, 1, 2, 23, 30, tzinfo=UTC)):
        assert encode("float", moment, transform="days_since", sources=source) == -1.0


def test_a_bool_may_be_0_or_1_in_a_transform_as_in_a_column() -> None:
    """What the column takes, is_missing of the column takes."""
    source = [{"path": ["x"], "dtype": "bool"}]
    assert [encode("float", value, transform="is_missing", sources=source) for value in (1, True, None)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("value", [2**53, Decimal(2**53 + 1), Decimal("1e999"), float(2**53)])
def test_an_integer_category_beyond_exact_doubles_is_refused_and_never_confused(value: object) -> None:
    """A number that a double rounds is not taken for another one; an int itself is exact."""
    if isinstance(value, int):
        assert category("int", value) == [value]
        return
    with pytest.raises(errors.EncodingError):
        category("int", value)


def test_an_answer_that_is_not_finite_is_an_error_of_its_row() -> None:
    """A regression whose sum overflows float32 raises, or with null errors leaves that row alone without a prediction."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [1, 1], [1e30])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["features", "weights"], ["value"])],
        "steep",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 1])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1])],
        [weights],
    )
    onnx = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()
    inputs = [{"name": "x", "kind": "number", "dtype": "float", "missing": "nan", "sources": [{"path": ["x"], "dtype": "float"}]}]
    manifest = json.dumps({"name": "steep", "task": "regression", "inputs": inputs})
    steep = load_model("test-core-steep", lambda: (manifest, onnx), start, native=False)
    with pytest.raises(errors.EncodingError, match="not a finite number"):
        steep.predict_one({"x": 1e30})
    values, failed, _ = steep.predict_many([{"x": "bad"}, {"x": 1.0}, {"x": 1e30}, {"x": 2.0}], null_errors=True)
    assert sorted(failed) == [0, 2]
    assert np.isnan(values[[0, 2]]).all()
    np.testing.assert_allclose(values[[1, 3]], [1e30, 2e30], rtol=1e-6)


def test_rows_that_fail_count_no_unseen_category(model: Model) -> None:
    """Only rows that were predicted are counted."""
    rows = [{**VALUES, "account": {"country": "XX"}}, {**VALUES, "age": 1.0, "account": {"country": "XX"}, "joined_at": "x"}]
    assert model.predict_many(rows, null_errors=True)[2] == {"country": 1}


def test_bad_rows_are_nan_with_an_error_each_and_change_no_other_row(model: Model) -> None:
    """With null errors the good rows give the bits they give alone, and every bad one NaN and its own error."""
    rows: list[object] = [VALUES, {**VALUES, "age": "x"}, VALUES, 7, {**VALUES, "age": 20.0}]
    values, failed, unseen = model.predict_many(rows, as_of=0, null_errors=True)
    assert sorted(failed) == [1, 3]
    assert np.isnan(values[[1, 3]]).all()
    assert [model.predict_one(rows[index], as_of=0) for index in (0, 2, 4)] == values[[0, 2, 4]].tolist()
    assert unseen == {}


def test_unseen_categories_are_counted(model: Model) -> None:
    """Each feature reports how many of the rows had a category that training did not see."""
    rows = [{**VALUES, "account": {"country": name}} for name in ("FR", "XX", "YY")]
    assert model.predict_many(rows)[2] == {"country": 2}


@pytest.mark.parametrize("name", ["binary", "multiclass", "regression"])
def test_python_rows_give_the_reference_predictions(name: str) -> None:
    """Rows read from Python give the matrix and the predictions that scikit-learn gave for the reference artifacts."""
    reference = json.loads((REFERENCE / f"{name}.json").read_text())
    onnx = (REFERENCE / f"{name}.onnx").read_bytes()
    model = load_model(f"test-core-{name}", lambda: (json.dumps(reference["manifest"]), onnx), start)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [{**row, "joined_at": epoch + timedelta(microseconds=row["joined_at"])} for row in reference["rows"]]
    matrix = model.encode(rows, as_of=reference["as_of"])
    assert np.array_equal(matrix, np.array(reference["matrix"], dtype=np.float32), equal_nan=True)
    expected = np.array(reference["expected"])
    expected = expected[:, 1] if name == "binary" else expected
    values, _, _ = model.predict_many(rows, as_of=reference["as_of"])
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(model.predict_encoded(matrix), values)
