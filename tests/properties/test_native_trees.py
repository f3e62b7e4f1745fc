"""Trees scored natively against ONNX Runtime, which did not read them with the same code."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from prisml import errors
from prisml._core import Model, load_model, load_runtime
from prisml.serving import runtime

ML = "ai.onnx.ml"
WIDTH = 4
ORDERED = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"]
MODES = [*ORDERED, "BRANCH_EQ", "BRANCH_NEQ"]
TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"]
AGGREGATES = ["SUM", "AVERAGE", "MIN", "MAX"]
LEVELS = ["plain", "avx2", "avx512"]

# Few values, so that cells and thresholds are often equal, or neighbours.
VALUES = [np.float32(value) for value in (0.0, -0.0, 1.0, 1.5, 2.0, 7.0, -3.25, 1e-45, -1e-45, 3e38, -3e38, 0.1)]
NEAR = [np.nextafter(value, np.float32(side)) for value in VALUES for side in (-np.inf, np.inf)]
THRESHOLDS = st.sampled_from([float(value) for value in VALUES])
CELLS = st.sampled_from([float(value) for value in (*VALUES, *NEAR) if np.isfinite(value)] + [float("nan")])


def start() -> None:
    """Loads ONNX Runtime."""
    load_runtime(str(runtime.locate()))


def loaded(onnx: bytes, task: str, width: int, classes: int = 0, **options: Any) -> Model:
    """The graph as the core loads it."""
    source = {"kind": "number", "dtype": "float", "missing": "nan"}
    inputs = [{"name": f"x{place}", **source, "sources": [{"path": [f"x{place}"], "dtype": "float"}]} for place in range(width)]
    manifest = {"name": "trees", "task": task, "inputs": inputs, "classes": list(range(classes))}
    return load_model(hashlib.sha256(onnx).hexdigest() + task, lambda: (json.dumps(manifest), onnx), start, **options)


def graph(nodes: list[Any], output: str, width: int, outputs: int, opset: int = 3) -> bytes:
    """The bytes of a graph of ``nodes``."""
    takes = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", width])
    gives = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", outputs])
    proto = helper.make_graph(nodes, "trees", [takes], [gives])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(ML, opset)]
    content: bytes = helper.make_model(proto, opset_imports=opsets, ir_version=10).SerializeToString()
    return content


@dataclass
class Trees:
    """The lists of a node as they grow."""

    lists: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in NODES})
    leaves: list[tuple[int, int]] = field(default_factory=list)

    def node(
        self, tree: int, number: int, mode: str, *, feature: int = 0, value: float = 0.0, true: int = 0, false: int = 0, nan: int = 0
    ) -> None:
        """Appends one node."""
        row = (tree, number, feature, mode, value, true, false, nan)
        for name, cell in zip(NODES, row, strict=True):
            self.lists[name].append(cell)
        if mode == "LEAF":
            self.leaves.append((tree, number))


NODES = [
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_modes",
    "nodes_values",
    "nodes_truenodeids",
    "nodes_falsenodeids",
    "nodes_missing_value_tracks_true",
]


@st.composite
def trees(draw: st.DrawFn, modes: list[str]) -> Trees:
    """1 to 40 trees: single leaves, chains, bushes; nodes in any order behind the root, tree ids in any order."""
    found = Trees()
    for tree in draw(st.lists(st.integers(0, 99), min_size=1, max_size=draw(st.sampled_from([2, 6, 40])), unique=True)):
        decisions = draw(st.sampled_from([0, 1, 2, 3, 7, 12, 30]))
        chain = draw(st.booleans())
        random = draw(st.randoms(use_true_random=False))
        # Open ends of the tree; each decision replaces one by two.
        children: dict[int, list[int]] = {}
        numbers = itertools.count()
        ends = [next(numbers)]
        for _ in range(decisions):
            parent = ends.pop(-1 if chain else random.randrange(len(ends)))
            children[parent] = [next(numbers), next(numbers)]
            random.shuffle(children[parent])
            ends += children[parent]
        order = list(range(1, next(numbers)))
        random.shuffle(order)
        for number in [0, *order]:
            if number not in children:
                found.node(tree, number, "LEAF")
                continue
            feature, value = random.randrange(WIDTH), float(random.choice(VALUES))
            true, false = children[number]
            found.node(tree, number, random.choice(modes), feature=feature, value=value, true=true, false=false, nan=random.randrange(2))
    return found


def weights(
    random: Any, prefix: str, leaves: list[tuple[int, int]], targets: list[int], *, dense: bool, positive: bool
) -> dict[str, list[Any]]:
    """The lists that give each leaf a weight on one of ``targets``, or on each."""
    rows: list[tuple[int, int, int, float]] = []
    for tree, number in leaves:
        chosen = targets if dense else [random.choice(targets)]
        rows += [(target, number, tree, random.choice([0.0, 0.25, 0.5, 1.0, random.random()])) for target in chosen]
    if not positive:
        rows = [(*row, weight * random.choice([-1.0, 1.0])) for *row, weight in rows]  # type: ignore[misc]
    random.shuffle(rows)
    names = [f"{prefix}_ids", f"{prefix}_nodeids", f"{prefix}_treeids", f"{prefix}_weights"]
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def matrices() -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """1 to 40 rows of cells that are thresholds, their neighbours or NaN."""
    rows = st.lists(st.lists(CELLS, min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=40)
    return rows.map(lambda cells: np.array(cells, dtype=np.float32))


def agree(onnx: bytes, task: str, matrix: np.ndarray[Any, Any], classes: int = 0) -> str | None:
    """Why the graph is not native, or None.

    Where it is, every level's answers are ONNX Runtime's, and a row alone gives the bits that it gives in the batch.
    """
    width = matrix.shape[1]
    native = loaded(onnx, task, width, classes)
    is_native, reason, *_ = native.scorer
    if not is_native:
        return reason
    reference = scored(loaded(onnx, task, width, classes, native=False), matrix)
    together = scored(native, matrix)
    scale = max(1.0, float(np.max(np.abs(reference[np.isfinite(reference)]), initial=0.0)))
    assert np.array_equal(np.isfinite(together), np.isfinite(reference))
    finite = np.isfinite(reference)
    assert np.all(np.abs(together[finite] - reference[finite]) <= 1e-6 * scale), (together, reference)
    for level in LEVELS:
        model = loaded(onnx, task, width, classes, level=level)
        assert np.array_equal(scored(model, matrix), together, equal_nan=True)
        alone = np.concatenate([scored(model, matrix[row : row + 1]) for row in range(len(matrix))])
        assert np.array_equal(alone, together, equal_nan=True)
    return None


def scored(model: Model, matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The answers for rows of numbers, NaN where an answer is no finite number."""
    rows = [{f"x{place}": float(cell) for place, cell in enumerate(row)} for row in matrix]
    values, _, _ = model.predict_many(rows, null_errors=True)
    return values


@settings(max_examples=150, deadline=None)
@given(st.data(), trees(MODES), matrices())
def test_a_regression_of_any_modes_and_aggregate_is_onnx_runtimes(data: st.DataObject, grown: Trees, matrix: np.ndarray[Any, Any]) -> None:
    """With and without a base value, for cells at and beside thresholds and NaN."""
    random = data.draw(st.randoms(use_true_random=False))
    own = weights(random, "target", grown.leaves, [0], dense=True, positive=False)
    more: dict[str, Any] = {"aggregate_function": random.choice(AGGREGATES), "post_transform": random.choice(TRANSFORMS)}
    if random.random() < 0.5:
        more["base_values"] = [random.uniform(-2, 2)]
    node = helper.make_node("TreeEnsembleRegressor", ["features"], ["value"], domain=ML, n_targets=1, **grown.lists, **own, **more)
    agree(graph([node], "value", WIDTH, 1), "regression", matrix)


@settings(max_examples=150, deadline=None)
@given(st.data(), trees(ORDERED), matrices())
def test_trees_that_compare_by_order_are_always_native(data: st.DataObject, grown: Trees, matrix: np.ndarray[Any, Any]) -> None:
    """Sums and averages over them, behind an imputer too."""
    random = data.draw(st.randoms(use_true_random=False))
    own = weights(random, "target", grown.leaves, [0], dense=True, positive=False)
    aggregate = random.choice(["SUM", "AVERAGE"])
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor", ["features"], ["value"], domain=ML, n_targets=1, aggregate_function=aggregate, **grown.lists, **own
        )
    ]
    if random.random() < 0.5:
        fills = [float(random.choice(VALUES)) for _ in range(random.choice([1, WIDTH]))]
        imputer = {"imputed_value_floats": fills, "replaced_value_float": float("nan")}
        nodes[0].input[0] = "filled"
        nodes.insert(0, helper.make_node("Imputer", ["features"], ["filled"], domain=ML, **imputer))
    assert not agree(graph(nodes, "value", WIDTH, 1), "regression", matrix)


@settings(max_examples=200, deadline=None)
@given(st.data(), trees(MODES), matrices(), st.integers(2, 5))
def test_classes_are_onnx_runtimes(data: st.DataObject, grown: Trees, matrix: np.ndarray[Any, Any], classes: int) -> None:
    """Two or more of them, with weights for all or for one, of one sign or both, whatever base values and transform."""
    random = data.draw(st.randoms(use_true_random=False))
    scored_classes = list(range(classes)) if classes > 2 else random.choice([[0, 1], [0], [1]])
    dense = random.random() < 0.7
    own = weights(random, "class", grown.leaves, scored_classes, dense=dense, positive=random.random() < 0.5)
    more: dict[str, Any] = {"post_transform": random.choice(TRANSFORMS)}
    bases = random.choice([0, classes] if classes > 2 else [0, 1, 2])
    if bases:
        more["base_values"] = [random.uniform(-2, 2) for _ in range(bases)]
    labels = {"classlabels_int64s": list(range(classes))} if random.random() < 0.5 else {"classlabels_strings": list("abcde"[:classes])}
    node = helper.make_node(
        "TreeEnsembleClassifier", ["features"], ["label", "probabilities"], domain=ML, **grown.lists, **own, **labels, **more
    )
    onnx = graph([node], "probabilities", WIDTH, classes)
    refused = agree(onnx, "multiclass", matrix, classes)
    if classes == 2:
        agree(onnx, "binary", matrix, classes)
    elif "BRANCH_EQ" not in grown.lists["nodes_modes"]:
        assert not refused


@settings(max_examples=150, deadline=None)
@given(st.data(), trees(MODES), matrices(), st.integers(2, 4))
def test_several_targets_are_onnx_runtimes(data: st.DataObject, grown: Trees, matrix: np.ndarray[Any, Any], targets: int) -> None:
    """Leaves with weights on some of them: a target that a row does not reach stays 0, whatever its base value."""
    random = data.draw(st.randoms(use_true_random=False))
    own = weights(random, "target", grown.leaves, list(range(targets)), dense=random.random() < 0.5, positive=False)
    assume(targets <= len(own["target_ids"]))
    more: dict[str, Any] = {"aggregate_function": random.choice(AGGREGATES), "post_transform": random.choice(TRANSFORMS)}
    if random.random() < 0.5:
        more["base_values"] = [random.uniform(-2, 2) for _ in range(targets)]
    node = helper.make_node(
        "TreeEnsembleRegressor", ["features"], ["probabilities"], domain=ML, n_targets=targets, **grown.lists, **own, **more
    )
    agree(graph([node], "probabilities", WIDTH, targets), "multiclass", matrix, targets)


@settings(max_examples=50, deadline=None)
@given(st.data(), matrices(), st.sampled_from([1, 2]))
def test_probits_are_onnx_runtimes_to_its_last_digit(data: st.DataObject, matrix: np.ndarray[Any, Any], targets: int) -> None:
    """One tree whose leaves float32 holds exactly: its approximation is the same one here."""
    grown = data.draw(trees(ORDERED).filter(lambda grown: len(set(grown.lists["nodes_treeids"])) == 1))
    random = data.draw(st.randoms(use_true_random=False))
    own = weights(random, "target", grown.leaves, list(range(targets)), dense=True, positive=True)
    own["target_weights"] = [float(np.float32(weight)) for weight in own["target_weights"]]
    name, task = ("value", "regression") if targets == 1 else ("probabilities", "multiclass")
    node = helper.make_node(
        "TreeEnsembleRegressor", ["features"], [name], domain=ML, n_targets=targets, post_transform="PROBIT", **grown.lists, **own
    )
    assert not agree(graph([node], name, WIDTH, targets), task, matrix, targets if targets > 1 else 0)


def tensor(element: int, values: list[Any]) -> Any:
    """A tensor of one dimension."""
    return helper.make_tensor("", element, [len(values)], values)


@settings(max_examples=150, deadline=None)
@given(st.data(), matrices(), st.integers(1, 3))
def test_the_tables_of_tree_ensemble_are_onnx_runtimes(data: st.DataObject, matrix: np.ndarray[Any, Any], targets: int) -> None:
    """ai.onnx.ml 5: leaves apart from nodes, sets of members, every aggregate and transform that is read in one way."""
    random = data.draw(st.randoms(use_true_random=False))
    columns: dict[str, list[Any]] = {name: [] for name in ("features", "modes", "splits", "true", "trueleaf", "false", "falseleaf", "nan")}
    members: list[float] = []
    roots: list[int] = []
    leaves = 0
    for _ in range(data.draw(st.integers(1, 12))):
        roots.append(len(columns["modes"]))
        size = data.draw(st.sampled_from([1, 2, 5, 20]))
        first = len(columns["modes"])
        # Each node but the first hangs on a free side of an earlier one.
        free = []
        for number in range(first, first + size):
            if number > first:
                parent, side = free.pop(random.randrange(len(free)))
                columns[side][parent], columns[f"{side}leaf"][parent] = number, 0
            free += [(number, "true"), (number, "false")]
            mode = random.randrange(7)
            if mode == 6:
                pool = random.choice([list(range(6)), list(range(50)), [0.0, 1.5, 2.0, 7.0]])
                members += [*random.sample(pool, random.randint(1, len(pool))), float("nan")]
            row = (random.randrange(WIDTH), mode, float(random.choice(VALUES)), None, 1, None, 1, random.randrange(2))
            for name, cell in zip(columns, row, strict=True):
                columns[name].append(cell)
        for number, side in free:
            columns[side][number] = leaves
            leaves += 1
    node = helper.make_node(
        "TreeEnsemble",
        ["features"],
        ["value" if targets == 1 else "probabilities"],
        domain=ML,
        nodes_featureids=columns["features"],
        nodes_modes=tensor(TensorProto.UINT8, columns["modes"]),
        nodes_splits=tensor(TensorProto.FLOAT, columns["splits"]),
        nodes_truenodeids=columns["true"],
        nodes_trueleafs=columns["trueleaf"],
        nodes_falsenodeids=columns["false"],
        nodes_falseleafs=columns["falseleaf"],
        nodes_missing_value_tracks_true=columns["nan"],
        leaf_targetids=[random.randrange(targets) for _ in range(leaves)],
        leaf_weights=tensor(TensorProto.FLOAT, [random.uniform(-1, 1) for _ in range(leaves)]),
        n_targets=targets,
        tree_roots=roots,
        aggregate_function=random.randrange(4),
        post_transform=random.choice([0, 3]),
        **({"membership_values": tensor(TensorProto.FLOAT, members)} if members else {}),
    )
    onnx = graph([node], node.output[0], WIDTH, targets, opset=5)
    agree(onnx, "regression" if targets == 1 else "multiclass", matrix, targets if targets > 1 else 0)


def stump(**changed: Any) -> bytes:
    """One decision with two leaves, and what of it is changed."""
    lists = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_values": [1.5, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "target_ids": [0, 0],
        "target_nodeids": [1, 2],
        "target_treeids": [0, 0],
        "target_weights": [10.0, 20.0],
        "n_targets": 1,
    }
    node = helper.make_node("TreeEnsembleRegressor", ["features"], ["value"], domain=ML, **{**lists, **changed})
    return graph([node], "value", WIDTH, 1)


def test_a_stump_is_native_and_says_what_it_is() -> None:
    """The plan's words are for people."""
    native, reason, size, _ = loaded(stump(), "regression", WIDTH).scorer
    assert native
    assert "1 tree" in reason
    assert size > 0


def test_a_chain_of_100_000_decisions_is_read_without_recursion() -> None:
    """Deeper than any stack of calls. ONNX Runtime itself would not survive it, so only the answer is looked at."""
    depth = 100_000
    grown = Trees()
    for number in range(depth):
        grown.node(0, number, "BRANCH_LEQ", value=float(number), true=depth + number, false=number + 1)
    for number in range(depth, 2 * depth):
        grown.node(0, number, "LEAF")
    grown.lists["nodes_falsenodeids"][depth - 1] = 2 * depth
    grown.node(0, 2 * depth, "LEAF")
    own = {
        "target_ids": [0] * (depth + 1),
        "target_nodeids": list(range(depth, 2 * depth + 1)),
        "target_treeids": [0] * (depth + 1),
        "target_weights": [float(number) for number in range(depth + 1)],
    }
    model = loaded(stump(**grown.lists, **own), "regression", WIDTH)
    assert model.scorer[0]
    rows = [{f"x{place}": cell for place in range(WIDTH)} for cell in (-1.0, 0.5, 77_777.0, 1e9, float("nan"))]
    assert model.predict_many(rows)[0].tolist() == [0.0, 1.0, 77_777.0, 100_000.0, 100_000.0]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"nodes_truenodeids": [2, 0, 0]}, "child of two, or its own"),
        ({"nodes_truenodeids": [0, 0, 0]}, "child of two, or its own"),
        ({"nodes_truenodeids": [9, 0, 0]}, "not there"),
        ({"nodes_featureids": [WIDTH, 0, 0]}, "column that the input lacks"),
        ({"target_nodeids": [1, 0]}, "no weight"),
        ({"n_targets": 10**12}, "number of targets"),
    ],
)
def test_what_cannot_be_trusted_is_left_to_onnx_runtime_with_a_reason(changed: dict[str, Any], reason: str) -> None:
    """A cycle, a child or column that is not there, a leaf without weight: refused in words, never followed."""
    try:
        native, words, *_ = loaded(stump(**changed), "regression", WIDTH).scorer
    except errors.PrisMLError:
        # ONNX Runtime does not want it either.
        return
    assert not native
    assert reason in words


@functools.cache
def tables() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Features with missing cells, of which the last one is a small integer, and a label in three classes."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(600, 6)).astype(np.float32)
    features[:, 5] = rng.integers(0, 9, 600)
    features[:, 1] = np.round(features[:, 1], 1)
    signal = features[:, 0] + np.sin(3 * features[:, 1]) + (features[:, 5] % 3) + rng.normal(size=600)
    labels = np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3]))
    return features, labels


ESTIMATORS = [
    "DecisionTree",
    "RandomForest",
    "ExtraTrees",
    "GradientBoosting",
    "HistGradientBoosting",
]


@pytest.mark.filterwarnings("ignore:.*Expected an int, got a boolean:DeprecationWarning")
@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_what_skl2onnx_writes_is_native(name: str, task: str) -> None:
    """Trees, forests and boosting of scikit-learn, for every task."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn import ensemble, tree

    features, labels = tables()
    kind = "Regressor" if task == "regression" else "Classifier"
    made: Any = getattr(tree if name == "DecisionTree" else ensemble, name + kind)
    sized = {"max_iter": 20} if name.startswith("Hist") else {} if name == "DecisionTree" else {"n_estimators": 20}
    target = labels.astype(float) if task == "regression" else (labels > 0).astype(int) if task == "binary" else labels
    estimator = made(random_state=0, **sized).fit(features, target)
    options = None if task == "regression" else {"zipmap": False}
    proto = to_onnx(estimator, initial_types=[("features", FloatTensorType([None, 6]))], target_opset={"": 18, ML: 3}, options=options)
    only_output(proto, "value" if task == "regression" else "probabilities")
    refused = agree(proto.SerializeToString(), task, features, {"binary": 2, "multiclass": 3, "regression": 0}[task])
    assert refused is None


def only_output(proto: Any, name: str) -> None:
    """Leaves the last output alone, under ``name``, and the input as ``features``."""
    last = proto.graph.output[-1].name
    old = proto.graph.input[0].name
    for node in proto.graph.node:
        for names in (node.input, node.output):
            for place, found in enumerate(names):
                names[place] = {last: name, old: "features"}.get(found, found)
    kept = proto.graph.output[-1]
    kept.name = name
    proto.graph.input[0].name = "features"
    del proto.graph.output[:]
    proto.graph.output.append(kept)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("library", ["lightgbm", "lightgbm-categories", "xgboost"])
def test_what_onnxmltools_writes_is_native(library: str, task: str) -> None:
    """LightGBM, with categories too, and XGBoost, where they are installed; with missing cells."""
    package = library.partition("-")[0]
    installed = pytest.importorskip(package)
    onnxmltools = pytest.importorskip("onnxmltools")
    from onnxmltools.convert.common.data_types import FloatTensorType

    features, labels = tables()
    features = features.copy()
    features[::7, 2] = np.nan
    target = labels.astype(float) if task == "regression" else (labels > 0).astype(int) if task == "binary" else labels
    kind = "Regressor" if task == "regression" else "Classifier"
    sized: dict[str, Any] = {"n_estimators": 20, "max_depth": 4, "random_state": 0, "n_jobs": 1}
    if package == "lightgbm":
        more = {"categorical_feature": [5]} if "categories" in library else {}
        estimator = getattr(installed, "LGBM" + kind)(verbose=-1, **sized).fit(features, target, **more)
        convert = functools.partial(onnxmltools.convert_lightgbm, zipmap=False)
    else:
        estimator = getattr(installed, "XGB" + kind)(**sized).fit(features, target)
        convert = onnxmltools.convert_xgboost
    proto = convert(estimator, initial_types=[("features", FloatTensorType([None, 6]))], target_opset=15)
    only_output(proto, "value" if task == "regression" else "probabilities")
    refused = agree(proto.SerializeToString(), task, features, {"binary": 2, "multiclass": 3, "regression": 0}[task])
    assert refused is None
