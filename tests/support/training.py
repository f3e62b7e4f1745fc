"""Rows to train on without a database: a mapped class, and made-up data as extraction hands it over."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition import Feature, define_model
from prisml.definition.model import ModelDefinition
from prisml.extraction.matrix import Dropped
from prisml.extraction.stream import Extracted
from prisml.manifest import ClassLabel, Task

# Development installs them on Linux alone.
OTHERS = tuple(name for name in ("xgboost", "lightgbm") if find_spec(name))
TREES = (
    "decision_tree",
    "extra_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
    *OTHERS,
)
CLASSIFIERS = ("logistic_regression", *TREES)
REGRESSORS = ("linear_regression", "ridge", *TREES)
NATIVE = ("hist_gradient_boosting", *OTHERS)
EVERY: tuple[tuple[Task, str], ...] = (
    *(("binary", name) for name in CLASSIFIERS),
    *(("multiclass", name) for name in CLASSIFIERS),
    *(("regression", name) for name in REGRESSORS),
)
SMALL: dict[str, dict[str, object]] = {
    "extra_tree": {"max_depth": 4},
    "random_forest": {"n_estimators": 10},
    "extra_trees": {"n_estimators": 10},
    "gradient_boosting": {"n_estimators": 20},
    "hist_gradient_boosting": {"max_iter": 20},
    "xgboost": {"n_estimators": 20},
    "lightgbm": {"n_estimators": 20},
}
COUNTRIES = ("FR", "US", "", "DE", "NZ")
ZIPS = (100, 20, 3000)


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    income: Mapped[float | None]
    country: Mapped[str | None]
    zip: Mapped[int | None]
    member: Mapped[bool | None]
    at: Mapped[dt.datetime]
    household: Mapped[int]
    bought: Mapped[bool]
    grade: Mapped[str]
    spent: Mapped[float]


LABELS: dict[Task, Any] = {"binary": Visit.bought, "multiclass": Visit.grade, "regression": Visit.spent}
LABEL_VALUES: dict[Task, tuple[ClassLabel, ...]] = {"binary": (True, False), "multiclass": ("mid", "low", "high"), "regression": ()}


def visits(task: Task = "binary", algorithm: object = "decision_tree", **options: Any) -> ModelDefinition[Visit]:
    """A definition over all features of a visit; ``options`` go to ``define_model``."""
    params = SMALL.get(algorithm) if isinstance(algorithm, str) else None
    features = {
        "age": Visit.age,
        "income": Visit.income,
        "country": Feature(Visit.country, min_frequency=20),
        "zip": Feature(Visit.zip, categorical=True),
        "member": Visit.member,
    }
    given = {"features": features, "params": params, "label": LABELS[task], "task": task, "name": "visits", "seed": 7, **options}
    return define_model(Visit, output="predicted", algorithm=algorithm, **given)  # type: ignore[arg-type]


def extracted(task: Task = "binary", rows: int = 600, *, seed: int = 0) -> Extracted:
    """Visits whose labels depend on all of their features, a tenth of the ages missing."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows).astype(np.float32)
    income = random.normal(50_000, 9_000, rows).astype(np.float32)
    country = random.choice([-1, 0, 1, 2, 3, 4], rows, p=[0.1, 0.4, 0.3, 0.1, 0.09, 0.01])
    postal, member = random.integers(0, len(ZIPS), rows), random.integers(0, 2, rows)
    score = age / 30 + (income - 50_000) / 9_000 + (country == 1) + member * (postal == 2) + random.logistic(size=rows) / 3
    age[random.random(rows) < 0.1] = np.nan
    return Extracted(
        matrix=np.column_stack((age, income, country, postal, member)).astype(np.float32),
        labels=_labels(task, score),
        label_values=LABEL_VALUES[task],
        split_values=None,
        categories=(None, None, COUNTRIES, ZIPS, None),
        as_of=0,
        extracted=rows + 3,
        dropped=Dropped(null_label=3),
    )


def _labels(task: Task, score: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.int32]:
    if task == "regression":
        return score * 1000
    if task == "binary":
        # True comes first in LABEL_VALUES.
        return (score <= np.median(score)).astype(np.int32)
    return np.digitize(score, np.quantile(score, [0.3, 0.7])).astype(np.int32)
