"""Which algorithms there are by name, what each can learn, and which of them sees missing values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from prisml.definition.place import Place, choose_from
from prisml.manifest import Task

_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_ALL: tuple[Task, ...] = (*_CLASSES, "regression")

ALGORITHMS: Mapping[str, tuple[Task, ...]] = MappingProxyType(
    {
        "logistic_regression": _CLASSES,
        "linear_regression": ("regression",),
        "ridge": ("regression",),
        "decision_tree": _ALL,
        "random_forest": _ALL,
        "gradient_boosting": _ALL,
        "hist_gradient_boosting": _ALL,
    }
)
"""Every algorithm that ``algorithm=`` takes by name, with the tasks it is for."""

_NATIVE = frozenset({"hist_gradient_boosting", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor"})


@runtime_checkable
class Estimator(Protocol):
    """A scikit-learn estimator: something with parameters that can be read and set."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters it was made with."""
        ...

    def set_params(self, **params: Any) -> Any:
        """Change parameters by name."""
        ...


Algorithm = str | Estimator


def takes_nan(algorithm: Algorithm) -> bool:
    """Whether missing numbers may reach the estimator as NaN and the exported graph still agree with it."""
    return (algorithm if isinstance(algorithm, str) else type(algorithm).__name__) in _NATIVE


def check_algorithm(place: Place, algorithm: object, task: Task) -> None:
    """Refuse an algorithm that is unknown, or that does not learn ``task``."""
    here = place.of("the algorithm")
    if isinstance(algorithm, str):
        if algorithm not in ALGORITHMS:
            raise here.error(f"{algorithm!r} is not known", choose_from(ALGORITHMS, algorithm))
        if task not in ALGORITHMS[algorithm]:
            fitting = ", ".join(name for name, tasks in ALGORITHMS.items() if task in tasks)
            raise here.error(f"{algorithm!r} cannot learn a {task} task", f"For {task} there are: {fitting}.")
        return
    if isinstance(algorithm, type) or not isinstance(algorithm, Estimator):
        what = f"is the class {algorithm.__name__}" if isinstance(algorithm, type) else f"is a {type(algorithm).__name__}"
        raise here.error(what, "Give a name, or an instance of a scikit-learn estimator.", choose_from(ALGORITHMS, None))
    if (task == "regression") == hasattr(algorithm, "predict_proba"):
        wanted = "a regressor" if task == "regression" else "a classifier that gives probabilities (predict_proba)"
        raise here.error(f"{type(algorithm).__name__} does not fit a {task} task", f"Give {wanted}, or say task=.")


def check_params(place: Place, algorithm: Algorithm, params: object) -> Mapping[str, object]:
    """The parameters as a read-only mapping; ``DefinitionError`` where they have no algorithm by name to go to."""
    if params is None:
        return MappingProxyType({})
    here = place.of("params")
    if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
        raise here.error("is no mapping from names to values", "Write params={'max_depth': 6}.")
    if not isinstance(algorithm, str):
        raise here.error(
            f"is given beside an estimator, which has its own ({type(algorithm).__name__})", "Set them where the estimator is made."
        )
    return MappingProxyType(dict(params))
