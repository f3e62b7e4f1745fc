from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

from prisml.training.estimators import choose_estimator
from prisml.training.export import export
from prisml.training.pipeline import Column, fit_pipeline
from tests.support.training import CLASSIFIERS, EVERY, REGRESSORS, SMALL

TREES = [name for name in CLASSIFIERS if name != "logistic_regression"]
LINEAR = [
    ("binary", "logistic_regression"),
    ("multiclass", "logistic_regression"),
    ("regression", "linear_regression"),
    ("regression", "ridge"),
]


def run(graph, matrix):
    """What ONNX Runtime gives by its own Python API."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (answer,) = session.run(None, {"features": matrix})
    return answer


def fitted(task, name, matrix, target, columns, classes=None, params=None):
    """A small pipeline of the algorithm."""
    choice = choose_estimator(name, params=params or SMALL.get(name), task=task, seed=1, model="m")
    classes = {"binary": (0, 1), "multiclass": (0, 1, 2), "regression": ()}[task] if classes is None else classes
    return fit_pipeline(choice, columns, matrix, target, task=task, classes=classes, model="m")


def exported(pipeline):
    """The pipeline's graph."""
    classes = {"binary": 2, "multiclass": 3, "regression": 0}[pipeline.task]
    return export(pipeline, classes=classes, model="m")


def some(task, rows=300):
    """Two numbers, a category, and labels that depend on them."""
    random = np.random.default_rng(0)
    matrix = np.column_stack((random.normal(size=rows), random.normal(size=rows), random.integers(0, 4, rows))).astype(np.float32)
    score = matrix[:, 0] - 2 * (matrix[:, 2] == 3) + random.normal(size=rows) / 2
    target = {"binary": (score > 0).astype(np.intp), "multiclass": np.digitize(score, [-1, 0.5]), "regression": score}[task]
    return matrix, target


COLUMNS = [Column("a", "median", 0), Column("b", None, 0), Column("c", None, 4)]


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_a_graph_has_one_input_one_output_and_the_pinned_versions(task, name):
    """No label, no map, nothing that depends on the day or the machine."""
    pipeline = fitted(task, name, *some(task), COLUMNS)
    graph = exported(pipeline)
    proto = onnx.load_from_string(graph)
    assert [entry.name for entry in proto.graph.input] == ["features"]
    assert [entry.name for entry in proto.graph.output] == ["value" if task == "regression" else "probabilities"]
    assert [(entry.domain, entry.version) for entry in proto.opset_import] == [("", 18), ("ai.onnx.ml", 3)]
    assert (proto.ir_version, proto.producer_name, proto.producer_version, proto.graph.name) == (8, "prisml", "", "prisml")
    assert graph == exported(pipeline)
    onnx.checker.check_model(proto, full_check=True)
    read = {name for node in proto.graph.node for name in node.input} | {proto.graph.output[0].name}
    assert all(read & set(node.output) for node in proto.graph.node)
    assert {tensor.name for tensor in proto.graph.initializer} <= read


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_a_graph_gives_what_scikit_learn_gives(task, name):
    """Also where a number is missing that the graph fills in."""
    matrix, target = some(task)
    pipeline = fitted(task, name, matrix, target, COLUMNS)
    matrix[::7, 0] = np.nan
    answer = run(exported(pipeline), matrix)
    assert answer.dtype == np.float32
    expected = pipeline.predict(matrix)
    np.testing.assert_allclose(answer, expected[:, None] if expected.ndim == 1 else expected, atol=2e-6)


@pytest.mark.parametrize("name", TREES)
def test_trees_alone_are_one_node(name):
    """Where nothing is filled in, nothing stands before them."""
    matrix, target = some("binary")
    graph = onnx.load_from_string(exported(fitted("binary", name, matrix, target, [Column(name, None, 0) for name in "abc"])))
    assert [node.op_type for node in graph.graph.node] == ["TreeEnsembleClassifier"]


def beside(count=60):
    """Two adjacent float32 whose middle rounds to the upper one, and a label that tells them apart."""
    upper = np.float32(2**20)
    lower = np.nextafter(upper, np.float32(0))
    assert np.float32((float(lower) + float(upper)) / 2) == upper
    matrix = np.repeat([lower, upper], count).astype(np.float32)[:, None]
    return matrix, (matrix[:, 0] == upper).astype(np.intp)


@pytest.mark.parametrize("name", TREES)
def test_adjacent_float32_take_the_branch_that_scikit_learn_takes(name):
    """The threshold between them is their middle, which the graph has to round down."""
    matrix, target = beside()
    params = {**SMALL.get(name, {}), "learning_rate": 0.5} if "boosting" in name else None
    pipeline = fitted("binary", name, matrix, target, [Column("x", None, 0)], params=params)
    expected = pipeline.predict(matrix)
    assert expected[-1, 1] - expected[0, 1] > 0.9
    np.testing.assert_allclose(run(exported(pipeline), matrix), expected, atol=1e-6)


def test_without_rounding_down_they_would_not():
    """What skl2onnx writes by itself gives both of them the upper one's branch: the case above can fail."""
    matrix, target = beside()
    pipeline = fitted("binary", "hist_gradient_boosting", matrix, target, [Column("x", None, 0)])
    naive = to_onnx(
        pipeline.estimator, initial_types=[("features", FloatTensorType([None, 1]))], target_opset=18, options={"zipmap": False}
    )
    session = onnxruntime.InferenceSession(naive.SerializeToString(), providers=["CPUExecutionProvider"])
    answer = session.run(["probabilities"], {"features": matrix})[0]
    assert np.abs(answer - pipeline.predict(matrix)).max() > 0.5


def test_a_missing_number_takes_its_own_branch_in_a_histogram_booster():
    """NaN reaches the trees, and goes where training sent it."""
    matrix, target = some("binary", rows=2_000)
    matrix[target == 1, 1] = np.nan
    pipeline = fitted("binary", "hist_gradient_boosting", matrix, target, [Column(name, None, 0) for name in "abc"])
    expected = pipeline.predict(matrix)
    assert expected[np.isnan(matrix[:, 1]), 1].min() > 0.5
    np.testing.assert_allclose(run(exported(pipeline), matrix), expected, atol=1e-6)


@pytest.mark.parametrize(("task", "name"), LINEAR)
def test_a_number_that_is_large_beside_its_spread_keeps_what_it_says(task, name):
    """Scaling in float32 would round it away."""
    matrix, target = some(task)
    matrix[:, 0] = matrix[:, 0] * 3 + 2**22 + 0.3
    pipeline = fitted(task, name, matrix, target, COLUMNS)
    expected = pipeline.predict(matrix)
    answer = run(exported(pipeline), matrix).reshape(expected.shape)
    np.testing.assert_allclose(answer, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("task", "name"), LINEAR)
def test_a_linear_row_gives_the_same_bits_in_every_batch(task, name):
    """Sums are float64, and what is left of their order is rounded away."""
    matrix, target = some(task, rows=2_000)
    graph = exported(fitted(task, name, matrix, target, COLUMNS))
    whole = run(graph, matrix)
    for size in (1, 2, 33, 1_000):
        parts = [run(graph, matrix[start : start + size]) for start in range(0, 132 if size < 1_000 else 2_000, size)]
        joined = np.concatenate(parts)
        assert joined.tobytes() == whole[: len(joined)].tobytes()


@pytest.mark.parametrize(("task", "name"), EVERY)
@pytest.mark.parametrize("constant", [0.0, 1e30])
def test_a_constant_column_is_harmless(task, name, constant):
    """Alone it gives a constant prediction, beside others nothing."""
    matrix, target = some(task)
    matrix[:, 0] = constant
    for width in (1, 3):
        pipeline = fitted(task, name, matrix[:, :width], target, [Column("a", "mean", 0), *COLUMNS[1:]][:width])
        expected = pipeline.predict(matrix[:, :width])
        answer = run(exported(pipeline), np.ascontiguousarray(matrix[:, :width]))
        assert np.isfinite(answer).all()
        np.testing.assert_allclose(answer.reshape(expected.shape), expected, atol=2e-6)


def test_each_column_is_filled_by_its_own_rule():
    """Median, mean, most frequent, a constant, and not at all, in one node."""
    column = np.array([1, 1, 2, 8, np.nan], dtype=np.float32)
    matrix = np.tile(np.repeat(column, 20)[:, None], (1, 5))
    rules = ["median", "mean", "most_frequent", 7.5, None]
    columns = [Column(str(rule), rule, 0) for rule in rules]
    pipeline = fitted("binary", "hist_gradient_boosting", matrix, np.arange(100) % 2, columns)
    assert pipeline.fills[:4].tolist() == [1.5, 3.0, 1.0, 7.5]
    assert np.isnan(pipeline.fills[4])
    proto = onnx.load_from_string(exported(pipeline))
    assert [node.op_type for node in proto.graph.node] == ["Imputer", "TreeEnsembleClassifier"]


@pytest.mark.parametrize("name", REGRESSORS)
def test_categories_alone_can_be_learned(name):
    """A model may have no number at all."""
    matrix, target = some("regression")
    pipeline = fitted("regression", name, np.ascontiguousarray(matrix[:, 2:]), target, [COLUMNS[2]])
    codes = np.arange(4, dtype=np.float32)[:, None]
    np.testing.assert_allclose(run(exported(pipeline), codes)[:, 0], pipeline.predict(codes), atol=1e-6)
