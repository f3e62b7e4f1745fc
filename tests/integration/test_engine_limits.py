"""Limits of an engine: time, threads, rows, bytes, and what a graph may consist of."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import prisml
from prisml.errors import ConfigurationError, DeadlineExceededError, LimitExceededError, ModelLoadError
from prisml.registry import Artifact, Registry, write_bundle
from prisml.serving import Engine
from prisml.training.fit import fit
from tests.artifacts import make_artifact
from tests.support.training import extracted, visits

ROW = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}
ARTIFACT = fit(visits(algorithm="logistic_regression"), extracted()).artifact
ENGINE = Engine.from_artifact(ARTIFACT)


def rows(count: int) -> list[dict[str, object]]:
    """Rows of which each has another age."""
    return [{**ROW, "age": place % 90} for place in range(count)]


def matrix(count: int) -> np.ndarray:
    """Encoded rows of which each has another age."""
    made = np.tile(np.array([41, 51_000, 0, 0, 1], dtype=np.float32), (count, 1))
    made[:, 0] = np.arange(count) % 90
    return made


@pytest.mark.parametrize("scorer", ["auto", "onnx"])
@pytest.mark.parametrize("threads", [2, 3, "auto"])
def test_threads_change_no_bit(scorer, threads, monkeypatch: pytest.MonkeyPatch):
    """Rows and encoded rows give the same bits with any number of threads, which all end before the call does."""
    monkeypatch.setenv("PRISML_SCORER", scorer)
    engine = Engine.from_artifact(ARTIFACT)
    before = threading.active_count(), len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 0
    given, encoded = rows(10_001), matrix(30_001)
    assert engine.predict_many(given, threads=threads).values.tobytes() == engine.predict_many(given).values.tobytes()
    assert engine.predict_encoded(encoded, threads=threads).values.tobytes() == engine.predict_encoded(encoded).values.tobytes()
    after = threading.active_count(), len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 0
    assert after == before


@pytest.mark.parametrize("threads", [0, -1, 2_000, True, 1.5, "all", None])
def test_what_is_no_number_of_threads_is_refused(threads):
    """Before anything is predicted."""
    with pytest.raises(ConfigurationError, match="threads is no number of threads"):
        ENGINE.predict_many([ROW], threads=threads)
    with pytest.raises(ConfigurationError, match="threads is no number of threads"):
        ENGINE.predict_encoded(matrix(1), threads=threads)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf"), True, "1"])
def test_what_is_no_timeout_is_refused(timeout):
    """Before anything is predicted."""
    with pytest.raises(ConfigurationError, match="timeout is no number of seconds above 0"):
        ENGINE.predict_many([ROW], timeout=timeout)


def test_a_deadline_ends_a_call_with_nothing_and_the_next_call_is_whole():
    """Encoding, scoring and encoded rows: DeadlineExceededError, never a part; with time enough the timeout changes nothing."""
    many, encoded = rows(50_000), matrix(50_000)
    for timeout in (1e-9, 0.002):
        for threads in (1, 2):
            with pytest.raises(DeadlineExceededError, match="Model 'visits': the time given for the call is over"):
                ENGINE.predict_many(many, timeout=timeout, threads=threads)
            with pytest.raises(DeadlineExceededError):
                ENGINE.predict_many(many, timeout=timeout, on_error="null", threads=threads)
    with pytest.raises(DeadlineExceededError):
        ENGINE.predict_encoded(encoded, timeout=1e-9)
    with pytest.raises(DeadlineExceededError):
        asyncio.run(ENGINE.apredict_many(many, timeout=0.002))
    assert ENGINE.predict_many(many, timeout=3_600).values.tobytes() == ENGINE.predict_many(many).values.tobytes()
    assert ENGINE.predict_encoded(encoded, timeout=3_600).values.tobytes() == ENGINE.predict_encoded(encoded).values.tobytes()


def test_the_loop_goes_on_while_a_large_batch_is_predicted():
    """Encoding 100,000 rows in a thread gives the loop its turns: it ticks many times, not just before and after."""

    async def ticks() -> int:
        task = asyncio.create_task(ENGINE.apredict_many(many))
        await asyncio.sleep(0)
        counted = 0
        while not task.done():
            counted += 1
            await asyncio.sleep(0.0005)
        assert len(task.result()) == len(many)
        return counted

    many = rows(200_000)
    assert asyncio.run(ticks()) >= 5


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_an_interruption_ends_a_large_batch():
    """Ctrl-C is heard in the middle of encoding."""
    many = rows(400_000)

    def interrupt(*_: object) -> None:
        heard.append(time.monotonic())
        raise KeyboardInterrupt

    heard: list[float] = []
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            ENGINE.predict_many(many)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) == 1
    assert len(ENGINE.predict_many(many[:10])) == 10


def test_a_batch_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch):
    """PRISML_BATCH_ROWS says how many rows; the error says how many there were, and the way out."""
    monkeypatch.setenv("PRISML_BATCH_ROWS", "10")
    engine = Engine.from_artifact(ARTIFACT)
    assert len(engine.predict_many(rows(10))) == 10
    for call in (lambda: engine.predict_many(rows(11)), lambda: engine.predict_encoded(matrix(11))):
        with pytest.raises(
            LimitExceededError, match=r"has 11 rows, and this process predicts 10 at once at most.*PRISML_BATCH_ROWS"
        ) as caught:
            call()
        assert caught.value.context == {"model": "visits", "rows": 11, "limit": 10}


def test_a_graph_that_is_too_large_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """PRISML_MODEL_BYTES says how many bytes, for a folder, a registry and an artifact."""
    artifact = make_artifact(padding=50_000)
    folder = write_bundle(artifact, tmp_path / "bundle")
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    registry.publish(artifact)
    monkeypatch.setenv("PRISML_MODEL_BYTES", "40000")
    for load in (
        lambda: prisml.load(folder),
        lambda: prisml.load("churn", registry=registry),
        lambda: Engine.from_artifact(artifact),
    ):
        with pytest.raises(LimitExceededError, match=r"bytes, and this process loads 40,000 at most.*PRISML_MODEL_BYTES"):
            load()


def test_models_let_go_of_by_the_cache_still_answer(monkeypatch: pytest.MonkeyPatch):
    """With room for one model, the engines of others predict on."""
    monkeypatch.setenv("PRISML_CACHE_MODELS", "1")
    monkeypatch.setenv("PRISML_CACHE_BYTES", "1")
    engines = [Engine.from_artifact(make_artifact(bias=bias)) for bias in (0.015625, 0.03125, 0.046875)]
    values = [engine.predict({"age": 41, "country": "DE"}).value for engine in engines]
    assert values == sorted(values)
    assert len(set(values)) == 3


def with_nodes(nodes: list[onnx.NodeProto], *constants: onnx.TensorProto) -> Artifact:
    """An artifact of a regression over one matrix of two features, its graph made of ``nodes``."""
    graph = helper.make_graph(
        nodes,
        "odd",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1])],
        list(constants),
    )
    onnx_bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()
    manifest = make_artifact(task="regression").manifest.model_copy(update={"model_sha256": hashlib.sha256(onnx_bytes).hexdigest()})
    return Artifact(manifest.to_json(), onnx_bytes)


def sized(*sizes: int) -> onnx.TensorProto:
    """The sizes as a tensor of that name."""
    return numpy_helper.from_array(np.array(sizes, dtype=np.int64), "sizes")


REDUCE = helper.make_node("ReduceSum", ["wide"], ["value"], keepdims=1)


def test_a_graph_that_asks_for_any_amount_of_memory_is_refused():
    """A few bytes that ask for gigabytes never reach ONNX Runtime, however the size is made; one that follows the batch does."""
    fill = helper.make_node("ConstantOfShape", ["sizes"], ["wide"])
    with pytest.raises(ModelLoadError, match="The graph has the operator ConstantOfShape, which may ask for any amount of memory"):
        Engine.from_artifact(with_nodes([fill, REDUCE], sized(2**15, 2**15)))
    product = helper.make_node("Mul", ["some", "some"], ["sizes"])
    some = numpy_helper.from_array(np.array([2**15], dtype=np.int64), "some")
    with pytest.raises(ModelLoadError, match="ConstantOfShape"):
        Engine.from_artifact(with_nodes([product, fill, REDUCE], some))
    with pytest.raises(ModelLoadError, match="Expand"):
        Engine.from_artifact(with_nodes([helper.make_node("Expand", ["features", "sizes"], ["wide"]), REDUCE], sized(2**40, 2)))
    by_batch = [
        helper.make_node("Shape", ["features"], ["sizes"]),
        fill,
        helper.make_node("Add", ["wide", "features"], ["both"]),
        helper.make_node("ReduceSum", ["both", "axes"], ["value"], keepdims=1),
    ]
    engine = Engine.from_artifact(with_nodes(by_batch, numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")))
    assert engine.predict({"age": 41, "country": "DE"}).value == 42


@pytest.mark.parametrize(
    ("operator", "attributes", "why"),
    [
        ("RandomNormalLike", {}, "whose answers differ each time"),
        ("Bernoulli", {}, "whose answers differ each time"),
        ("Optional", {}, "which is not on the list"),
    ],
)
def test_operators_that_are_not_known_to_be_harmless_are_refused_at_load(operator, attributes, why):
    """A folder may be somebody else's: what is looked at when a graph is registered is looked at when it is loaded, too."""
    nodes = [helper.make_node(operator, ["features"], ["wide"], **attributes), REDUCE]
    with pytest.raises(ModelLoadError, match=f"operator {operator}, {why}"):
        Engine.from_artifact(with_nodes(nodes))


def test_a_graph_of_another_domain_or_with_tensors_elsewhere_is_refused_at_load():
    """Operators of one runtime's own, and files beside the model."""
    foreign = helper.make_node("CDist", ["features", "features"], ["wide"], domain="com.microsoft")
    with pytest.raises(ModelLoadError, match=r"operator CDist of the domain com\.microsoft, which is not ONNX's own"):
        Engine.from_artifact(with_nodes([foreign, REDUCE]))
    elsewhere = numpy_helper.from_array(np.zeros((2, 1), dtype=np.float32), "weights")
    elsewhere.ClearField("raw_data")
    elsewhere.data_location = TensorProto.EXTERNAL
    entry = elsewhere.external_data.add()
    entry.key, entry.value = "location", "passwd"
    with pytest.raises(ModelLoadError, match="The graph keeps tensors in another file"):
        Engine.from_artifact(with_nodes([helper.make_node("MatMul", ["features", "weights"], ["value"])], elsewhere))
