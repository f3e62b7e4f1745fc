"""Linear models and single operators scored natively against ONNX Runtime, which did not read them with the same code."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prisml import errors
from prisml._core import Model, load_model, load_runtime
from prisml.serving import runtime

ML = "ai.onnx.ml"
LEVELS = ["plain", "avx2", "avx512"]
OPSETS = {"": 18, ML: 3}
Matrix = NDArray[np.float32]


def start() -> None:
    """Loads ONNX Runtime."""
    load_runtime(str(runtime.locate()))


def loaded(onnx: bytes, task: str, width: int, classes: int = 0, **options: Any) -> Model:
    """The graph as the core loads it."""
    source = {"kind": "number", "dtype": "float", "missing": "nan"}
    inputs = [{"name": f"x{place}", **source, "sources": [{"path": [f"x{place}"], "dtype": "float"}]} for place in range(width)]
    manifest = {"name": "steps", "task": task, "inputs": inputs, "classes": list(range(classes))}
    return load_model(hashlib.sha256(onnx).hexdigest() + task, lambda: (json.dumps(manifest), onnx), start, **options)


# What scikit-learn fits and skl2onnx writes.

WIDTH = 6


def data(rows: int = 400, seed: int = 0) -> Matrix:
    """Four numbers and two columns of codes."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, WIDTH)).astype(np.float32)
    matrix[:, 4], matrix[:, 5] = rng.integers(0, 3, rows), rng.integers(0, 4, rows)
    return matrix


def columns(estimator: BaseEstimator) -> BaseEstimator:
    """The usual pipeline of mixed columns before ``estimator``."""
    numbers, codes = make_pipeline(SimpleImputer(), StandardScaler()), OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(ColumnTransformer([("numbers", numbers, [0, 1, 2, 3]), ("codes", codes, [4, 5])]), estimator)


def logistic(*steps: BaseEstimator) -> BaseEstimator:
    """A logistic regression behind ``steps``."""
    return make_pipeline(*steps, LogisticRegression())


def codes(transformer: BaseEstimator) -> BaseEstimator:
    """The columns of codes through ``transformer``, the others as they are."""
    return ColumnTransformer([("codes", transformer, [4, 5])], remainder="passthrough")


FOREST = RandomForestClassifier(5, max_depth=4, random_state=0)
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
PIPELINES: dict[str, tuple[BaseEstimator, int]] = {
    "logistic": (LogisticRegression(), 2),
    "logistic of three classes": (LogisticRegression(), 3),
    "one against the rest": (OneVsRestClassifier(LogisticRegression()), 3),
    "least squares": (LinearRegression(), 0),
    "ridge, standardised": (make_pipeline(StandardScaler(), Ridge()), 0),
    "lasso": (Lasso(0.1), 0),
    "poisson": (PoissonRegressor(), 0),
    "discriminant": (LinearDiscriminantAnalysis(), 3),
    "gradient descent": (SGDClassifier(loss="log_loss", random_state=0), 2),
    "gradient descent, three classes": (SGDClassifier(loss="log_loss", random_state=0), 3),
    "gradient descent, huber": (make_pipeline(StandardScaler(), SGDClassifier(loss="modified_huber", alpha=0.01, random_state=0)), 2),
    "minimum and maximum": (logistic(MinMaxScaler()), 2),
    "largest size": (make_pipeline(MaxAbsScaler(), Ridge()), 0),
    "principal components": (logistic(PCA(3)), 2),
    "lengths": (logistic(Normalizer()), 2),
    "sizes": (logistic(Normalizer("l1")), 2),
    "thresholds": (logistic(Binarizer(threshold=0.1)), 2),
    "bins": (logistic(KBinsDiscretizer(encode="ordinal", quantile_method="averaged_inverted_cdf")), 2),
    "bins, one-hot": (logistic(KBinsDiscretizer(encode="onehot-dense", quantile_method="averaged_inverted_cdf")), 2),
    "powers": (logistic(PolynomialFeatures(2), StandardScaler()), 2),
    "yeo-johnson": (logistic(PowerTransformer()), 2),
    "targets by code": (make_pipeline(codes(TargetEncoder(random_state=0)), Ridge()), 0),
    "ordinals": (make_pipeline(codes(OrdinalEncoder()), Ridge()), 0),
    "mixed columns": (columns(LogisticRegression()), 2),
    "mixed columns, three classes": (columns(LogisticRegression()), 3),
    "mixed columns, ridge": (columns(Ridge()), 0),
    "mixed columns, forest": (columns(FOREST), 2),
    "calibrated": (CalibratedClassifierCV(LogisticRegression(), cv=2), 2),
    "calibrated, three classes": (CalibratedClassifierCV(LogisticRegression(), cv=2), 3),
    "calibrated by steps": (CalibratedClassifierCV(LogisticRegression(), cv=2, method="isotonic"), 2),
    "calibrated support vectors": (CalibratedClassifierCV(LinearSVC(), cv=2), 2),
    "calibrated forest": (CalibratedClassifierCV(FOREST, cv=2), 2),
    "vote": (VotingClassifier([("a", LogisticRegression()), ("b", TREE)], voting="soft", flatten_transform=False), 2),
    "vote on a number": (VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))]), 0),
    "stack": (StackingClassifier([("a", LogisticRegression()), ("b", TREE)], cv=2), 2),
    "bag": (BaggingClassifier(LogisticRegression(), n_estimators=3, random_state=0), 2),
    "adaptive boosting": (AdaBoostClassifier(n_estimators=5, random_state=0), 3),
    "neural network": (MLPClassifier((4,), max_iter=300, random_state=0), 2),
}


def task_of(classes: int) -> str:
    """The task of a model of so many classes."""
    return {0: "regression", 2: "binary"}.get(classes, "multiclass")


def converted(name: str) -> tuple[bytes, str, int]:
    """The graph of a pipeline, its task and its classes."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    estimator, classes = PIPELINES[name]
    matrix, noise = data(), np.random.default_rng(1).normal(size=400)
    signal = matrix[:, 0] + matrix[:, 5] / 2 + noise / 2
    target = np.abs(signal) if classes == 0 else np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(matrix, target)
        types = [("features", FloatTensorType([None, WIDTH]))]
        proto = to_onnx(estimator, initial_types=types, target_opset=OPSETS, options={"zipmap": False} if classes else None)
    return with_one_output(proto, "value" if classes == 0 else "probabilities"), task_of(classes), classes


def with_one_output(proto: ModelProto, name: str) -> bytes:
    """The graph without its label, and its output called ``name``."""
    (output,) = (output for output in proto.graph.output if output.name != "label")
    for node in proto.graph.node:
        node.input[:] = [name if found == output.name else found for found in node.input]
        node.output[:] = [name if found == output.name else found for found in node.output]
    output.name = name
    del proto.graph.output[:]
    proto.graph.output.append(output)
    content: bytes = proto.SerializeToString()
    return content


def decided(answers: NDArray[np.float64], task: str) -> NDArray[np.intp]:
    """The class of each row."""
    return (answers > 0.5).astype(np.intp) if task == "binary" else np.argmax(np.atleast_2d(answers), axis=-1)


@pytest.mark.parametrize("name", [name for name in PIPELINES if name != "neural network"])
def test_what_scikit_learn_fits_is_scored_natively_as_onnx_runtime_scores_it(name: str) -> None:
    """Within 1e-6 and with no label flipped; a row alone has the bits that it has in the batch, at every set of instructions."""
    onnx, task, classes = converted(name)
    matrix = data(600, seed=2)
    if name.startswith("mixed"):
        matrix[::7, 1], matrix[3, 5] = np.nan, 9
    native = loaded(onnx, task, WIDTH, classes)
    assert native.scorer[0], native.scorer[1]
    answers = native.predict_encoded(matrix)
    expected = loaded(onnx, task, WIDTH, classes, native=False).predict_encoded(matrix)
    assert np.abs(answers - expected).max() <= 1e-6 * max(1, np.abs(expected).max())
    if classes:
        assert (decided(answers, task) == decided(expected, task)).all()
    alone = np.concatenate([native.predict_encoded(matrix[row : row + 1]) for row in range(50)])
    assert np.array_equal(alone, answers[:50])
    for level in LEVELS:
        assert np.array_equal(loaded(onnx, task, WIDTH, classes, level=level).predict_encoded(matrix), answers)


def test_a_neural_network_is_left_to_onnx_runtime() -> None:
    """And the reason says so."""
    onnx, task, classes = converted("neural network")
    model = loaded(onnx, task, WIDTH, classes)
    assert not model.scorer[0]
    assert "neural network" in model.scorer[1]


# Small graphs of any operators.

CELLS = [float(value) / 4 for value in range(-20, 21)]
NUMBERS = st.sampled_from([*CELLS, 0.1, -0.3])


@dataclass
class Graph:
    """Nodes that grow one by one; ``name`` is the last one's output, of ``width`` columns."""

    draw: st.DrawFn
    nodes: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    name: str = "features"
    width: int = 4

    def fresh(self) -> str:
        """A name that nothing has yet."""
        return f"t{len(self.nodes)}_{len(self.tensors)}"

    def tensor(self, values: Any, dtype: Any = np.float32) -> str:
        """The name of a tensor that stands in the file."""
        name = self.fresh()
        self.tensors.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def add(self, op: str, *inputs: str, width: int | None = None, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Appends a node, and gives its last output's name."""
        names = [f"{self.fresh()}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        self.name, self.width = names[-1], self.width if width is None else width
        return self.name

    def numbers(self, count: int) -> list[float]:
        """Numbers of the test's choice."""
        return self.draw(st.lists(NUMBERS, min_size=count, max_size=count))

    def row(self) -> str:
        """A tensor that stretches to the columns."""
        return self.tensor(self.numbers(self.draw(st.sampled_from([1, self.width]))))

    def whole(self, low: int, high: int) -> int:
        """A number of the test's choice, both ends included."""
        return self.draw(st.integers(low, high))

    def places(self) -> list[int]:
        """Places of columns, some counted from the end."""
        return self.draw(st.lists(st.integers(-self.width, self.width - 1), min_size=1, max_size=5))


def with_numbers(op: str) -> Callable[[Graph], None]:
    """A node of two inputs, one of which is a tensor, in either order; or both are the same."""

    def build(graph: Graph) -> None:
        inputs = graph.draw(st.permutations([graph.name, graph.draw(st.sampled_from([graph.row(), graph.name]))]))
        graph.add(op, *inputs)

    return build


def compared(op: str) -> Callable[[Graph], None]:
    """A comparison, as float32, of what differs from its neighbour by no rounding."""

    def build(graph: Graph) -> None:
        truth = graph.add(op, graph.name, graph.row())
        if graph.draw(st.booleans()):
            truth = graph.add("Not", truth)
        graph.add("Cast", truth, to=TensorProto.FLOAT)

    return build


def plain(op: str, **attributes: Any) -> Callable[[Graph], None]:
    """A node of one input that keeps its columns."""
    return lambda graph: drop(graph.add(op, graph.name, **attributes))


def drop(_: Any) -> None:
    """For lambdas that give nothing."""


def clip(graph: Graph) -> None:
    """Bounds that are there or not."""
    low, high = sorted(graph.numbers(2))
    bounds = [graph.tensor(bound) if graph.draw(st.booleans()) else "" for bound in (low, high)]
    graph.add("Clip", graph.name, *bounds)


def choose(graph: Graph) -> None:
    """Where with a condition on the input."""
    before = graph.name
    test = graph.add("Less", before, graph.row())
    graph.add("Where", test, before, graph.row())


def extract(graph: Graph) -> None:
    """Columns by their places."""
    places = [place % graph.width for place in graph.places()]
    graph.add("ArrayFeatureExtractor", graph.name, graph.tensor(places, np.int64), domain=ML, width=len(places))


def gather(graph: Graph) -> None:
    """Columns by their places, from either end."""
    places = graph.places()
    graph.add("Gather", graph.name, graph.tensor(places, np.int64), axis=graph.draw(st.sampled_from([1, -1])), width=len(places))


def cut(graph: Graph) -> None:
    """Columns from one place to another."""
    first = graph.whole(0, graph.width - 1)
    last = graph.whole(first + 1, graph.width)
    end = graph.draw(st.sampled_from([last, 2**63 - 1] if last == graph.width else [last, last - graph.width]))
    bounds = [graph.tensor([value], np.int64) for value in (first, end, graph.draw(st.sampled_from([1, -1])))]
    graph.add("Slice", graph.name, *bounds, width=last - first)


def split(graph: Graph) -> None:
    """The last of some parts."""
    sizes = (
        graph.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3).filter(lambda sizes: sum(sizes) < graph.width))
        if graph.width > 1
        else []
    )
    sizes.append(graph.width - sum(sizes))
    graph.add("Split", graph.name, graph.tensor(sizes, np.int64), axis=1, outputs=len(sizes), width=sizes[-1])


def concat(graph: Graph) -> None:
    """The columns beside the input's."""
    others = graph.draw(st.permutations([graph.name, "features"]))
    graph.add("Concat", *others, axis=graph.draw(st.sampled_from([1, -1])), width=graph.width + 4)


def impute(graph: Graph) -> None:
    """A number for NaN, or for another number."""
    fills = graph.numbers(graph.draw(st.sampled_from([1, graph.width])))
    replaced = graph.draw(st.sampled_from([float("nan"), 0.25, -1.0]))
    graph.add("Imputer", graph.name, domain=ML, imputed_value_floats=fills, replaced_value_float=replaced)


def scale(graph: Graph) -> None:
    """Offsets and factors."""
    lists = [graph.numbers(graph.draw(st.sampled_from([1, graph.width]))) for _ in range(2)]
    if len(lists[0]) != len(lists[1]):
        lists = [(values * graph.width)[: graph.width] for values in lists]
    graph.add("Scaler", graph.name, domain=ML, offset=lists[0], scale=lists[1])


def one_hot(graph: Graph) -> None:
    """One column as columns of zeros and ones."""
    codes = graph.draw(st.lists(st.integers(-4, 5), min_size=1, max_size=5, unique=True))
    gather(graph)
    column = graph.add("Gather", graph.name, graph.tensor([0], np.int64), axis=1, width=1)
    if graph.draw(st.booleans()):
        column = graph.add("Cast", column, to=TensorProto.INT64)
    hot = graph.add("OneHotEncoder", column, domain=ML, cats_int64s=codes)
    graph.add("Reshape", hot, graph.tensor([-1, len(codes)], np.int64), width=len(codes))


def str_of(number: float) -> str:
    """One text for both zeros."""
    return str(number + 0.0)


def encode(graph: Graph) -> None:
    """Numbers for numbers."""
    keys = graph.draw(st.lists(st.sampled_from([*CELLS, -0.0]), min_size=1, max_size=8, unique_by=str_of))
    graph.add(
        "LabelEncoder", graph.name, domain=ML, keys_floats=keys, values_floats=graph.numbers(len(keys)), default_float=graph.numbers(1)[0]
    )


def without_nan(graph: Graph) -> None:
    """What ONNX Runtime refuses, or answers by the order in which its instructions meet it, is left out."""
    graph.add("Imputer", graph.name, domain=ML, imputed_value_floats=graph.numbers(1), replaced_value_float=float("nan"))


def binarize(graph: Graph) -> None:
    """Zeros and ones."""
    without_nan(graph)
    graph.add("Binarizer", graph.name, domain=ML, threshold=0.25)


def most(op: str) -> Callable[[Graph], None]:
    """The place of the largest or smallest column, as float32."""

    def build(graph: Graph) -> None:
        without_nan(graph)
        place = graph.add(op, graph.name, axis=1, keepdims=1, width=1)
        graph.add("Cast", place, to=TensorProto.FLOAT)

    return build


def arrange(graph: Graph) -> None:
    """There and back through other dimensions."""
    width = graph.width
    deep = graph.add("Unsqueeze", graph.name, graph.tensor([graph.draw(st.sampled_from([0, 1, 2]))], np.int64))
    graph.add("Reshape", deep, graph.tensor(graph.draw(st.sampled_from([[-1, 1, width], [1, -1, width], [-1, width, 1]])), np.int64))
    graph.add("Reshape", graph.name, graph.tensor([-1, width], np.int64))


def deepened(graph: Graph) -> None:
    """Through a dimension in the middle that others are stretched along."""
    without_nan(graph)
    deep = graph.add("Unsqueeze", graph.name, graph.tensor([1], np.int64))
    moved = graph.add("Sub", deep, graph.tensor([[graph.numbers(graph.width), graph.numbers(graph.width)]]))
    graph.add("ReduceMax", moved, graph.tensor([1], np.int64), keepdims=0)


def widened(graph: Graph) -> None:
    """Through float64, where sums are float64."""
    wide = graph.add("Cast", graph.name, to=TensorProto.DOUBLE)
    wide = graph.add("Add", wide, graph.tensor(graph.numbers(graph.width), np.float64))
    graph.add("Cast", wide, to=TensorProto.FLOAT)


def reduce(op: str) -> Callable[[Graph], None]:
    """The columns as one."""

    def build(graph: Graph) -> None:
        if op in {"ReduceMax", "ReduceMin"}:
            without_nan(graph)
        keep = graph.draw(st.sampled_from([0, 1]))
        graph.add(op, graph.name, graph.tensor([1], np.int64), keepdims=keep, width=1)
        if not keep:
            graph.add("Unsqueeze", graph.name, graph.tensor([1], np.int64))

    return build


def multiply(graph: Graph) -> None:
    """A product with a matrix, perhaps turned and with a bias."""
    width = graph.whole(1, 3)
    weights = np.reshape(graph.numbers(graph.width * width), (graph.width, width))
    if graph.draw(st.booleans()):
        graph.add("MatMul", graph.name, graph.tensor(weights), width=width)
        return
    turned = graph.draw(st.booleans())
    bias = [graph.tensor(graph.numbers(graph.draw(st.sampled_from([1, width]))))] if graph.draw(st.booleans()) else []
    graph.add("Gemm", graph.name, graph.tensor(weights.T if turned else weights), *bias, transB=int(turned), width=width)


def regress(graph: Graph) -> None:
    """Some targets."""
    width = graph.whole(1, 3)
    bias = {"intercepts": graph.numbers(width)} if graph.draw(st.booleans()) else {}
    graph.add("LinearRegressor", graph.name, domain=ML, targets=width, coefficients=graph.numbers(graph.width * width), width=width, **bias)


def classify(graph: Graph) -> None:
    """Some classes."""
    width = graph.whole(2, 3)
    transform = graph.draw(st.sampled_from(["NONE", "LOGISTIC", "SOFTMAX"]))
    graph.add(
        "LinearClassifier", graph.name, domain=ML, outputs=2, width=width, post_transform=transform, classlabels_ints=list(range(width)),
        coefficients=graph.numbers(graph.width * width), intercepts=graph.numbers(width),
    )  # fmt: skip


def vectorize(graph: Graph) -> None:
    """Columns beside columns."""
    sizes = [graph.width, 4]
    graph.add("FeatureVectorizer", graph.name, "features", domain=ML, inputdimensions=sizes, width=sum(sizes))


EXACT: dict[str, Callable[[Graph], None]] = {
    **{op: with_numbers(op) for op in ("Add", "Sub", "Mul", "Min", "Max", "Sum")},
    **{op: compared(op) for op in ("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal")},
    **{op: plain(op) for op in ("Neg", "Abs", "Relu", "Identity", "Floor", "Ceil", "Flatten")},
    "Clip": clip, "Where": choose, "ArrayFeatureExtractor": extract, "Gather": gather, "Slice": cut, "Split": split, "Concat": concat,
    "Imputer": impute, "Scaler": scale, "OneHotEncoder": one_hot, "LabelEncoder": encode, "ArgMax": most("ArgMax"),
    "ArgMin": most("ArgMin"),
    "Reshape": arrange, "deep": deepened, "Cast": widened, "FeatureVectorizer": vectorize, "ReduceMax": reduce("ReduceMax"),
    "ReduceMin": reduce("ReduceMin"), "Binarizer": binarize,
}  # fmt: skip
ROUNDED: dict[str, Callable[[Graph], None]] = {
    **{op: plain(op) for op in ("Exp", "Log", "Sqrt", "Sigmoid", "Tanh", "Reciprocal")},
    **{op: reduce(op) for op in ("ReduceSum", "ReduceMean", "ReduceProd", "ReduceLogSumExp", "ReduceL1", "ReduceSumSquare")},
    **{f"Normalizer {norm}": plain("Normalizer", domain=ML, norm=norm) for norm in ("MAX", "L1", "L2")},
    **{f"LpNormalization {p}": plain("LpNormalization", axis=1, p=p) for p in (1, 2)},
    "Div": with_numbers("Div"), "Pow": with_numbers("Pow"), "Softmax": plain("Softmax", axis=1), "MatMul": multiply,
    "LinearRegressor": regress, "LinearClassifier": classify,
}  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn, last: str) -> bytes:
    """A few operators whose results are the same to the bit, and ``last``; one of its columns is the value."""
    graph = Graph(draw)
    for op in draw(st.lists(st.sampled_from(sorted(EXACT)), max_size=4)):
        EXACT[op](graph)
    {**EXACT, **ROUNDED}[last](graph)
    graph.add("Gather", graph.name, graph.tensor([graph.whole(0, graph.width - 1)], np.int64), axis=1)
    graph.nodes[-1].output[0] = "value"
    return assembled(graph.nodes, graph.tensors)


def assembled(nodes: list[Any], tensors: list[Any]) -> bytes:
    """The bytes of a graph of ``nodes``."""
    takes = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 4])
    gives = helper.make_tensor_value_info("value", TensorProto.FLOAT, ["N", 1])
    proto = helper.make_graph(nodes, "steps", [takes], [gives], tensors)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(ML, 3), helper.make_opsetid("com.microsoft", 1)]
    content: bytes = helper.make_model(proto, opset_imports=opsets, ir_version=8).SerializeToString()
    return content


def each(model: Model, matrix: Matrix) -> NDArray[np.float64]:
    """Each row's value by itself; NaN where the core says that it is not finite."""
    answers = []
    for row in matrix:
        try:
            answers.append(model.predict_encoded(row[None, :])[0])
        except errors.PrisMLError:
            answers.append(np.nan)
    return np.asarray(answers)


ROWS = st.lists(st.lists(st.sampled_from([*CELLS, 0.1, float("nan")]), min_size=4, max_size=4), min_size=1, max_size=6)


@pytest.mark.parametrize("last", sorted({**EXACT, **ROUNDED}))
@settings(max_examples=12, deadline=None)
@given(choices=st.data(), rows=ROWS)
def test_an_operator_gives_what_onnx_runtime_gives(last: str, choices: st.DataObject, rows: list[list[float]]) -> None:
    """Within rounding to float32, also for NaN; a row alone has the bits that it has in a batch."""
    onnx, matrix = choices.draw(graphs(last)), np.asarray(rows, dtype=np.float32)
    native, reference = loaded(onnx, "regression", 4), loaded(onnx, "regression", 4, native=False)
    assert native.scorer[0], native.scorer[1]
    answers, expected = each(native, matrix), each(reference, matrix)
    assert np.array_equal(np.isnan(answers), np.isnan(expected))
    finite = ~np.isnan(expected)
    assert (np.abs(answers - expected)[finite] <= 1e-6 * np.maximum(1, np.abs(expected[finite]))).all()
    if finite.any():
        assert np.array_equal(native.predict_encoded(matrix[finite]), answers[finite])


# What is left to ONNX Runtime.

SQUARE = numpy_helper.from_array(np.eye(4, dtype=np.float32), "square")
FIRST = numpy_helper.from_array(np.asarray([0], dtype=np.int64), "first")
SECOND = numpy_helper.from_array(np.asarray([1], dtype=np.int64), "second")


@settings(max_examples=20, deadline=None)
@given(coefficients=st.lists(st.integers(-20, 20), min_size=8, max_size=8), rows=ROWS)
def test_shares_of_one_against_the_rest(coefficients: list[int], rows: list[list[float]]) -> None:
    """Within what ONNX Runtime rounds: of a negative score it takes 1 - p in float32, whose error the division by a small sum enlarges."""
    weights = [each / 4 for each in coefficients]
    nodes = [
        helper.make_node(
            "LinearClassifier", ["features"], ["label", "sides"], domain=ML, classlabels_ints=[0, 1], post_transform="LOGISTIC",
            coefficients=weights, intercepts=[0.5, -1.25],
        ),
        helper.make_node("Normalizer", ["sides"], ["wide"], domain=ML, norm="L1"),
    ]  # fmt: skip
    onnx = assembled([*nodes, helper.make_node("Gather", ["wide", "first"], ["value"], axis=1)], [FIRST])
    matrix = np.nan_to_num(np.asarray(rows, dtype=np.float32))
    native, reference = loaded(onnx, "regression", 4), loaded(onnx, "regression", 4, native=False)
    assert native.scorer[0], native.scorer[1]
    scores = matrix.astype(np.float64) @ np.reshape(weights, (2, 4)).T + [0.5, -1.25]
    together = (1 / (1 + np.exp(-scores))).sum(axis=1)
    answers, expected = each(native, matrix), each(reference, matrix)
    assert (np.abs(answers - expected) <= 1e-6 + 2**-22 / np.maximum(together, 2**-24)).all()


REFUSED: dict[str, tuple[list[Any], str]] = {
    "an operator that is not known": ([helper.make_node("Erf", ["features"], ["wide"])], "operator Erf is not known"),
    "a sum over rows": ([helper.make_node("ReduceSum", ["features", "first"], ["wide"])], "operator ReduceSum mixes rows"),
    "the first row": ([helper.make_node("Gather", ["features", "first"], ["wide"], axis=0)], "operator Gather mixes rows"),
    "rows turned into columns": (
        [helper.make_node("Transpose", ["features"], ["turned"]), helper.make_node("MatMul", ["square", "turned"], ["wide"])],
        "operator MatMul works on a type",
    ),
    "rows by rows": ([helper.make_node("Gemm", ["features", "features"], ["wide"], transB=1)], "operator Gemm"),
    "a cumulative sum": ([helper.make_node("CumSum", ["features", "first"], ["wide"])], "operator CumSum is not known"),
    "a factor of a product": ([helper.make_node("Gemm", ["features", "square"], ["wide"], alpha=2.0)], "operator Gemm has attributes"),
    "the number of rows": (
        [
            helper.make_node("Shape", ["features"], ["shape"]),
            helper.make_node("Cast", ["shape"], ["sizes"], to=TensorProto.FLOAT),
            helper.make_node("Gather", ["sizes", "first"], ["rows"]),
            helper.make_node("Mul", ["features", "rows"], ["wide"]),
        ],
        "operator Cast works on a type",
    ),
    "a label that is read": (
        [
            helper.make_node(
                "LinearClassifier", ["features"], ["label", "scores"], domain=ML, classlabels_ints=[0, 1],
                coefficients=[1.0] * 8, intercepts=[0.0, 0.0],
            ),
            helper.make_node("Cast", ["label"], ["number"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["number", "second"], ["wide"]),
        ],
        "operator Cast works on a type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_exactly_is_left_to_onnx_runtime(name: str) -> None:
    """And the reason names the operator."""
    nodes, reason = REFUSED[name]
    onnx = assembled([*nodes, helper.make_node("Gather", ["wide", "first"], ["value"], axis=1)], [SQUARE, FIRST, SECOND])
    model = loaded(onnx, "regression", 4)
    assert not model.scorer[0]
    assert reason in model.scorer[1]


def test_what_nobody_reads_is_not_evaluated() -> None:
    """An operator that is not known does no harm beside the output."""
    nodes = [helper.make_node("Erf", ["features"], ["unread"]), helper.make_node("ReduceSum", ["features", "second"], ["value"])]
    onnx = assembled(nodes, [SECOND])
    model = loaded(onnx, "regression", 4)
    assert model.scorer[:2] == (True, "1 step")
    assert model.predict_encoded(np.asarray([[1, 2, 3, 4.5]], dtype=np.float32)).tolist() == [10.5]
