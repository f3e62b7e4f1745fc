from __future__ import annotations

import tracemalloc

import numpy as np
import onnx
import onnxruntime
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from prisml.training.estimators import choose_estimator
from prisml.training.export import export
from prisml.training.pipeline import Column, fit_pipeline
from tests.support.training import EVERY, REGRESSORS, SMALL, TREES

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


def many(task, codes=300, rows=900):
    """Two numbers, a category of many codes and one of four, and labels that depend on them."""
    random = np.random.default_rng(0)
    matrix, _ = some(task, rows)
    often = np.minimum(random.zipf(1.4, rows) - 1, codes - 1)
    matrix = np.insert(matrix, 2, often, axis=1)
    score = matrix[:, 0] + random.normal(size=codes)[often] - 2 * (matrix[:, 3] == 3) + random.normal(size=rows) / 2
    target = {"binary": (score > 0).astype(np.intp), "multiclass": np.digitize(score, [-1, 0.5]), "regression": 9 * score + 500}[task]
    return matrix, target, [Column("a", "median", 0), Column("b", None, 0), Column("many", None, codes), Column("c", None, 4)]


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
    params = {**SMALL[name], "learning_rate": 0.5} if "boost" in name or name == "lightgbm" else None
    pipeline = fitted("binary", name, matrix, target, [Column("x", None, 0)], params=params)
    expected = pipeline.predict(matrix)
    assert expected[-1, 1] - expected[0, 1] > 0.9
    np.testing.assert_allclose(run(exported(pipeline), matrix), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*Expected an int, got a boolean:DeprecationWarning")
def test_without_rounding_down_they_would_not():
    """What skl2onnx writes gives both of them the upper one's branch: the case above can fail."""
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
    matrix, target, columns = many(task, rows=2_000)
    graph = exported(fitted(task, name, matrix, target, columns))
    whole = run(graph, matrix)
    for size in (1, 2, 33, 1_000):
        parts = [run(graph, matrix[start : start + size]) for start in range(0, 132 if size < 1_000 else 2_000, size)]
        joined = np.concatenate(parts)
        assert joined.tobytes() == whole[: len(joined)].tobytes()


@pytest.mark.parametrize(("task", "name"), LINEAR)
def test_a_linear_graph_looks_codes_up(task, name):
    """Nothing that it computes for a row grows with the number of codes."""
    matrix, target, columns = many(task)
    # onnx infers no shapes behind an Imputer.
    graph = exported(fitted(task, name, matrix, target, [Column(column.name, None, column.codes) for column in columns]))
    proto = onnx.shape_inference.infer_shapes(onnx.load_from_string(graph), strict_mode=True)
    computed = {out for node in proto.graph.node for out in node.output} - {proto.graph.output[0].name}
    known = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in proto.graph.value_info}
    assert known.keys() >= computed
    assert max(size for name in computed for size in known[name]) <= len(columns)


@pytest.mark.parametrize(("task", "name"), LINEAR)
def test_a_linear_model_of_many_codes_takes_little_memory(task, name):
    """As much as the rows, not rows times codes: here that would be 1.6 GB."""
    matrix, target, columns = many(task, codes=10_000, rows=20_000)
    tracemalloc.start()
    try:
        pipeline = fitted(task, name, matrix, target, columns)
        expected = pipeline.predict(matrix)
        answer = run(exported(pipeline), matrix).reshape(expected.shape)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100e6
    np.testing.assert_allclose(answer, expected, rtol=1e-6, atol=1e-6)


SOLVERS = [
    *(
        ("binary", "logistic_regression", {"solver": solver})
        for solver in ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga")
    ),
    *(("multiclass", "logistic_regression", {"solver": solver}) for solver in ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")),
    ("binary", "logistic_regression", {"fit_intercept": False}),
    *(("regression", "linear_regression", params) for params in ({}, {"fit_intercept": False}, {"positive": True})),
    *(
        ("regression", "ridge", {"solver": solver, "fit_intercept": intercept})
        for solver in ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga")
        for intercept in (True, False)
    ),
    ("regression", "ridge", {"positive": True}),
]


@pytest.mark.parametrize(("task", "name", "params"), SOLVERS)
def test_many_codes_are_fitted_by_every_solver(task, name, params):
    """What a dense table by hand gives, up to the precision that was asked of the solver; and the same again, and in the graph."""
    matrix, target, columns = many(task)
    params = {**params, "max_iter": 5_000, **({} if "positive" in params else {"tol": 1e-7})} if name != "linear_regression" else params
    pipeline, again = (fitted(task, name, matrix, target, columns, params=params) for _ in range(2))
    assert pipeline.estimator.coef_.dtype == np.float64
    assert pipeline.estimator.coef_.tobytes() == again.estimator.coef_.tobytes()
    expected = pipeline.predict(matrix)
    np.testing.assert_allclose(run(exported(pipeline), matrix).reshape(expected.shape), expected, rtol=1e-6, atol=1e-6)
    one_hot = OneHotEncoder(categories=[np.arange(300.0), np.arange(4.0)], sparse_output=False)
    choice = choose_estimator(name, params=params, task=task, seed=1, model="m")
    dense = make_pipeline(ColumnTransformer([("numbers", StandardScaler(), [0, 1]), ("codes", one_hot, [2, 3])]), choice.estimator)
    dense.fit(matrix.astype(np.float64), target)
    by_hand = (dense.predict if task == "regression" else dense.predict_proba)(matrix.astype(np.float64))
    np.testing.assert_allclose(expected, by_hand, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", ["linear_regression", "ridge"])
def test_many_codes_change_no_default_beyond_rounding(name):
    """Without a word of the user, a solver for sparse tables is asked for what the one for dense tables gives."""
    matrix, target, columns = many("regression")
    wide = fitted("regression", name, matrix, target, columns).predict(matrix)
    one_hot = OneHotEncoder(categories=[np.arange(300.0), np.arange(4.0)], sparse_output=False)
    estimator = choose_estimator(name, params=None, task="regression", seed=1, model="m").estimator
    dense = make_pipeline(ColumnTransformer([("numbers", StandardScaler(), [0, 1]), ("codes", one_hot, [2, 3])]), estimator)
    by_hand = dense.fit(matrix.astype(np.float64), target).predict(matrix.astype(np.float64))
    np.testing.assert_allclose(wide, by_hand, rtol=1e-7)


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
