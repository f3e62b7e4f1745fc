"""A single row on ONNX Runtime: the bits that it has in any batch, whatever the graph does with its output."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from benches.stress_models import models
from prisml import Engine
from prisml.errors import EncodingError
from prisml.manifest import Input, Source, Task
from prisml.registry.bundle import Artifact
from tests.artifacts import make_artifact
from tests.support.foreign import by_hand

CELLS = st.floats(-1e6, 1e6, width=32, allow_nan=False)


@pytest.fixture(scope="module", autouse=True)
def _reference():
    """ONNX Runtime answers for every graph."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRISML_SCORER", "onnx")
        yield


def engine_of(graph: bytes, columns: int, task: Task = "regression") -> Engine:
    """An engine for a graph over so many numbers."""
    names = [f"x{place}" for place in range(columns)]
    inputs = tuple(
        Input(name=name, kind="number", origin="column", dtype="float", sources=(Source(path=(name,), dtype="float"),)) for name in names
    )
    made = make_artifact("alone", task=task)
    changed = {"inputs": inputs, "model_sha256": hashlib.sha256(graph).hexdigest()}
    return Engine.from_artifact(Artifact(made.manifest.model_copy(update=changed).to_json(), graph))


def row(values: Sequence[float]) -> dict[str, float]:
    """The values by the names of ``engine_of``."""
    return {f"x{place}": value for place, value in enumerate(values)}


@pytest.fixture(scope="module")
def network() -> Engine:
    """A neural network, which takes other kernels for one row than for two."""
    return Engine.from_artifact(models("network", count=1)[0])


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 300), seed=st.integers(0, 2**32 - 1))
def test_a_row_of_a_network_has_the_same_bits_alone_and_in_any_batch(network: Engine, rows: int, seed: int):
    """Whatever the size of the batch, each row is answered with the bits that it has alone."""
    random = np.random.default_rng(seed)
    matrix = np.column_stack((random.normal(50, 20, rows), random.normal(5e4, 9e3, rows), *random.integers(0, 3, (3, rows)))).astype(
        np.float32
    )
    alone = [network.predict_encoded(matrix[place : place + 1]).values[0] for place in range(rows)]
    assert network.predict_encoded(matrix).values.tolist() == alone


def test_a_network_answers_as_onnx_runtime_does(network: Engine):
    """The probabilities are those of onnxruntime's own Python API, to its rounding."""
    session = onnxruntime.InferenceSession(models("network", count=1)[0].onnx)
    random = np.random.default_rng(1)
    matrix = np.column_stack((random.normal(50, 20, 500), random.normal(5e4, 9e3, 500), *random.integers(0, 3, (3, 500)))).astype(
        np.float32
    )
    wanted = session.run(["probabilities"], {"features": matrix})[0][:, 1]
    assert np.abs(network.predict_encoded(matrix).values - wanted).max() < 1e-6


def bent(operator: str) -> Engine:
    """An engine for a function of the sum of two cells, which nothing but ONNX Runtime computes."""
    nodes = [helper.make_node("MatMul", ["features", "ones"], ["summed"]), helper.make_node(operator, ["summed"], ["value"])]
    ones = numpy_helper.from_array(np.ones((2, 1), dtype=np.float32), "ones")
    return engine_of(by_hand(nodes, [ones], columns=2, task="regression"), 2)


@settings(max_examples=40, deadline=None)
@given(asked=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_rows_one_after_another_do_not_mix(asked: list[tuple[float, float]]):
    """What one row left behind is not seen by the next: each answer is that of its own cells."""
    engine = bent("Asinh")
    for values in asked:
        assert engine.predict(row(values)).value == pytest.approx(
            np.arcsinh(np.float32(values[0]) + np.float32(values[1])), rel=1e-4, abs=1e-4
        )


def test_a_graph_that_gives_back_its_input_or_a_constant_is_answered_rightly():
    """ONNX Runtime may hand over other memory than it was given: that is seen, and the row is answered all the same."""
    same = engine_of(by_hand([helper.make_node("Identity", ["features"], ["value"])], columns=1, task="regression"), 1)
    assert [same.predict({"x0": value}).value for value in (1.5, -2.0, 7.0)] == [1.5, -2.0, 7.0]
    tensor = numpy_helper.from_array(np.array([[4.0]], dtype=np.float32), "four")
    nodes = [
        helper.make_node("Shape", ["features"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "one"], ["count"]),
        helper.make_node("Concat", ["count", "one"], ["whole"], axis=0),
        helper.make_node("Expand", ["four", "whole"], ["value"]),
    ]
    numbers = [numpy_helper.from_array(np.array([value], dtype=np.int64), name) for name, value in (("zero", 0), ("one", 1))]
    constant = engine_of(by_hand(nodes, [tensor, *numbers], columns=1, task="regression"), 1)
    assert [constant.predict({"x0": value}).value for value in (1.0, 2.0)] == [4.0, 4.0]


def test_a_graph_whose_output_is_no_column_is_answered_rightly():
    """An answer of the shape (rows,), known only when it is computed, does not fit the memory that was bound: it is read where it is."""
    nodes = [
        helper.make_node("ReduceMax", ["features"], ["largest"], keepdims=0),
        helper.make_node("IsNaN", ["largest"], ["never"]),
        helper.make_node("Not", ["never"], ["always"]),
        helper.make_node("Reshape", ["always", "one"], ["first"]),
        helper.make_node("Concat", ["first", "no"], ["kept"], axis=0),
        helper.make_node("Compress", ["sizes", "kept"], ["shape"], axis=0),
        helper.make_node("Reshape", ["features", "shape"], ["value"]),
    ]
    tensors = [
        numpy_helper.from_array(np.array([1]), "one"),
        numpy_helper.from_array(np.array([False]), "no"),
        numpy_helper.from_array(np.array([-1, 1]), "sizes"),
    ]
    graph = onnx.load_from_string(by_hand(nodes, tensors, columns=1, task="regression"))
    graph.graph.output[0].type.tensor_type.ClearField("shape")
    engine = engine_of(graph.SerializeToString(), 1)
    asked = [row([1.5]), row([4.5])]
    assert [engine.predict(each).value for each in asked] == [1.5, 4.5]
    assert engine.predict_many(asked).values.tolist() == [1.5, 4.5]


def test_a_row_that_fails_does_not_change_how_the_next_is_answered():
    """A row whose answer is infinite raises; those before and after it are answered with the same bits."""
    engine = bent("Sinh")
    first = engine.predict(row([0.25, 0.5])).value
    with pytest.raises(EncodingError, match="finite"):
        engine.predict(row([3e5, 3e5]))
    assert engine.predict(row([0.25, 0.5])).value == first
