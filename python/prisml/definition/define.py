"""``define_model``: a definition from its parts, checked against the mapping; no database is touched."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import Mapper, QueryableAttribute

from prisml.definition.algorithms import Learner, check_algorithm, check_params, takes_nan
from prisml.definition.as_of import AsOfLike, read_as_of
from prisml.definition.balance import (
    DEFAULT_VALIDATION_SIZE,
    Calibrate,
    ClassWeight,
    read_calibrate,
    read_class_weight,
    read_validation_size,
)
from prisml.definition.budget import check_time_budget
from prisml.definition.encoding import Encoding, check_encoding
from prisml.definition.features import Expression, FeatureLike, FeatureSpec, Resolver
from prisml.definition.gates import Gate, accuracy_gate, check_gates
from prisml.definition.inputs import Reader, own_reads
from prisml.definition.label import ReadLabel, read_label, read_where
from prisml.definition.mapping import is_taken, mapper_of
from prisml.definition.model import ModelDefinition
from prisml.definition.place import Place
from prisml.definition.split import DEFAULT_TEST_SIZE, Split, resolve_split
from prisml.definition.stability import check_history
from prisml.definition.task import label_dtype, resolve_positive, resolve_task
from prisml.definition.threshold import DEFAULT_THRESHOLD, Rule, read_threshold
from prisml.definition.waivers import read_waivers, waives
from prisml.definition.windows import check_windows
from prisml.errors import described
from prisml.manifest import Input, Task

if TYPE_CHECKING:
    from enum import Enum

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_LARGEST_SEED = 2**32 - 1
_MOST_FOLDS = 20


def define_model(
    entity: type[T],
    *,
    output: str,
    label: QueryableAttribute[Any] | Column[Any] | ColumnElement[Any] | Expression | Resolver[T],
    features: Mapping[str, FeatureLike[T]],
    where: ColumnElement[bool] | QueryableAttribute[bool] | Expression | None = None,
    task: Task | None = None,
    positive: bool | int | str | Enum | None = None,
    algorithm: Learner = "hist_gradient_boosting",
    params: Mapping[str, object] | None = None,
    time_budget: float | None = None,
    encoding: Encoding = "auto",
    as_of: AsOfLike = None,
    split: Split | Literal["time"] | None = None,
    test_size: float = DEFAULT_TEST_SIZE,
    cv: int | None = None,
    seed: int = 42,
    class_weight: ClassWeight | None = None,
    calibrate: Calibrate | None = None,
    threshold: float | Rule = DEFAULT_THRESHOLD,
    validation_size: float = DEFAULT_VALIDATION_SIZE,
    gates: Sequence[Gate] = (),
    min_accuracy: float | None = None,
    waive: Collection[str] = (),
    name: str | None = None,
) -> ModelDefinition[T]:
    """The definition of a predictive field of ``entity``, checked against its mapping; no database is touched.

    ``entity``
        A class mapped by SQLAlchemy, in any of its ways (declarative, imperative, dataclass).
    ``output``
        The field's name: an identifier that is no attribute of the entity. It is never read from the table.
    ``label``
        What is learned: a mapped column, SQL over the entity's columns (``Flight.arr_delay > 15``), or a ``resolver``. Rows where it
        is NULL are dropped and counted. Window functions and aggregates, here and in ``where``, stand in a scalar subquery.
    ``features``
        What it is learned from, by name: mapped columns, ``Feature(...)``, ``related(...)``, transforms such as
        ``days_since(...)``, ``expression(...)`` and ``resolver(...)``.
    ``where``
        SQL that says which rows are trained on.
    ``task``
        ``"binary"``, ``"multiclass"`` or ``"regression"``. A bool label is binary, a float or Decimal label a regression; a label of
        int, str or Enum needs it said.
    ``positive``
        The label whose probability a binary model gives: required unless the label is bool (then True).
    ``algorithm``
        ``"logistic_regression"``, ``"linear_regression"``, ``"ridge"``, ``"lasso"``, ``"elastic_net"``, ``"sgd"``, ``"huber"``,
        ``"poisson"``, ``"gamma"``, ``"tweedie"``, ``"bayesian_ridge"``, ``"quantile"``, ``"lda"``, ``"qda"``, ``"gaussian_nb"``, ``"mlp"``,
        ``"svm"``, ``"decision_tree"``, ``"extra_tree"``, ``"random_forest"``, ``"extra_trees"``, ``"gradient_boosting"``,
        ``"hist_gradient_boosting"``, ``"xgboost"``, ``"lightgbm"``; an estimator; or a Pipeline of scikit-learn that ends in one.
        ``"auto"`` tries several of the names with several parameters on a part of the training rows that is kept for it, and takes
        the simplest of the best.
    ``params``
        Parameters for the algorithm named.
    ``time_budget``
        Of ``algorithm="auto"``: the seconds after which nothing more is tried (60).
    ``encoding``
        How categories reach trees: ``"ordinal"``, as numbers that they compare by order, or ``"native"``, as sets that they split on
        (hist_gradient_boosting, xgboost, lightgbm). ``"auto"`` is ordinal for trees; linear models have a weight for each category.
    ``as_of``
        The moment that rows are seen at in training: a date or datetime, a list of them (snapshots: each row once for each), or a date
        or datetime column of the entity (each row at its own, in prediction too). Without it, the moment of extraction. Naive moments
        are UTC. Where it lies in the past, only columns that are ``stable`` and SQL bounded by ``as_of`` can be features. A label may
        look ahead of it, in ``expression(lambda as_of: ...)``. In prediction it is now, or ``predict(..., as_of=...)``.
    ``split``
        ``RandomSplit()`` (stratified), ``TimeSplit(column, ...)`` or ``GroupSplit(column)``; ``"time"`` goes by ``as_of``; ``test_size``
        is short for ``RandomSplit(test_size)``.
    ``cv``
        Cross-validate the training part first, in so many folds (2 to 20) made as the split makes its parts; of a split by time each
        is judged by the rows that follow. The version keeps each metric's mean, standard deviation and values.
    ``seed``
        Of everything random in training.
    ``class_weight``
        How much a row of each class counts in fitting: ``"balanced"``, or ``{label: weight}``. Probabilities have the base rate of the
        training part all the same: they are brought back to it, by ``calibrate`` where that is given, and otherwise exactly.
    ``calibrate``
        ``"sigmoid"`` or ``"isotonic"``: probabilities are fitted to the shares found in rows that are kept from fitting.
    ``threshold``
        A binary model's label is the positive class where its probability is above it: a number, or ``"f1"``, ``Cost(fp=1, fn=5)``,
        ``Precision(0.9)`` or ``Recall(0.9)`` to have it chosen by rows that are kept from fitting.
    ``validation_size``
        The share of the training part that is kept from fitting where ``calibrate`` or ``threshold`` asks for such rows.
    ``gates``
        What the hold-out must reach, see ``Gate``; ``min_accuracy=0.75`` is short for ``Gate("accuracy", min=0.75)``.
    ``waive``
        Guards against leakage that are not to refuse the model: ``"single_feature:days_overdue"`` for one feature, ``"single_feature"``
        for all.
    ``name``
        The model's name in the registry; otherwise the name of the variable that holds the definition.

    Raises ``DefinitionError`` that names the feature, and the way out.
    """
    place = Place(getattr(entity, "__name__", "<entity>"), _spelled(output))
    mapper = mapper_of(entity, place)
    _check_output(place, mapper, output)
    _check_name(place, name)
    moments = read_as_of(place, mapper, as_of)
    learned = read_label(place, mapper, label, moments)
    resolved = resolve_task(place, learned.type, task)
    check_algorithm(place, algorithm, resolved)
    waivers = read_waivers(place, waive, features)
    given = check_params(place, algorithm, params)
    specs, inputs = _read_features(place, Reader(mapper, takes_nan(algorithm, given), moments), features, learned, waivers)
    parts = resolve_split(place, mapper, split, test_size, moments)
    check_windows(place, moments, learned.horizon, parts)
    number, rule = read_threshold(place, threshold, resolved)
    shorthand = () if min_accuracy is None else (accuracy_gate(place, min_accuracy, resolved),)
    return ModelDefinition(
        entity=entity,
        output=output,
        label=learned.label,
        label_dtype=label_dtype(place, learned.type),
        features=specs,
        where=read_where(place, mapper, where, moments),
        task=resolved,
        positive=resolve_positive(place, resolved, learned.type, positive),
        algorithm=algorithm,
        params=given,
        time_budget=check_time_budget(place, algorithm, time_budget),
        encoding=check_encoding(place, encoding, algorithm),
        split=parts,
        seed=_check_seed(place, seed),
        threshold=number,
        threshold_rule=rule,
        class_weight=read_class_weight(place, class_weight, resolved),
        calibrate=read_calibrate(place, calibrate, resolved),
        validation_size=read_validation_size(place, validation_size),
        gates=(*check_gates(place, mapper, gates, resolved), *shorthand),
        waive=waivers,
        inputs=inputs,
        given_name=name,
        as_of=moments,
        horizon=learned.horizon,
        cv=_check_cv(place, cv),
        module=_globals_of_caller(),
    )


def _spelled(output: object) -> str:
    return output if isinstance(output, str) else "<output>"


def _globals_of_caller() -> Mapping[str, object]:
    """The variables of the module that calls ``define_model``, read when the definition's name is asked for."""
    here = inspect.currentframe()
    caller = here and here.f_back and here.f_back.f_back
    return caller.f_globals if caller else {}


def _read_features(
    place: Place, reader: Reader, features: object, learned: ReadLabel, waivers: Collection[str]
) -> tuple[Mapping[str, FeatureSpec[Any]], tuple[Input, ...]]:
    if not isinstance(features, Mapping) or not features:
        raise place.of("features").error(
            "is empty or no mapping from names to features", 'Give at least one: features={"age": Customer.age}.'
        )
    specs: dict[str, FeatureSpec[Any]] = {}
    inputs: list[Input] = []
    for name, given in features.items():
        here = place.of_feature(_feature_name(place, name))
        spec, read = reader.read(here, given)
        if learned.decided_by is not None and learned.decided_by in own_reads(spec):
            raise here.error(f"reads {learned.decided_by}, which alone decides the label", "Leave it out: it would give the answer away.")
        check_history(here, reader.mapper, spec, reader.as_of, waived=waives(waivers, "unbounded", name))
        specs[name] = spec
        inputs.append(read)
    return MappingProxyType(specs), tuple(inputs)


def _feature_name(place: Place, name: object) -> str:
    if not isinstance(name, str):
        raise place.of("features").error(f"has {described(name)} as a name", "Name each feature by a text.")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise place.of_feature(name).error(
            "has a name that a row's attribute cannot have", "Use letters, digits and underscores, and no keyword of Python."
        )
    if name == place.output:
        raise place.of_feature(name).error("has the name of the output", "Give one of them another name.")
    return name


def _check_output(place: Place, mapper: Mapper[Any], output: object) -> None:
    here = place.of("output")
    if not isinstance(output, str) or not output.isidentifier() or keyword.iskeyword(output):
        raise here.error("is no identifier", 'Write output="churn_probability", say.')
    if is_taken(mapper, output):
        what = f"is an attribute of {mapper.class_.__name__} already"
        raise here.error(what, "Choose a name that the entity does not have: it is predicted, never read from the table.")


def _check_name(place: Place, name: object) -> None:
    if name is not None and (not isinstance(name, str) or not _NAME.fullmatch(name)):
        raise place.of("name").error(
            "is no name for a model", "Use up to 100 letters, digits, underscores and hyphens, beginning with a letter."
        )


def _check_seed(place: Place, seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise place.of("seed").error(f"is {described(seed)}", "Give an integer, such as 42.")
    if not 0 <= seed <= _LARGEST_SEED:
        raise place.of("seed").error("is negative or too large", f"Give an integer from 0 to {_LARGEST_SEED}.")
    return seed


def _check_cv(place: Place, cv: object) -> int | None:
    if cv is None:
        return None
    if isinstance(cv, bool) or not isinstance(cv, int):
        raise place.of("cv").error(f"is {described(cv)}", "Give the number of folds, such as 5.")
    if not 2 <= cv <= _MOST_FOLDS:
        raise place.of("cv").error(f"is {cv}", f"Give from 2 to {_MOST_FOLDS} folds, such as 5.")
    return cv
