"""The short ways by which the Rust core reads plain rows, against the long one."""

from __future__ import annotations

import gc
import json
from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml import errors
from prisml._core import Model, load_model, load_runtime
from prisml.serving import runtime
from tests.artifacts import linear_graph

KINDS: dict[str, dict[str, object]] = {
    "float": {"kind": "number", "missing": "nan"},
    "decimal": {"kind": "number", "missing": "error"},
    "int": {"kind": "number", "missing": "nan"},
    "bool": {"kind": "number", "missing": "nan"},
    "str": {"kind": "category", "missing": "code", "missing_code": 2, "other_code": 3, "categories": ["DE", "a category of more bytes"]},
    "enum": {"kind": "category", "missing": "error", "other_code": 2, "categories": ["DARK", ""], "members": ["DARK", "", "LIGHT"]},
}


def load(name: str, inputs: list[dict[str, object]]) -> Model:
    """A model that reads ``inputs``; its graph is of no interest."""
    manifest = {"name": name, "task": "regression", "inputs": inputs}
    onnx = linear_graph("regression", [0.0] * len(inputs), 0.0)
    return load_model(f"test-alike-{name}", lambda: (json.dumps(manifest), onnx), lambda: runtime.start(load_runtime))


def column(name: str, dtype: str, *path: str, **spec: object) -> dict[str, object]:
    """An input that reads one column."""
    return {"name": name, "dtype": dtype, "sources": [{"path": path or (name,), "dtype": dtype}], **KINDS[dtype], **spec}


MODELS = {dtype: load(dtype, [column("cell", dtype)]) for dtype in KINDS}
MODELS["ints"] = load("ints", [column("cell", "int", kind="category", missing="code", missing_code=2, other_code=3, categories=[-1, 7])])
MODELS["alone"] = load("alone", [{"name": "cell", "dtype": "float", "sources": [], **KINDS["float"]}])


class Number(float):
    """A number of a class of its own."""


class Whole(int):
    """An integer of a class of its own."""


class Text(str):
    """A text of a class of its own."""

    __slots__ = ()


class Slotted:
    """A row without ``__dict__``."""

    __slots__ = ("cell",)


def slotted(value: object) -> Slotted:
    """A row that keeps its value in a slot."""
    row = Slotted()
    row.cell = value  # type: ignore[attr-defined]
    return row


class OwnDict:
    """A row that says itself what its ``__dict__`` is."""

    def __init__(self, value: object) -> None:
        object.__setattr__(self, "kept", value)

    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]
        return {"cell": self.kept}  # type: ignore[attr-defined]


class Asked:
    """A row whose attributes are asked for by a method."""

    def __init__(self, value: object) -> None:
        self.kept = value

    def __getattribute__(self, name: str) -> object:
        return object.__getattribute__(self, "kept") if name == "cell" else object.__getattribute__(self, name)


class Deferred:
    """A row whose value is not in ``__dict__``."""

    def __init__(self, value: object) -> None:
        self.kept = value

    def __getattr__(self, name: str) -> object:
        if name == "cell":
            return self.kept
        raise AttributeError(name)


WAYS: dict[str, Callable[[object], object]] = {
    "dict": lambda value: {"cell": value},
    "a key that is equal": lambda value: {str(b"cell", "ascii"): value, "y": 1},
    "OrderedDict": lambda value: OrderedDict(cell=value),
    "object": lambda value: SimpleNamespace(cell=value),
    "more attributes": lambda value: SimpleNamespace(a=1, b=2, cell=value),
    "slots": slotted,
    "its own dict": OwnDict,
    "getattribute": Asked,
    "getattr": Deferred,
}

values = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e-46, 1e-45, 3.4e38, 3.5e38, 7.0, 2.0**24, 2.0**24 + 2, 2.0**53, 16777217.0, float("nan")]),
    st.integers(),
    st.sampled_from([0, 1, -1, 7, 2**24, 2**24 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400]),
    st.text(max_size=20),
    st.sampled_from(["DE", "DARK", "LIGHT", "", "a category of more bytes", "\ud800"]),
    st.sampled_from([Number("nan"), Number(1.5), Whole(7), Whole(2**70), Text("DE"), Text("\udfff"), Decimal("1.5"), Decimal("NaN")]),
    st.sampled_from([np.float32(1.5), np.int64(7), np.bool_(True), np.str_("DE"), np.datetime64("NaT"), b"DE", object()]),
)


def told(model: Model, row: object) -> object:
    """The bits of the encoded row, or all that its error says."""
    try:
        return model.encode([row]).tobytes()
    except errors.EncodingError as error:
        return type(error), error.message, {**error.context}, error.suggestions


@given(st.sampled_from(sorted(MODELS)), values)
def test_every_kind_of_row_says_what_a_mapping_says(name: str, value: object) -> None:
    """Whatever the value, plain dictionaries and objects give the bits or the error that the long way gives for a mapping."""
    expected = told(MODELS[name], UserDict({"cell": value}))
    for way, make in WAYS.items():
        assert told(MODELS[name], make(value)) == expected, way


TABLE = load(
    "table",
    [
        column("age", "int"),
        column("income", "float"),
        column("country", "str"),
        column("seats", "int", "plane", "seats"),
        column("wing", "float", "plane", "maker", "wing", by_name=False),
    ],
)


def table_rows(draw: st.DrawFn) -> dict[str, object]:
    """A row for TABLE with its keys in any order, others between, a related row missing, or its feature given flat."""
    maker = draw(st.sampled_from([{"wing": 2.5}, {"wing": None}, SimpleNamespace(wing=1.5), None, {}]))
    plane = draw(st.sampled_from([{"seats": 7, "maker": maker}, SimpleNamespace(maker=maker, seats=None, more=1), None, {}, 7]))
    row: dict[str, object] = {"age": 41, "income": 0.5, "country": draw(st.sampled_from(["DE", "XX", None]))}
    row |= draw(st.sampled_from([{"plane": plane}, {"plane": plane, "seats": 9}, {"seats": 9}, {}]))
    row |= draw(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(), max_size=3))
    return {key: row[key] for key in draw(st.permutations(sorted(row)))}


@given(
    st.lists(st.composite(table_rows)(), max_size=80), st.lists(st.sampled_from([dict, lambda row: SimpleNamespace(**row)]), min_size=80)
)
def test_rows_of_any_layout_are_read_as_mappings_are(rows: list[dict[str, object]], makes: list[Callable[..., object]]) -> None:
    """In a batch where every row has its keys at other places, and related rows of every kind, each gives what a mapping gives."""
    expected = TABLE.predict_many([UserDict(row) for row in rows], null_errors=True)
    found = TABLE.predict_many([make(row) for make, row in zip(makes, rows, strict=False)], null_errors=True)
    assert np.array_equal(found[0], expected[0], equal_nan=True)
    assert {row: (error.message, error.context) for row, error in found[1].items()} == {
        row: (error.message, error.context) for row, error in expected[1].items()
    }
    assert found[2] == expected[2]
    for row in rows:
        assert told(TABLE, row) == told(TABLE, UserDict(row))


def test_a_property_is_asked_once() -> None:
    """An attribute that is computed runs once for a row, whatever it gives or raises."""
    calls = 0
    answers: Iterator[Any] = iter([1.5, Decimal(2), np.float64(3), None, AttributeError(), ValueError()])

    class Computed:
        __slots__ = ()

        @property
        def cell(self) -> object:
            nonlocal calls
            calls += 1
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

    model = load("once", [column("cell", "float", by_name=False)])
    assert [model.encode([Computed()])[0, 0] for _ in range(3)] == [1.5, 2.0, 3.0]
    assert np.isnan(model.encode([Computed()])[0, 0])
    for _ in range(2):
        with pytest.raises(errors.EncodingError):
            model.encode([Computed()])
    assert calls == 6


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ZeroDivisionError])
def test_what_comparing_keys_raises_is_not_lost(raised: type[BaseException]) -> None:
    """A key that cannot be compared is an error of the row, an interruption is raised as it came."""

    class Odd:
        def __hash__(self) -> int:
            return hash("cell")

        def __eq__(self, other: object) -> bool:
            raise raised

    expected = errors.EncodingError if issubclass(raised, Exception) else raised
    with pytest.raises(expected):
        MODELS["float"].encode([{Odd(): 1, "y": 2}])


def test_a_class_that_is_gone_is_not_taken_for_another() -> None:
    """Classes that come and go, each with another kind of rows, are told apart although they may lie at one address."""
    model = load("classes", [column("cell", "float")])
    for turn in range(60):
        body = [{"__slots__": ("cell",)}, {}, {"cell": property(lambda _: 1.5), "__slots__": ()}, {"__float__": lambda _: 1.5}][turn % 4]
        row = type("Row", (), dict(body))()
        if turn % 4 < 2:
            row.cell = 1.5
        if turn % 4 == 3:
            with pytest.raises(errors.EncodingError, match="a row of type"):
                model.predict_one(row)
        else:
            assert model.encode([row])[0, 0] == 1.5
        del row
        gc.collect()
