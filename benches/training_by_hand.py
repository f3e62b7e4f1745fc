"""The same models as somebody writes them with pandas and scikit-learn: no line of this module is PrisML's.

A DataFrame in float64, a ``ColumnTransformer``, an estimator. Categories of trees are numbered from the most frequent of the training part,
as PrisML documents it, since trees on other numbers are other trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

Numbers = NDArray[Any]
LINEAR = (LogisticRegression, LinearRegression, Ridge)
SEEDED = {"random_state": 42}

DOCUMENTED: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "classes": {
        "logistic_regression": lambda: LogisticRegression(max_iter=1000, **SEEDED),
        "decision_tree": lambda: DecisionTreeClassifier(max_depth=12, **SEEDED),
        "random_forest": lambda: RandomForestClassifier(n_estimators=100, max_depth=12, **SEEDED),
        "gradient_boosting": lambda: GradientBoostingClassifier(n_estimators=100, max_depth=3, **SEEDED),
        "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(max_iter=100, early_stopping=False, **SEEDED),
    },
    "numbers": {
        "linear_regression": LinearRegression,
        "ridge": lambda: Ridge(**SEEDED),
        "decision_tree": lambda: DecisionTreeRegressor(max_depth=12, **SEEDED),
        "random_forest": lambda: RandomForestRegressor(n_estimators=100, max_depth=12, **SEEDED),
        "gradient_boosting": lambda: GradientBoostingRegressor(n_estimators=100, max_depth=3, **SEEDED),
        "hist_gradient_boosting": lambda: HistGradientBoostingRegressor(max_iter=100, early_stopping=False, **SEEDED),
    },
}
"""The estimators with the parameters that PrisML documents for its names."""

DEFAULTS: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "classes": {
        "LogisticRegression": LogisticRegression,
        "RandomForest": lambda: RandomForestClassifier(**SEEDED),
        "HistGradientBoosting": lambda: HistGradientBoostingClassifier(**SEEDED),
    },
    "numbers": {
        "Ridge": Ridge,
        "RandomForest": lambda: RandomForestRegressor(**SEEDED),
        "HistGradientBoosting": lambda: HistGradientBoostingRegressor(**SEEDED),
    },
}
"""scikit-learn's own defaults, which somebody tries first."""


@dataclass(frozen=True, eq=False)
class Table:
    """A DataFrame, which of its columns are numbers and which categories, and what is learned."""

    frame: pd.DataFrame
    numbers: Sequence[str]
    categories: Sequence[str]
    target: str

    @property
    def rounded(self) -> Table:
        """The same with every number rounded to float32, as an engine has it."""
        frame = self.frame.assign(**{name: self.frame[name].astype(np.float32).astype(np.float64) for name in self.numbers})
        return Table(frame, self.numbers, self.categories, self.target)

    def fit(self, estimator: Any, rows: NDArray[np.intp], *, fill: bool) -> Pipeline:
        """The pipeline fitted on these rows; ``fill`` puts the median in the place of missing numbers."""
        train = self.frame.iloc[rows]
        design = self._linear(fill=fill) if isinstance(estimator, LINEAR) else self._trees(train, fill=fill)
        return Pipeline([("design", design), ("estimator", estimator)]).fit(train, train[self.target])

    def predict(self, pipeline: Pipeline, rows: NDArray[np.intp]) -> Numbers:
        """Numbers, or a probability for each class in the order of the classes' names."""
        ask = pipeline.predict_proba if hasattr(pipeline, "predict_proba") else pipeline.predict
        return np.asarray(ask(self.frame.iloc[rows]))

    def _linear(self, *, fill: bool) -> ColumnTransformer:
        numbers = make_pipeline(*([SimpleImputer(strategy="median")] if fill else []), StandardScaler())
        return ColumnTransformer(
            [("numbers", numbers, list(self.numbers)), ("categories", OneHotEncoder(handle_unknown="ignore"), list(self.categories))],
            sparse_threshold=0,
        )

    def _trees(self, train: pd.DataFrame, *, fill: bool) -> ColumnTransformer:
        parts: list[tuple[str, Any, list[str]]] = [
            ("numbers", SimpleImputer(strategy="median") if fill else "passthrough", list(self.numbers))
        ]
        for name in self.categories:
            counts = train[name].value_counts()
            known = list(counts.sort_index().sort_values(ascending=False, kind="stable").index)
            gaps = [np.nan] if train[name].isna().any() else []
            unknown = {"unknown_value": len(known) + len(gaps), "encoded_missing_value": len(known)}
            parts.append((name, OrdinalEncoder(categories=[[*known, *gaps]], handle_unknown="use_encoded_value", **unknown), [name]))
        return ColumnTransformer(parts)


def measured(truth: Numbers, predicted: Numbers, classes: Sequence[Any]) -> dict[str, float]:
    """scikit-learn's metrics by their names; ``classes`` in order, the positive one second, or none."""
    if not classes:
        return {
            "r2": metrics.r2_score(truth, predicted),
            "mae": metrics.mean_absolute_error(truth, predicted),
            "rmse": metrics.root_mean_squared_error(truth, predicted),
        }
    codes = np.asarray([list(classes).index(each) for each in truth.tolist()])
    return _of_two(codes, predicted[:, 1]) if len(classes) == 2 else _of_many(codes, predicted)


def _of_two(truth: Numbers, positive: Numbers) -> dict[str, float]:
    labels = positive > 0.5
    return {
        "accuracy": metrics.accuracy_score(truth, labels),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, labels),
        "precision": metrics.precision_score(truth, labels),
        "recall": metrics.recall_score(truth, labels),
        "f1": metrics.f1_score(truth, labels),
        "roc_auc": metrics.roc_auc_score(truth, positive),
        "average_precision": metrics.average_precision_score(truth, positive),
        "log_loss": metrics.log_loss(truth, positive),
        "brier": metrics.brier_score_loss(truth, positive),
    }


def _of_many(truth: Numbers, shares: Numbers) -> dict[str, float]:
    labels = shares.argmax(axis=1)
    return {
        "accuracy": metrics.accuracy_score(truth, labels),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, labels),
        "f1_macro": metrics.f1_score(truth, labels, average="macro"),
        "roc_auc_ovr": metrics.roc_auc_score(truth, shares, multi_class="ovr"),
        "log_loss": metrics.log_loss(truth, shares),
    }


def losses(
    truth: Numbers, predicted: Numbers, classes: Sequence[Any], *, smallest: float = float(np.finfo(np.float64).eps)
) -> NDArray[np.float64]:
    """The loss of each row: its log loss, no probability below ``smallest``, or its squared error."""
    if not classes:
        return np.asarray((predicted - truth) ** 2, dtype=np.float64)
    codes = np.asarray([list(classes).index(each) for each in truth.tolist()])
    return np.asarray(-np.log(np.clip(predicted[np.arange(len(codes)), codes], smallest, 1 - smallest)))
