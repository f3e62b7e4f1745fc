"""From a definition's ``algorithm`` and ``params`` to an estimator whose export is known to be exact."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from math import isnan, nan
from typing import Any

from prisml.definition.algorithms import ALGORITHMS, Algorithm
from prisml.definition.encoding import Encoding
from prisml.errors import DefinitionError
from prisml.manifest import Task
from prisml.training.choice import Choice
from prisml.training.environment import require_extra
from prisml.training.export.trees import FORMS
from prisml.training.settled import settle


def choose_estimator(
    algorithm: object, *, params: Mapping[str, object] | None, task: Task, seed: int, model: str, encoding: Encoding = "auto"
) -> Choice:
    """The unfitted estimator for ``algorithm``: one of the names in ``ALGORITHMS``, or an instance of one of their classes.

    An algorithm by name starts from the defaults in ``ALGORITHMS``, an instance from its own parameters.

    ``DefinitionError`` for a name, class, parameter or option that is not known to export exactly; it says what to use instead.
    """
    chosen, estimator = _by_name(algorithm, task, model) if isinstance(algorithm, str) else _by_instance(algorithm, task, model)
    wanted = dict(params or {})
    known = {**dict.fromkeys(chosen.hidden), **estimator.get_params(deep=False)}
    for name in wanted:
        _check_param(name, known, type(estimator).__name__, model)
    estimator.set_params(**wanted)
    _seed(estimator, seed, model)
    settle(estimator, model)
    _refuse_inexact(estimator, task, model)
    return Choice(chosen, estimator, native=encoding == "native")


def _by_name(name: str, task: Task, model: str) -> tuple[Algorithm, Any]:
    algorithm = ALGORITHMS.get(name)
    class_name = None if algorithm is None else algorithm.class_name(task)
    if algorithm is None or class_name is None:
        raise _unsupported(f"{name!r} for a {task} task", model)
    require_extra(algorithm)
    estimator = getattr(import_module(algorithm.module), class_name)()
    return algorithm, estimator.set_params(**algorithm.defaults)


def _by_instance(given: object, task: Task, model: str) -> tuple[Algorithm, Any]:
    for algorithm in ALGORITHMS.values():
        class_name = algorithm.class_name(task)
        if class_name == type(given).__name__ and type(given) is getattr(import_module(algorithm.module), class_name):
            return algorithm, import_module("sklearn.base").clone(given)
    raise _unsupported(f"{type(given).__name__} for a {task} task", model)


def _unsupported(what: str, model: str) -> DefinitionError:
    return DefinitionError(
        f"Model {model!r}: {what} is not among what is known to export exactly.",
        {"model": model},
        [f"Name one of {', '.join(ALGORITHMS)}, or give an instance of the class behind one of them; a subclass does not count."],
    )


def _check_param(name: str, known: Mapping[str, object], estimator: str, model: str) -> None:
    context = {"model": model, "parameter": name}
    if name == "random_state":
        raise DefinitionError(f"Model {model!r}: random_state is not a parameter to give.", context, ["Give seed= to define_model."])
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"Its parameters are {', '.join(sorted(known))}."
        raise DefinitionError(f"Model {model!r}: {estimator} has no parameter {name!r}.", context, [hint])


def _seed(estimator: Any, seed: int, model: str) -> None:
    params = estimator.get_params(deep=False)
    if "random_state" not in params:
        return
    given = params["random_state"]
    if given is None:
        estimator.set_params(random_state=seed)
    elif not isinstance(given, int):
        raise DefinitionError(
            f"Model {model!r}: random_state is a {type(given).__name__}, which gives another model each time.",
            {"model": model, "parameter": "random_state"},
            ["Leave it out and give seed= to define_model, or give an int."],
        )


def _refuse_inexact(estimator: Any, task: Task, model: str) -> None:
    """Refuse by name the options whose graphs were found to predict something else."""
    name, params = type(estimator).__name__, estimator.get_params(deep=False)
    rules = (
        *((option, not _is_among(params.get(option), values), _one_of(option, values)) for option, values in FORMS.get(name, {}).items()),
        ("missing", not isnan(params.get("missing", nan)), "Leave missing out."),
        ("loss", task == "multiclass" and params.get("loss") == "exponential", 'Use loss="log_loss".'),
        (
            "solver",
            task == "multiclass" and name == "LogisticRegression" and params.get("solver") == "liblinear",
            'Use solver="lbfgs".',
        ),
        ("multi_class", params.get("multi_class") == "ovr", "Leave multi_class out."),
    )
    for parameter, refused, way in rules:
        if refused:
            raise DefinitionError(
                f"Model {model!r}: {name} with this {parameter} cannot be exported exactly.",
                {"model": model, "parameter": parameter},
                [way],
            )


def _is_among(value: object, values: tuple[object, ...]) -> bool:
    return any(value is each or (isinstance(value, str) and value == each) for each in values)


def _one_of(option: str, values: tuple[object, ...]) -> str:
    named = " or ".join(f'"{value}"' for value in values if value is not None)
    if not named:
        return f"Leave {option} out."
    return f"Use {option}={named}{', or leave it out' if None in values else ''}."
