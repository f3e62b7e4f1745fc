"""From a definition's ``algorithm`` and ``params`` to an estimator whose export is known to be exact."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from prisml.definition.algorithms import ALGORITHMS, Algorithm
from prisml.definition.encoding import Encoding
from prisml.errors import DefinitionError
from prisml.manifest import Task
from prisml.training.choice import Choice
from prisml.training.environment import require_extra
from prisml.training.export.dense import FAMILIES
from prisml.training.offered import check_offered, refuse_class
from prisml.training.offers import Offers, offers
from prisml.training.parameters import check_names, check_own_names, check_values, seed
from prisml.training.settled import settle
from prisml.training.stages import final_of, is_pipeline, to_float32

_OWN_COLUMNS = ("SimpleImputer", "VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFromModel")
"""Steps that leave each column what it was, so that trees behind them get categories as codes."""


def choose_estimator(
    algorithm: object, *, params: Mapping[str, object] | None, task: Task, seed: int, model: str, encoding: Encoding = "auto"
) -> Choice:
    """The unfitted estimator for ``algorithm``: one of the names in ``ALGORITHMS``, an estimator, or a Pipeline that ends in one.

    An algorithm by name starts from the defaults in ``ALGORITHMS``, an instance from its own parameters. No data is needed for it.

    ``DefinitionError`` for a name, class, parameter, value or step that is not known to export exactly, or that scikit-learn would
    refuse; it says what to use instead.
    """
    choice = prepare(algorithm, params=params, task=task, number=seed, model=model, encoding=encoding)
    check_own_names(final_of(choice.estimator), (choice.last or choice.algorithm).hidden, model)
    check_offered(choice, task, model, offers())
    return choice


def prepare(
    algorithm: object, *, params: Mapping[str, object] | None, task: Task, number: int, model: str, encoding: Encoding = "auto"
) -> Choice:
    """As ``choose_estimator``, whether what is asked for is offered or not: the matrix finds out what may be."""
    if isinstance(algorithm, str):
        chosen, estimator = _by_name(algorithm, task, model)
    else:
        estimator = import_module("sklearn.base").clone(algorithm)
        chosen = algorithm_of_instance(estimator, task, model)
    wanted = dict(params or {})
    check_names(wanted, {**dict.fromkeys(chosen.hidden), **estimator.get_params(deep=False)}, type(estimator).__name__, model)
    estimator.set_params(**wanted)
    if is_pipeline(estimator):
        return _of_pipeline(estimator, task, number, model)
    seed(estimator, number, model)
    settle(estimator, model)
    check_values(estimator, model)
    return Choice(chosen, estimator, native=encoding == "native")


def algorithm_of_instance(estimator: Any, task: Task, model: str) -> Algorithm:
    """The algorithm whose class the estimator has, or one that is made for its class."""
    name = type(estimator).__name__
    for algorithm in ALGORITHMS.values():
        if algorithm.class_name(task) == name and type(estimator) is getattr(import_module(algorithm.module), name):
            return algorithm
    family = FAMILIES.get(name)
    if family is not None and type(estimator) is getattr(import_module(family.module), name) and task in family.tasks:
        return Algorithm(name, family.module, name, name, trees=False)
    if is_pipeline(estimator):
        return Algorithm("pipeline", "sklearn.pipeline", "Pipeline", "Pipeline", trees=False)
    raise refuse_class(estimator, task, model, _known())


def _of_pipeline(pipeline: Any, task: Task, number: int, model: str) -> Choice:
    """The Pipeline with what stands in Pipelines inside it, and with numbers rounded to float32 before trees."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    steps = _flat(pipeline)
    if not steps:
        raise DefinitionError(
            f"Model {model!r}: the Pipeline has no step.",
            {"model": model},
            ["Put an estimator at its end: make_pipeline(StandardScaler(), Ridge())."],
        )
    final = steps[-1][1]
    last = algorithm_of_instance(final, task, model)
    for _, step in steps:
        check_values(step, model)
    codes = last.trees and all(type(step).__name__ in _OWN_COLUMNS for _, step in steps[:-1])
    if last.trees and not codes:
        steps.insert(len(steps) - 1, ("to_float32", FunctionTransformer(to_float32)))
    made = Pipeline(steps)
    seed(made, number, model)
    settle(final_of(made), model)
    chosen = Algorithm("pipeline", "sklearn.pipeline", "Pipeline", "Pipeline", trees=False, takes_nan=False)
    return Choice(chosen, made, last=last, codes=codes)


def _flat(pipeline: Any, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, step in pipeline.steps:
        if is_pipeline(step):
            found += _flat(step, f"{prefix}{name}_")
        elif step is not None and step != "passthrough":
            found.append((f"{prefix}{name}", step))
    return found


def _by_name(name: str, task: Task, model: str) -> tuple[Algorithm, Any]:
    algorithm = ALGORITHMS.get(name)
    class_name = None if algorithm is None else algorithm.class_name(task)
    if algorithm is None or class_name is None:
        raise DefinitionError(
            f"Model {model!r}: {name!r} for a {task} task is not among what is known to export exactly.",
            {"model": model},
            [f"Name one of {', '.join(known.name for known in ALGORITHMS.values() if known.class_name(task))}."],
        )
    require_extra(algorithm)
    made = getattr(import_module(algorithm.module), class_name)()
    return algorithm, made.set_params(**algorithm.defaults, **({} if task == "regression" else algorithm.classifies))


def _known() -> Offers:
    """What is offered; nothing where the matrix is about to find out."""
    try:
        return offers()
    except FileNotFoundError:
        return Offers({}, {}, {})
