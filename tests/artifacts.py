"""Tiny real models for tests: a linear graph whose answer can be worked out by hand, and the manifest that fits it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prisml.manifest import ClassLabel, Fingerprints, Input, Interval, Manifest, Parity, Rows, Source, Task
from prisml.registry.bundle import Artifact

AGE = Input(name="age", kind="number", origin="column", dtype="int", sources=(Source(path=("age",), dtype="int"),))
COUNTRY = Input(
    name="country",
    kind="category",
    origin="column",
    dtype="str",
    sources=(Source(path=("country",), dtype="str"),),
    missing="code",
    categories=("US", "DE"),
    missing_code=2,
    other_code=3,
)
MAIL_DOMAIN = Input(
    name="mail_domain", kind="category", origin="resolver", dtype="str", missing="code", categories=("a.org",), missing_code=1, other_code=1
)

WEIGHTS: Mapping[str, float] = {"age": 0.03125, "country": -0.5, "mail_domain": 1.5}
CLASSES: Mapping[str, tuple[ClassLabel, ...]] = {"binary": (False, True), "multiclass": ("low", "mid", "high"), "regression": ()}


def make_artifact(
    name: str = "churn",
    *,
    task: Task = "binary",
    inputs: Sequence[Input] = (AGE, COUNTRY),
    bias: float = 0.0,
    fingerprints: Fingerprints | None = None,
    classes: tuple[ClassLabel, ...] | None = None,
    threshold: float = 0.5,
    output: str | None = None,
    entity: str = "Customer",
    padding: int = 0,
    key: tuple[str, ...] = ("id",),
    report: str | None = None,
) -> Artifact:
    """An artifact that can be published and served; another ``bias`` is another digest, ``padding`` makes the graph larger."""
    graph = linear_graph(task, [WEIGHTS[item.name] for item in inputs], bias, padding)
    manifest = Manifest(
        name=name,
        entity=entity,
        key=key,
        output=output or f"{name}_value",
        task=task,
        classes=CLASSES[task] if classes is None else classes,
        threshold=threshold if task == "binary" else None,
        inputs=tuple(inputs),
        fingerprints=fingerprints or Fingerprints(columns="0" * 64),
        estimator="by hand",
        parameters={},
        split={"kind": "random", "test_size": 0.2},
        seed=42,
        rows=Rows(extracted=10, dropped_null_label=0, train=8, test=2),
        metrics={"accuracy": Interval(value=0.75, low=0.5, high=1.0)},
        baseline={"accuracy": 0.5},
        parity=Parity(rows=2, edge_rows=0, max_difference=0.0, tolerance=1e-5, label_flips=0),
        libraries={"onnx": onnx.__version__},
        model_sha256=hashlib.sha256(graph).hexdigest(),
        report_sha256=None if report is None else hashlib.sha256(report.encode()).hexdigest(),
    )
    return Artifact(manifest.to_json(), graph, report)


def linear_graph(task: Task, weights: Sequence[float], bias: float, padding: int = 0) -> bytes:
    """``weights`` on the inputs, NaN counting as 0; of three classes, each has twice the score of the one before it."""
    columns = {"binary": [0.0, 1.0], "multiclass": [0.0, 1.0, 2.0], "regression": [1.0]}[task]
    output = "value" if task == "regression" else "probabilities"
    constants = {
        "zero": np.zeros(1, dtype=np.float32),
        "weights": np.outer(weights, columns).astype(np.float32),
        "bias": (bias * np.array(columns)).astype(np.float32),
    }
    score = output if task == "regression" else "score"
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "features"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["weighed"]),
        helper.make_node("Add", ["weighed", "bias"], [score]),
    ]
    if task != "regression":
        nodes.append(helper.make_node("Softmax", ["score"], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(weights)])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, len(columns)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
        doc_string=np.random.default_rng(padding).bytes(padding // 2).hex(),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString(deterministic=True))


def encoded(row: Mapping[str, object], inputs: Sequence[Input] = (AGE, COUNTRY)) -> list[float]:
    """The row as the encoder must see it, by the manifest alone; a missing number counts as 0."""
    codes = []
    for item in inputs:
        value = row.get(item.name)
        if item.kind == "number":
            codes.append(0.0 if value is None else float(str(value)))
        elif value is None:
            codes.append(float(item.missing_code or 0))
        else:
            known = list(item.categories or ())
            codes.append(float(known.index(value) if value in known else item.other_code or 0))
    return codes


def expected(row: Mapping[str, object], inputs: Sequence[Input] = (AGE, COUNTRY), *, bias: float = 0.0) -> float:
    """The score of ``row`` through the logistic function: P(positive) of the binary model."""
    score = bias + sum(WEIGHTS[item.name] * code for item, code in zip(inputs, encoded(row, inputs), strict=True))
    return 0.5 * (1.0 + math.tanh(score / 2.0))
