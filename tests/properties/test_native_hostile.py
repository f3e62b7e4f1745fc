"""Small files that ask for much: they are refused natively, in bounded time and memory, and what answers is right or a clear error."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from prisml import errors
from tests.properties.test_native_operators import loaded

ML = "ai.onnx.ml"
WIDE = 60_000
node = helper.make_node


def graph(nodes: list[NodeProto], *tensors: TensorProto) -> bytes:
    """The bytes of a graph from one column to one number."""
    takes = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 1])
    gives = helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1])
    proto = helper.make_graph(nodes, "hostile", [takes], [gives], initializer=list(tensors))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(ML, 3)]
    content: bytes = helper.make_model(proto, opset_imports=opsets, ir_version=10).SerializeToString()
    return content


def ints(name: str, *values: int) -> TensorProto:
    """A list of integers."""
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def ones(name: str, *dims: int) -> TensorProto:
    """A tensor of ones."""
    return numpy_helper.from_array(np.ones(dims, np.float32), name)


def _sum_of(nodes: list[NodeProto], *tensors: TensorProto) -> bytes:
    """``nodes`` that give ``x``, whose columns are summed."""
    return graph([*nodes, node("ReduceSum", ["x", "one"], ["value"])], *tensors, ints("one", 1))


def _doubled(op: str, count: int, first: str, **attributes: Any) -> list[NodeProto]:
    """``first`` with itself, again and again; ``x`` at the end."""
    names = [first, *(f"y{place}" for place in range(count - 1)), "x"]
    return [node(op, [before, before], [after], **attributes) for before, after in itertools.pairwise(names)]


def _many(columns: int) -> NodeProto:
    return node("Concat", ["features"] * columns, ["wide"], axis=1)


LARGE: dict[str, Callable[[], bytes]] = {
    "dimensions whose product is no number": lambda: graph(
        [node("Reshape", ["features", "to"], ["value"])], ints("to", 0, -1, 1 << 32, 1 << 32)
    ),
    "columns doubled again and again": lambda: _sum_of(_doubled("Concat", 34, "features", axis=1)),
    "two lists stretched to a matrix": lambda: graph(
        [node("Add", ["a", "b"], ["c"]), node("Gather", ["c", "to"], ["x"], axis=1), node("Add", ["x", "features"], ["value"])],
        *(ones("a", WIDE, 1), ones("b", 1, WIDE), ints("to", 0)),
    ),
    "a tensor of no number and a huge dimension": lambda: graph(
        [node("Add", ["a", "features"], ["value"])], helper.make_tensor("a", TensorProto.FLOAT, [1 << 40, 1, 0], [])
    ),
    "one row of a table for each of many places": lambda: graph(
        [node("Gather", ["a", "to"], ["c"], axis=0), node("Gather", ["c", "one"], ["x"]), node("Add", ["x", "features"], ["value"])],
        *(ones("a", 2, 30_000), ints("to", *[0] * WIDE), ints("one", 1)),
    ),
    "a large tensor under very many names": lambda: graph(
        [
            *(node("Identity", ["a" if place == 0 else f"y{place}"], [f"y{place + 1}"]) for place in range(20_000)),
            *(node("Gather", ["y20000", "to"], ["x"]), node("Add", ["x", "features"], ["value"])),
        ],
        *(ones("a", WIDE), ints("to", 0)),
    ),
    "categories for very many columns": lambda: _sum_of(
        [
            *(_many(5_000), node("Flatten", ["codes"], ["x"])),
            node("OneHotEncoder", ["wide"], ["codes"], domain=ML, cats_int64s=list(range(200_000))),
        ]
    ),
    "one large dictionary for very many columns": lambda: _sum_of(
        [
            _many(5_000),
            node("LabelEncoder", ["wide"], ["x"], domain=ML, keys_floats=[float(n) for n in range(200_000)], values_floats=[1.0] * 200_000),
        ]
    ),
    "one large table for very many columns": lambda: _sum_of(
        [_many(30_000), node("Cast", ["wide"], ["codes"], to=TensorProto.INT64), node("Gather", ["a", "codes"], ["x"])], ones("a", WIDE)
    ),
    "no column and very many targets": lambda: graph(
        [node("Gather", ["features", "no"], ["none"], axis=1), node("LinearRegressor", ["none"], ["value"], domain=ML, targets=1 << 40)],
        ints("no"),
    ),
    "one axis cut very many times": lambda: graph(
        [
            node("Slice", ["a", "from", "to", "along"], ["c"]),
            node("Gather", ["c", "one"], ["x"]),
            node("Add", ["x", "features"], ["value"]),
        ],
        *(ones("a", WIDE), ints("from", *[0] * WIDE), ints("to", *[WIDE] * WIDE), ints("along", *[0] * WIDE), ints("one", 1)),
    ),
    "very many products of matrices": lambda: _sum_of(
        [
            *(_many(250), node("MatMul", ["wide", "a"], ["y0"])),
            *(node("MatMul", [f"y{place}", "a"], ["x" if place == 1_999 else f"y{place + 1}"]) for place in range(2_000)),
        ],
        ones("a", 250, 250),
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_a_file_that_asks_for_much_is_refused_natively(what: str) -> None:
    """No panic, no loop, no memory without bound: ONNX Runtime is asked, or the error is one of PrisML's."""
    try:
        model = loaded(LARGE[what](), "regression", 1)
    except errors.PrisMLError:
        return
    native, reason, *_ = model.scorer
    assert not native, reason


def test_a_size_read_again_and_again_is_not_followed_for_ever() -> None:
    """The sizes of a graph that doubles their list thirty times are refused, not counted."""
    nodes = [node("Shape", ["features"], ["size"]), *_doubled("Concat", 30, "size", axis=0), node("ConstantOfShape", ["x"], ["large"])]
    with pytest.raises(errors.PrisMLError, match="any amount of memory"):
        loaded(graph([*nodes, node("Identity", ["features"], ["value"])]), "regression", 1, native=False)


def test_names_upon_names_are_followed_once() -> None:
    """A long chain of names takes no longer than its length says, and gives what it names."""
    names = ["features", *(f"y{place}" for place in range(20_000)), "value"]
    model = loaded(graph([node("Identity", [a], [b]) for a, b in itertools.pairwise(names)]), "regression", 1)
    assert model.predict_encoded(np.array([[2.5], [-1.0]], np.float32)).tolist() == [2.5, -1.0]


def test_a_square_of_the_rows_is_no_matrix_of_one_column() -> None:
    """What is as wide as the batch is long is not scored natively."""
    square = [
        *(node("Shape", ["features"], ["size"]), node("Gather", ["size", "zero"], ["rows"])),
        *(node("Concat", ["rows", "rows"], ["both"], axis=0), node("ConstantOfShape", ["both"], ["ones"], value=ones("n", 1))),
        *(node("ReduceSum", ["ones", "one"], ["count"]), node("Add", ["count", "features"], ["value"])),
    ]
    model = loaded(graph(square, ints("zero", 0), ints("one", 1)), "regression", 1)
    assert not model.scorer[0]
    assert model.predict_encoded(np.zeros((3, 1), np.float32)).tolist() == [3.0, 3.0, 3.0]
