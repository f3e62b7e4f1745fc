"""Which algorithms there are by name, the classes behind them, what each can learn, and which of them sees missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from prisml.definition.place import Place, choose_from
from prisml.manifest import Task


@dataclass(frozen=True)
class Algorithm:
    """An algorithm by its name: the classes behind it, and what they need.

    ``trees`` says that the decisions are comparisons, so that numbers are not scaled and categories stay codes; ``takes_nan`` says
    that a missing number may reach the estimator. ``defaults`` bound the size of what is fitted.
    """

    name: str
    module: str
    classifier: str | None
    regressor: str | None
    trees: bool
    takes_nan: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)

    def class_name(self, task: Task) -> str | None:
        """The class for ``task``; None where the algorithm has none."""
        return self.regressor if task == "regression" else self.classifier


_LINEAR, _ENSEMBLE = "sklearn.linear_model", "sklearn.ensemble"

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            Algorithm("logistic_regression", _LINEAR, "LogisticRegression", None, False, defaults={"max_iter": 1000}),
            Algorithm("linear_regression", _LINEAR, None, "LinearRegression", False),
            Algorithm("ridge", _LINEAR, None, "Ridge", False),
            Algorithm("decision_tree", "sklearn.tree", "DecisionTreeClassifier", "DecisionTreeRegressor", True, defaults={"max_depth": 12}),
            Algorithm(
                "random_forest",
                _ENSEMBLE,
                "RandomForestClassifier",
                "RandomForestRegressor",
                True,
                defaults={"n_estimators": 100, "max_depth": 12, "n_jobs": -1},
            ),
            Algorithm(
                "gradient_boosting",
                _ENSEMBLE,
                "GradientBoostingClassifier",
                "GradientBoostingRegressor",
                True,
                defaults={"n_estimators": 100, "max_depth": 3},
            ),
            Algorithm(
                "hist_gradient_boosting",
                _ENSEMBLE,
                "HistGradientBoostingClassifier",
                "HistGradientBoostingRegressor",
                True,
                takes_nan=True,
                defaults={"max_iter": 100, "early_stopping": False},
            ),
        )
    }
)
"""Every algorithm that ``algorithm=`` takes by name."""

AUTO = "auto"
"""What ``algorithm=`` takes to have one of them searched for."""


@runtime_checkable
class Estimator(Protocol):
    """A scikit-learn estimator: something with parameters that can be read and set."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters it was made with."""
        ...

    def set_params(self, **params: Any) -> Any:
        """Change parameters by name."""
        ...


Learner = str | Estimator


def takes_nan(algorithm: Learner) -> bool:
    """Whether missing numbers may reach the estimator as NaN and the exported graph still agree with it."""
    if isinstance(algorithm, str):
        # A search fills for each candidate what that one cannot take.
        return algorithm == AUTO or (algorithm in ALGORITHMS and ALGORITHMS[algorithm].takes_nan)
    return any(known.takes_nan and type(algorithm).__name__ in (known.classifier, known.regressor) for known in ALGORITHMS.values())


def check_algorithm(place: Place, algorithm: object, task: Task) -> None:
    """Refuse an algorithm that is unknown, or that does not learn ``task``."""
    here = place.of("the algorithm")
    if isinstance(algorithm, str):
        if algorithm == AUTO:
            return
        if algorithm not in ALGORITHMS:
            raise here.error(f"{algorithm!r} is not known", choose_from((*ALGORITHMS, AUTO), algorithm))
        if ALGORITHMS[algorithm].class_name(task) is None:
            fitting = ", ".join(name for name, known in ALGORITHMS.items() if known.class_name(task) is not None)
            raise here.error(f"{algorithm!r} cannot learn a {task} task", f"For {task} there are: {fitting}.")
        return
    if isinstance(algorithm, type) or not isinstance(algorithm, Estimator):
        what = f"is the class {algorithm.__name__}" if isinstance(algorithm, type) else f"is a {type(algorithm).__name__}"
        raise here.error(what, "Give a name, or an instance of a scikit-learn estimator.", choose_from(ALGORITHMS, None))
    if (task == "regression") == hasattr(algorithm, "predict_proba"):
        wanted = "a regressor" if task == "regression" else "a classifier that gives probabilities (predict_proba)"
        raise here.error(f"{type(algorithm).__name__} does not fit a {task} task", f"Give {wanted}, or say task=.")


def check_params(place: Place, algorithm: Learner, params: object) -> Mapping[str, object]:
    """The parameters as a read-only mapping; ``DefinitionError`` where they have no algorithm by name to go to."""
    if params is None:
        return MappingProxyType({})
    here = place.of("params")
    if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
        raise here.error("is no mapping from names to values", "Write params={'max_depth': 6}.")
    if algorithm == AUTO:
        raise here.error(
            'is given beside algorithm="auto", which finds them', "Leave params= out, or name the algorithm that they are for."
        )
    if not isinstance(algorithm, str):
        raise here.error(
            f"is given beside an estimator, which has its own ({type(algorithm).__name__})", "Set them where the estimator is made."
        )
    return MappingProxyType(dict(params))
