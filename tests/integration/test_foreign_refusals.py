"""Foreign graphs, golden rows and arguments that are refused, each with the way out, and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

import prisml
from prisml.definition import Feature
from prisml.errors import ConfigurationError, EncodingError, ModelLoadError, ParityError, PrisMLError
from prisml.registry import Registry
from prisml.serving.foreign import foreign_artifact, register
from prisml.serving.outline import read_outline
from tests.support.foreign import ROWS, SPENT, Client, by_hand, golden, logistic, model, summing


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry that is not there yet."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


def external() -> bytes:
    """A graph whose weights are in another file."""
    proto = onnx.load_from_string(summing([1, 1]))
    (tensor,) = proto.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return proto.SerializeToString()


def zipped() -> bytes:
    """What skl2onnx makes of a classifier unless it is told not to: a list of mappings."""
    pipeline, _ = logistic()
    return convert_sklearn(pipeline, initial_types=[("features", FloatTensorType([None, 2]))]).SerializeToString()


def looping() -> bytes:
    """A graph that never ends."""
    limits = [numpy_helper.from_array(np.array(2**62), "forever"), numpy_helper.from_array(np.array([True]), "go")]
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"])],
        "body",
        [helper.make_tensor_value_info("turn", TensorProto.INT64, []), helper.make_tensor_value_info("on", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("still", TensorProto.BOOL, [])],
    )
    nodes = [helper.make_node("Loop", ["forever", "go"], [], body=body), helper.make_node("ReduceSum", ["features"], ["value"])]
    return by_hand(nodes, limits, task="regression")


def two_outputs() -> bytes:
    """A classifier that gives its label too."""
    pipeline, _ = logistic()
    takes = [("features", FloatTensorType([None, 2]))]
    return convert_sklearn(pipeline, initial_types=takes, options={"zipmap": False}).SerializeToString()


UNFIT = {
    "no ONNX": (lambda: b"PK\x03\x04 not a graph at all", "is no ONNX file"),
    "nothing": (lambda: b"", "is empty"),
    "cut off": (lambda: summing([1, 1])[:-20], "is no ONNX file"),
    "external data": (external, r"keeps tensors in another file.*save_as_external_data=False"),
    "zipmap": (zipped, r'gives a list of mappings.*options=\{"zipmap": False\}'),
    "its label too": (two_outputs, r"gives 'label', 'probabilities' where only \"value\".*select_model_inputs_outputs"),
    "a loop": (looping, "operator Loop, which may run for ever"),
    "noise": (
        lambda: by_hand([helper.make_node("RandomNormalLike", ["features"], ["value"])], task="regression"),
        "RandomNormalLike, whose answers differ each time",
    ),
    "an operator of one runtime": (
        lambda: by_hand([helper.make_node("FusedGemm", ["features"], ["value"], domain="com.microsoft")], task="regression"),
        "FusedGemm of the domain com.microsoft",
    ),
    "another input's name": (
        lambda: summing([1, 1], takes="input"),
        r"has the input 'input' where \"features\".*FloatTensorType\(\[None, 2\]",
    ),
    "another output's name": (lambda: summing([1, 1], gives="variable"), r"gives 'variable' where only \"value\", a float32 matrix of 1"),
    "another width": (lambda: summing([1, 1, 1]), r"a matrix of 3 columns where \"features\", a float32 matrix of 2"),
    "a fixed batch": (lambda: summing([1, 1], rows=1), r"batches of 1 rows and no other.*Leave the first dimension free"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_graph_that_cannot_be_served_is_refused_with_the_way_out(registry: Registry, tmp_path: Path, case: str):
    """What the engine could not load, or should not run, is a ``ModelLoadError`` before it is run, and nothing is published."""
    make, message = UNFIT[case]
    pairs = [({"age": 1, "income": 1.0}, 2.0), ({"age": 2, "income": 1.0}, 3.0)]
    with pytest.raises(ModelLoadError, match=message):
        register(registry, model(**SPENT), make(), pairs)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_expectation_refuses_the_graph(registry: Registry, tmp_path: Path):
    """One golden row that the graph does not give is a ``ParityError`` that names the row and how far, and nothing is written."""
    pipeline, graph = logistic()
    pairs = golden(pipeline)
    wrong = [*pairs[:2], (pairs[2][0], pairs[2][1] + 0.01), pairs[3]]
    with pytest.raises(ParityError, match=r"what 1 of 4 golden rows expect \(rows 2\), by up to 0\.01 where 1e-05 is allowed"):
        register(registry, model(), graph.SerializeToString(), wrong)
    assert list(tmp_path.iterdir()) == []
    assert register(registry, model(), graph.SerializeToString(), wrong, tolerance=0.02).number == 1


def test_columns_in_another_order_are_found_by_the_golden_rows():
    """A definition whose features are in another order than the graph's columns is refused."""
    pipeline, graph = logistic()
    turned = model({"income": Feature(Client.income), "age": Feature(Client.age)})
    with pytest.raises(ParityError, match="Check that the graph's columns are in the order of the definition's features"):
        foreign_artifact(turned, graph.SerializeToString(), golden(pipeline))


def test_a_graph_that_mixes_the_rows_of_a_batch_is_refused():
    """A graph whose answer for a row depends on the others is a ``ParityError``, though the golden rows as a batch are right."""
    mean = helper.make_node("ReduceMean", ["features"], ["mean"], axes=[0, 1], keepdims=1)
    nodes = [
        mean,
        helper.make_node("ReduceSum", ["features", "axis"], ["sum"], keepdims=1),
        helper.make_node("Sub", ["sum", "mean"], ["value"]),
    ]
    graph = by_hand(nodes, [numpy_helper.from_array(np.array([1]), "axis")], task="regression")
    pairs = [({"age": 1, "income": 1.0}, 0.5), ({"age": 2, "income": 2.0}, 2.5)]
    with pytest.raises(ParityError, match="golden row 0 alone another output than in a batch"):
        foreign_artifact(model(**SPENT), graph, pairs)


GOLDEN: dict[str, tuple[Any, str]] = {
    "none": ([], "no two golden rows expect different outputs"),
    "all alike": ([(ROWS[0], 0.5), (ROWS[1], 0.5)], "no two golden rows expect different outputs"),
    "a feature short": ([({"age": 1}, 0.5), (ROWS[1], 0.6)], "row 0 lacks the feature 'income'"),
    "a typo": ([(ROWS[0], 0.5), ({**ROWS[1], "agee": 1}, 0.6)], "row 1 has what is no feature of the definition, 'agee'"),
    "no probability": ([(ROWS[0], 1.5), (ROWS[1], 0.6)], "row 0 expects what are no probabilities"),
    "two numbers": ([(ROWS[0], [0.5, 0.5]), (ROWS[1], 0.6)], "row 0 expects 2 numbers, and a binary model gives one number"),
    "not finite": ([(ROWS[0], float("nan")), (ROWS[1], 0.6)], "row 0 is no golden row"),
    "no pair": ([5], "row 0 is no golden row"),
    "a date": ([({"age": np.datetime64("2026-01-01"), "income": 1.0}, 0.5)], "row 0 is no golden row"),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_rows_that_prove_nothing_are_refused(case: str):
    """Too few, alike, incomplete or impossible golden rows are refused by their index, without a value of theirs."""
    rows, message = GOLDEN[case]
    _, graph = logistic()
    with pytest.raises(ConfigurationError, match=message):
        foreign_artifact(model(), graph.SerializeToString(), rows)


def test_a_golden_row_of_the_wrong_type_is_refused_by_the_encoder():
    """Golden rows go through the engine's own encoder: a text where a number is expected names row and feature."""
    _, graph = logistic()
    with pytest.raises(EncodingError, match="'age'") as caught:
        foreign_artifact(model(), graph.SerializeToString(), [(ROWS[0], 0.4), ({"age": "secret", "income": 1.0}, 0.5)])
    assert "secret" not in str(caught.value)


COUNTRY = {"country": Feature(Client.country), "income": Feature(Client.income)}
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no list": ({}, {}, "feature 'country' is a category, and its categories are not given"),
    "a list for a number": ({}, {"categories": {"country": ["US"], "income": [1]}}, "for 'income', which is no category"),
    "a category twice": ({}, {"categories": {"country": ["US", "US"]}}, "values of type str, each once"),
    "another type": ({}, {"categories": {"country": [1, 2]}}, "values of type str, each once"),
    "an empty list": ({}, {"categories": {"country": []}}, "values of type str, each once"),
    "no member": (
        {"features": {"plan": Feature(Client.plan), "income": Feature(Client.income)}},
        {"categories": {"plan": ["f", "p"]}},
        "names of the enumeration's members",
    ),
    "most frequent": (
        {"features": {**COUNTRY, "country": Feature(Client.country, missing="most_frequent")}},
        {"categories": {"country": ["US"]}},
        "has no certain code",
    ),
    "classes of a regression": ({}, {"categories": {"country": ["US"]}, "classes": [1, 2]}, "a regression has no classes"),
}


@pytest.mark.parametrize("case", WRONG)
def test_arguments_that_do_not_fit_the_definition_are_refused(case: str):
    """Categories and classes are checked against the definition before the graph is looked at, and the way out is said."""
    options, arguments, message = WRONG[case]
    definition = model(**{"features": COUNTRY, **SPENT, **options})
    with pytest.raises(ConfigurationError, match=message) as caught:
        foreign_artifact(definition, summing([1, 1]), [], **arguments)
    assert caught.value.suggestions


def test_the_positive_class_must_be_the_second_column():
    """Two classes in the wrong order would turn every probability around: they are refused."""
    _, graph = logistic()
    definition = model(output="graded", label=Client.grade, name="graded", task="binary", positive="bad")
    with pytest.raises(ConfigurationError, match="the second of two classes is not the definition's positive one"):
        foreign_artifact(definition, graph.SerializeToString(), [], classes=["bad", "good"])


def test_the_outline_of_any_bytes_is_a_refusal_or_an_outline():
    """Whatever bytes a file has, reading its outline ends, in an outline or in the refusal."""
    whole = logistic()[1].SerializeToString()
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(2_000):
        damaged = bytearray(whole)
        damaged[random.integers(len(damaged))] = random.integers(256)
        try:
            read_outline(bytes(damaged[: random.integers(1, len(damaged) + 1)]))
        except ValueError:
            refused += 1
    assert 0 < refused <= 2_000


def test_a_damaged_graph_never_gets_past_the_engine(registry: Registry):
    """A file with one changed byte is refused, or else gives what the golden rows expect."""
    pipeline, graph = logistic()
    whole, pairs = graph.SerializeToString(), golden(pipeline)
    random = np.random.default_rng(2)
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[random.integers(len(damaged))] ^= int(random.integers(1, 256))
        try:
            artifact = foreign_artifact(model(), bytes(damaged), pairs)
        except PrisMLError:
            continue
        assert prisml.Engine.from_artifact(artifact).predict(ROWS[0]).value == pytest.approx(pairs[0][1], abs=1e-5)
