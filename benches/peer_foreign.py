"""Models that PrisML does not train: fitted with their own library, written by their own converter, registered as foreign graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benches.peer_data import Table
from prisml.definition.model import ModelDefinition
from prisml.manifest import Task
from prisml.registry.bundle import Artifact
from prisml.serving.foreign import Categories, foreign_artifact

_SEED = 42
_OPSETS = {"": 17, "ai.onnx.ml": 3}
_GOLDEN = 8


@dataclass(frozen=True)
class Foreign:
    """How a library's model is made, and what makes ONNX of it."""

    make: Callable[[Task, dict[str, Any]], Any]
    convert: Callable[[Any, int, Task, int], onnx.ModelProto]

    def fit(self, table: Table, task: Task, params: dict[str, Any]) -> Any:
        """The library's model, fitted on the encoded rows."""
        target = table.targets[task]
        # LightGBM's converter knows no classes of type bool.
        target = target.astype(np.int64) if target.dtype == bool else target
        estimator = self.make(task, params).fit(table.matrix[table.train], target[table.train])
        return _rounded_down(estimator) if hasattr(estimator, "booster_") else estimator


def foreign(name: str, estimator: Any, model: ModelDefinition[Any], table: Table) -> Artifact:
    """The artifact of a graph that was trained elsewhere, with golden rows from its own library."""
    classes = [] if model.task == "regression" else [value.item() for value in np.unique(table.targets[model.task])]
    graph = FOREIGN[name].convert(estimator, len(table.features), model.task, len(classes))
    expected: Any = estimator.predict if model.task == "regression" else estimator.predict_proba
    held = np.flatnonzero(~table.train)
    matrix = table.matrix[held]
    # A missing value is served only where a golden row shows what the graph does with it.
    gaps = [int(np.flatnonzero(np.isnan(column))[0]) for column in matrix.T if np.isnan(column).any()]
    places = sorted({*range(_GOLDEN), *gaps})
    rows = table.sample(max(places) + 1).distinct
    found = expected(matrix[places])
    golden = [(rows[place], _golden(found[index], model.task)) for index, place in enumerate(places)]
    listed = classes if model.task == "multiclass" else None
    # Missing and unknown have one code here, as in the encoded matrix.
    categories = {name: Categories(kept, missing=len(kept), other=len(kept)) for name, kept in table.categories.items()}
    return foreign_artifact(model, graph.SerializeToString(), golden, categories=categories, classes=listed, tolerance=2e-5)


def _golden(found: Any, task: Task) -> Any:
    return float(found) if task == "regression" else float(found[1]) if task == "binary" else [float(number) for number in found]


def _lightgbm(task: Task, params: dict[str, Any]) -> Any:
    import lightgbm

    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return kind(**{"n_estimators": 100, "num_leaves": 31, "n_jobs": 1, "verbose": -1, "random_state": _SEED, **params})


def _lightgbm_onnx(estimator: Any, columns: int, task: Task, classes: int) -> onnx.ModelProto:
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    options = {} if task == "regression" else {"zipmap": False}
    return _alone(convert_lightgbm(estimator, initial_types=[("features", FloatTensorType([None, columns]))], **options), task, classes)


def _rounded_down(estimator: Any) -> Any:
    """LightGBM's model with each threshold at the float32 below it, which decides every float32 alike.

    Its converter rounds to the nearest one: beside a threshold the graph would take the other branch, by up to 0.01 here.
    """
    import lightgbm

    lines = estimator.booster_.model_to_string().splitlines()
    text = "\n".join(_line_rounded_down(line) if line.startswith("threshold=") else line for line in lines)
    # The sizes of the trees, which are only there to be read by several threads, are those of the old text.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("tree_sizes="))
    estimator._Booster = lightgbm.Booster(model_str=text + "\n", params={"verbose": -1})  # noqa: SLF001
    return estimator


def _line_rounded_down(line: str) -> str:
    name, _, values = line.partition("=")
    exact = np.array(values.split(), dtype=np.float64)
    near = exact.astype(np.float32)
    below = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float64)
    return f"{name}={' '.join(map(repr, below.tolist()))}"


def _xgboost(task: Task, params: dict[str, Any]) -> Any:
    import xgboost

    kind = xgboost.XGBRegressor if task == "regression" else xgboost.XGBClassifier
    return kind(**{"n_estimators": 100, "max_depth": 6, "n_jobs": 1, "random_state": _SEED, **params})


def _xgboost_onnx(estimator: Any, columns: int, task: Task, classes: int) -> onnx.ModelProto:
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    return _alone(convert_xgboost(estimator, initial_types=[("features", FloatTensorType([None, columns]))]), task, classes)


def _extra_trees(task: Task, params: dict[str, Any]) -> Any:
    kind = ExtraTreesRegressor if task == "regression" else ExtraTreesClassifier
    return _filled(kind(**{"n_estimators": 100, "max_depth": 10, "random_state": _SEED, **params}))


def _network(task: Task, params: dict[str, Any]) -> Any:
    kind = MLPRegressor if task == "regression" else MLPClassifier
    return _filled(StandardScaler(), kind(**{"hidden_layer_sizes": (64, 32), "max_iter": 30, "random_state": _SEED, **params}))


def _filled(*steps: Any) -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="median"), *steps)


def _scikit_learn_onnx(estimator: Any, columns: int, task: Task, classes: int) -> onnx.ModelProto:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    options = {} if task == "regression" else {"zipmap": False}
    takes = [("features", FloatTensorType([None, columns]))]
    return _alone(convert_sklearn(estimator, initial_types=takes, target_opset=_OPSETS, options=options), task, classes)


def _alone(model: onnx.ModelProto, task: Task, classes: int) -> onnx.ModelProto:
    """The graph with the one output that PrisML serves, under its name."""
    wanted, columns = ("value", 1) if task == "regression" else ("probabilities", classes)
    kept = model.graph.output[0 if task == "regression" else 1].name
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            node.output[place] = wanted if name == kept else name
        for place, name in enumerate(node.input):
            node.input[place] = wanted if name == kept else name
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(wanted, onnx.TensorProto.FLOAT, [None, columns]))
    _drop_unused(model.graph)
    return model


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Without the nodes that only the label needed."""
    while True:
        used = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
        idle = [node for node in graph.node if not used.intersection(node.output)]
        if not idle:
            return
        for node in idle:
            graph.node.remove(node)


FOREIGN: Mapping[str, Foreign] = {
    "LGBM": Foreign(_lightgbm, _lightgbm_onnx),
    "XGB": Foreign(_xgboost, _xgboost_onnx),
    "ET": Foreign(_extra_trees, _scikit_learn_onnx),
    "MLP": Foreign(_network, _scikit_learn_onnx),
}
