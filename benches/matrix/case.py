"""What the matrix tries: an estimator with some options, what stands before it, and how data reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from prisml.manifest import Task

Options = tuple[tuple[str, object], ...]
Columns = Literal["mixed", "numbers", "categories"]
Categories = Literal["one_hot", "ordinal", "native"]
Missing = Literal["median", "mean", "most_frequent", "constant", "nan"]

# Small enough to be fitted hundreds of times, and large enough to be wrong.
_SIZES: Mapping[str, Mapping[str, object]] = {
    "DecisionTreeClassifier": {"max_depth": 8},
    "DecisionTreeRegressor": {"max_depth": 8},
    "ExtraTreeClassifier": {"max_depth": 8},
    "ExtraTreeRegressor": {"max_depth": 8},
    "ExtraTreesClassifier": {"n_estimators": 20, "max_depth": 8},
    "ExtraTreesRegressor": {"n_estimators": 20, "max_depth": 8},
    "GradientBoostingClassifier": {"n_estimators": 20},
    "GradientBoostingRegressor": {"n_estimators": 20},
    "HistGradientBoostingClassifier": {"max_iter": 20, "early_stopping": False},
    "HistGradientBoostingRegressor": {"max_iter": 20, "early_stopping": False},
    "LGBMClassifier": {"n_estimators": 20, "verbosity": -1, "bagging_freq": 1, "bagging_fraction": 0.8},
    "LGBMRegressor": {"n_estimators": 20, "verbosity": -1, "bagging_freq": 1, "bagging_fraction": 0.8},
    "KBinsDiscretizer": {"encode": "onehot-dense"},
    "MLPClassifier": {"hidden_layer_sizes": (10,), "max_iter": 20},
    "MLPRegressor": {"hidden_layer_sizes": (10,), "max_iter": 20},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.01},
    "RandomForestClassifier": {"n_estimators": 20, "max_depth": 8},
    "RandomForestRegressor": {"n_estimators": 20, "max_depth": 8},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
    "NuSVC": {"probability": True, "nu": 0.3},
    "TheilSenRegressor": {"max_subpopulation": 200},
    "XGBClassifier": {"n_estimators": 20, "tree_method": "hist"},
    "XGBRegressor": {"n_estimators": 20, "tree_method": "hist"},
}


@dataclass(frozen=True)
class Part:
    """A class and the options that are tried of it."""

    module: str
    name: str
    options: Options = ()

    def make(self) -> Any:
        """The object."""
        known = _SIZES.get(self.name, {})
        if self.name == "OneVsRestClassifier":
            known = {"estimator": import_module("sklearn.linear_model").LogisticRegression()}
        if self.name == "SelectFromModel":
            known = {"estimator": import_module("sklearn.linear_model").LinearRegression()}
        if self.name in ("RFE", "RFECV", "SequentialFeatureSelector"):
            known = {"estimator": import_module("sklearn.linear_model").LinearRegression()}
        if self.name in ("GenericUnivariateSelect", "SelectFdr", "SelectFpr", "SelectFwe", "SelectPercentile"):
            # Of the scores, the one that takes classes and numbers.
            known = {"score_func": import_module("sklearn.feature_selection").f_regression}
        made = getattr(import_module(self.module), self.name)
        return made(**{**known, **dict(self.options)})

    def has(self, option: str) -> bool:
        """Whether this release of the library has the option."""
        params: Mapping[str, object] = Part(self.module, self.name).make().get_params(deep=False)
        return option in params


@dataclass(frozen=True)
class Case:
    """One thing to try. ``judges`` is the part whose options are proven by it: the estimator, or a step."""

    task: Task
    estimator: Part
    steps: tuple[Part, ...] = ()
    categories: Categories = "one_hot"
    missing: Missing = "median"
    columns: Columns = "mixed"
    judges: Part | None = None

    @property
    def judged(self) -> Part:
        """The part that this is about."""
        return self.judges or self.estimator

    @property
    def title(self) -> str:
        """The case in a line."""
        parts = [f"{part.name}({', '.join(f'{name}={value!r}' for name, value in part.options)})" for part in (*self.steps, self.estimator)]
        return f"{self.task} {' > '.join(parts)}, {self.categories}, {self.missing}, {self.columns}"

    def make(self) -> Any:
        """The estimator, or the Pipeline."""
        if not self.steps:
            return self.estimator.make()
        from sklearn.pipeline import make_pipeline

        return make_pipeline(*(step.make() for step in self.steps), self.estimator.make())
