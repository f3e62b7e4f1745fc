"""The models of the race: each fitted once with its own library, and made a PrisML artifact the way a user would.

What PrisML trains by name is trained by PrisML; LightGBM, XGBoost and the neural network come as ONNX graphs of their own converters and
are registered as foreign graphs. Beside each stands the object of its own library, fitted on the same rows, which the others are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from benches.peer_data import Table
from benches.peer_foreign import FOREIGN, foreign
from prisml import TimeSplit, define_model
from prisml.definition.model import ModelDefinition
from prisml.extraction.matrix import Dropped
from prisml.extraction.stream import Extracted
from prisml.manifest import Task
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit

_SEED = 42
_NOVEMBER = date(2013, 11, 1)
_MOST_HELD = 4_000


@dataclass(frozen=True)
class Kind:
    """How PrisML names an algorithm, its parameters, and scikit-learn's classes for it."""

    algorithm: str
    params: Mapping[str, Any]
    classifier: Callable[..., Any] | None
    regressor: Callable[..., Any] | None
    linear: bool = False
    takes_nan: bool = False


KINDS: Mapping[str, Kind] = {
    "LR": Kind("logistic_regression", {"max_iter": 1000}, LogisticRegression, None, linear=True),
    "GB": Kind("gradient_boosting", {"n_estimators": 100, "max_depth": 3}, GradientBoostingClassifier, GradientBoostingRegressor),
    "HGB": Kind(
        "hist_gradient_boosting",
        {"max_iter": 100, "max_leaf_nodes": 31, "early_stopping": False},
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        takes_nan=True,
    ),
    "RF": Kind("random_forest", {"n_estimators": 100, "max_depth": 10}, RandomForestClassifier, RandomForestRegressor),
    "DT": Kind("decision_tree", {"max_depth": 12}, DecisionTreeClassifier, DecisionTreeRegressor),
    "OLS": Kind("linear_regression", {}, None, LinearRegression, linear=True),
}
_EXTRA = {"binary": ExtraTreesClassifier, "multiclass": ExtraTreesClassifier, "regression": ExtraTreesRegressor}


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model: ``estimator`` takes the encoded matrix in its own library, ``artifact`` is what PrisML serves."""

    name: str
    table: Table
    task: Task
    estimator: Any
    artifact: Artifact

    @property
    def final(self) -> Any:
        """The estimator itself, without what fills and scales in front of it."""
        return self.estimator[-1] if isinstance(self.estimator, Pipeline) else self.estimator

    @property
    def ahead(self) -> Pipeline | None:
        """What fills and scales in front of the estimator."""
        return self.estimator[:-1] if isinstance(self.estimator, Pipeline) and len(self.estimator) > 1 else None

    def prepared(self, matrix: NDArray[np.float32]) -> NDArray[Any]:
        """``matrix`` as the estimator itself takes it."""
        return matrix if self.ahead is None else np.ascontiguousarray(self.ahead.transform(self.typed(matrix)))

    def typed(self, matrix: NDArray[np.float32]) -> NDArray[Any]:
        """``matrix`` in the type that was fitted on: linear models saw float64."""
        return matrix.astype(np.float64) if self.name in {"LR", "OLS"} else matrix

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """P(positive), each class's probability or the number, by the model's own library."""
        return answers(self.estimator, self.typed(matrix), self.task)


def answers(estimator: Any, matrix: NDArray[Any], task: Task) -> NDArray[np.float64]:
    """What a scikit-learn-like object gives for a task, as PrisML has it."""
    if task == "regression":
        return np.asarray(estimator.predict(matrix), dtype=np.float64)
    found = np.asarray(estimator.predict_proba(matrix), dtype=np.float64)
    return found[:, 1] if task == "binary" else found


def definition(name: str, table: Table, task: Task, **options: Any) -> ModelDefinition[Any]:
    """A field of the table's class over all of its features."""
    entity = table.entity
    given = {"task": task, "positive": True if task == "binary" else None, "seed": _SEED, **options}
    split = TimeSplit(entity.at, test_from=_NOVEMBER)
    features = {feature: getattr(entity, feature) for feature in table.features}
    output = f"{task}_{name.lower().replace(' ', '_')}"
    return define_model(entity, output=output, name=output, label=getattr(entity, task), features=features, split=split, **given)


def train(name: str, table: Table, task: Task = "binary", params: Mapping[str, Any] | None = None) -> Model:
    """The model called ``name``; ``params`` replace those of its kind."""
    if name in FOREIGN:
        estimator = FOREIGN[name].fit(table, task, dict(params or {}))
        return Model(name, table, task, estimator, foreign(name, estimator, definition(name, table, task), table))
    kind = KINDS[name]
    wanted = {**kind.params, **(params or {})}
    artifact = fit(definition(name, table, task, algorithm=kind.algorithm, params=wanted), extracted(table, task)).artifact
    return Model(name, table, task, _by_hand(kind, table, task, wanted), artifact)


def extracted(table: Table, task: Task) -> Extracted:
    """The rows as extraction would hand them over: all of the training part, and some thousand held out."""
    places = np.concatenate([np.flatnonzero(table.train), np.flatnonzero(~table.train)[:_MOST_HELD]])
    target = table.targets[task][places]
    values, codes = np.unique(target, return_inverse=True)
    is_number = task == "regression"
    moments = {True: datetime(2013, 1, 1, tzinfo=UTC), False: datetime(2013, 12, 1, tzinfo=UTC)}
    return Extracted(
        matrix=table.provisional[places],
        labels=target.astype(np.float64) if is_number else codes.astype(np.int32),
        label_values=() if is_number else tuple(value.item() for value in values),
        split_values=np.array([int(moments[bool(known)].timestamp()) * 1_000_000 for known in table.train[places]], dtype=np.int64),
        categories=tuple(table.first_seen.get(name) for name in table.features),
        as_of=0,
        extracted=len(places),
        dropped=Dropped(null_label=0),
    )


def _by_hand(kind: Kind, table: Table, task: Task, params: Mapping[str, Any]) -> Any:
    """The same model by scikit-learn alone."""
    made = kind.regressor if task == "regression" else kind.classifier
    if made is None:
        raise ValueError(f"{kind.algorithm} has no {task}")
    estimator = made(**params)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=_SEED)
    if kind.takes_nan:
        estimator.set_params(categorical_features=None)
    steps: list[tuple[str, Any]] = []
    if not kind.takes_nan and np.isnan(table.matrix[table.train]).any():
        steps.append(("fill", SimpleImputer(strategy="median")))
    if kind.linear:
        steps.append(("design", _design(table)))
    pipeline = Pipeline([*steps, ("estimator", estimator)])
    matrix = table.matrix[table.train]
    with threadpool_limits(limits=1):
        pipeline.fit(matrix.astype(np.float64) if kind.linear else matrix, table.targets[task][table.train])
    return pipeline if steps else estimator


def _design(table: Table) -> ColumnTransformer:
    numbers = [place for place, name in enumerate(table.features) if name not in table.categories]
    codes = {place: np.arange(len(table.categories[name]) + 1.0) for place, name in enumerate(table.features) if name in table.categories}
    parts: list[tuple[str, Any, list[int]]] = [("numbers", StandardScaler(), numbers)]
    if codes:
        one_hot = OneHotEncoder(categories=list(codes.values()), handle_unknown="ignore", sparse_output=False, dtype=np.float32)
        parts.append(("categories", one_hot, list(codes)))
    return ColumnTransformer(parts)
