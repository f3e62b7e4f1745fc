"""The definition of a predictive field: what ``define_model`` makes, checked against the mapping when it is made."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import Mapper, QueryableAttribute, class_mapper

from prisml.definition.algorithms import Algorithm, check_algorithm, check_params, takes_nan
from prisml.definition.features import Expression, FeatureLike, FeatureSpec, Resolver
from prisml.definition.gates import Gate, accuracy_gate, check_gates
from prisml.definition.inputs import Reader, own_reads
from prisml.definition.label import Label, ReadLabel, read_label, read_where
from prisml.definition.mapping import is_taken, mapper_of
from prisml.definition.place import Place
from prisml.definition.split import DEFAULT_TEST_SIZE, Split, resolve_split
from prisml.definition.task import label_dtype, resolve_positive, resolve_task
from prisml.errors import ConfigurationError
from prisml.manifest import ClassLabel, Dtype, Input, Task

if TYPE_CHECKING:
    from enum import Enum

    from prisml.serving.engine import Engine
    from prisml.serving.prediction import Prediction

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_LARGEST_SEED = 2**32 - 1

_openers: list[Callable[..., Engine]] = []
_readers: list[Callable[[ModelDefinition[Any], object], Prediction]] = []


def set_opener(opener: Callable[..., Engine]) -> None:
    """Say what ``ModelDefinition.load`` calls: serving does so when it is imported, because this layer knows nothing of it."""
    _openers[:] = [opener]


def set_reader(reader: Callable[[ModelDefinition[Any], object], Prediction]) -> None:
    """Say what ``ModelDefinition.of`` calls: the extension of SQLAlchemy does so when it is imported."""
    _readers[:] = [reader]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ModelDefinition(Generic[T]):
    """A predictive field of an entity: what it reads, what it learns and what it must reach. Made by ``define_model``.

    Frozen, and checked against the mapping already. All columns in it are attributes of the mapped class, whichever way they were
    given. ``features`` holds no bare columns; ``label`` is a mapped attribute, an ``Expression`` or a ``Resolver``;
    ``label_dtype`` is the type of its values; ``positive`` is the positive class of a binary task, an Enum's member by name;
    ``gates`` includes the one of ``min_accuracy``; ``inputs`` are the columns of the encoded matrix in order, their categories not
    yet known. Two definitions are equal only where they are the same object.
    """

    entity: type[T]
    output: str
    label: Label
    label_dtype: Dtype
    features: Mapping[str, FeatureSpec[T]]
    where: Expression | None
    task: Task
    positive: ClassLabel | None
    algorithm: Algorithm
    params: Mapping[str, object]
    split: Split
    seed: int
    threshold: float
    gates: tuple[Gate, ...]
    inputs: tuple[Input, ...]
    given_name: str | None
    module: Mapping[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ModelDefinition({self.entity.__name__}.{self.output})"

    @property
    def name(self) -> str:
        """The model's name in the registry: ``name=``, or else the one variable of the defining module that holds the definition.

        Names that begin with an underscore do not count. Raises ``DefinitionError`` where no variable holds it, or several do.
        """
        if self.given_name is not None:
            return self.given_name
        bound = [name for name, value in self.module.items() if value is self and not name.startswith("_")]
        if len(bound) == 1:
            return bound[0]
        held = f"the variables {', '.join(bound)} hold it" if bound else "no variable of its module holds it"
        place = Place(self.entity.__name__, self.output)
        raise place.error(f"has no certain name: {held}", f'Write define_model(..., name="{self.output}").')

    @property
    def key(self) -> tuple[str, ...]:
        """The attribute names of the entity's primary key, by which experiments assign its rows."""
        mapper = class_mapper(self.entity)
        return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)

    @property
    def resolvers(self) -> Mapping[str, Resolver[T]]:
        """The features that Python computes, by name."""
        return MappingProxyType({name: feature for name, feature in self.features.items() if isinstance(feature, Resolver)})

    def load(self, **options: Any) -> Engine:
        """The engine that serves this model, with the definition's resolvers, and follows its registry.

        ``registry=``, ``version=``, ``refresh=`` and ``preload=`` as in ``prisml.load``. Raises ``SchemaDriftError`` where the stored
        version was trained with other inputs or other code than this definition's: it cannot be served by it. Where only the mapping
        says something else of the same columns (a length or precision, NULL allowed, an enumeration's values, a foreign key), a
        ``PrisMLWarning`` names what differs and the engine serves; with ``on_drift="error"`` that raises too (default: ``"warn"``).
        """
        if not _openers:
            raise ConfigurationError("Nothing is there to serve the model.", {"output": self.output}, ["Import prisml first."])
        return _openers[0](self, **options)

    def of(self, row: T) -> Prediction:
        """The prediction for an object of an extended session: the one attached to it, or made now, together with its peers'.

        Needs ``prisml.orm.extend``. Raises the error of the object where there is no prediction.
        """
        if not _readers:
            hint = "from prisml.orm import extend; extend(sessionmaker, [definition, ...])"
            raise ConfigurationError("No sessions are extended.", {"output": self.output}, [hint])
        return _readers[0](self, row)


def define_model(
    entity: type[T],
    *,
    output: str,
    label: QueryableAttribute[Any] | Column[Any] | ColumnElement[Any] | Expression | Resolver[T],
    features: Mapping[str, FeatureLike[T]],
    where: ColumnElement[bool] | QueryableAttribute[bool] | Expression | None = None,
    task: Task | None = None,
    positive: bool | int | str | Enum | None = None,
    algorithm: Algorithm = "hist_gradient_boosting",
    params: Mapping[str, object] | None = None,
    split: Split | None = None,
    test_size: float = DEFAULT_TEST_SIZE,
    seed: int = 42,
    threshold: float = 0.5,
    gates: Sequence[Gate] = (),
    min_accuracy: float | None = None,
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
        ``days_since(...)``, and ``resolver(...)``.
    ``where``
        SQL that says which rows are trained on.
    ``task``
        ``"binary"``, ``"multiclass"`` or ``"regression"``. A bool label is binary, a float or Decimal label a regression; a label of
        int, str or Enum needs it said.
    ``positive``
        The label whose probability a binary model gives: required unless the label is bool (then True).
    ``algorithm``
        ``"logistic_regression"``, ``"linear_regression"``, ``"ridge"``, ``"decision_tree"``, ``"random_forest"``,
        ``"gradient_boosting"``, ``"hist_gradient_boosting"``, or an instance of a scikit-learn estimator.
    ``params``
        Parameters for the algorithm named.
    ``split``
        ``RandomSplit()`` (stratified), ``TimeSplit(column, ...)`` or ``GroupSplit(column)``; ``test_size`` is short for
        ``RandomSplit(test_size)``.
    ``seed``
        Of everything random in training.
    ``threshold``
        A binary model's label is the positive class where its probability is above it.
    ``gates``
        What the hold-out must reach, see ``Gate``; ``min_accuracy=0.75`` is short for ``Gate("accuracy", min=0.75)``.
    ``name``
        The model's name in the registry; otherwise the name of the variable that holds the definition.

    Raises ``DefinitionError`` that names the feature, and the way out.
    """
    place = Place(getattr(entity, "__name__", type(entity).__name__), str(output))
    mapper = mapper_of(entity, place)
    _check_output(place, mapper, output)
    _check_name(place, name)
    learned = read_label(place, mapper, label)
    resolved = resolve_task(place, learned.type, task)
    check_algorithm(place, algorithm, resolved)
    specs, inputs = _read_features(place, Reader(mapper, takes_nan(algorithm)), features, learned)
    shorthand = () if min_accuracy is None else (accuracy_gate(place, min_accuracy, resolved),)
    return ModelDefinition(
        entity=entity,
        output=output,
        label=learned.label,
        label_dtype=label_dtype(place, learned.type),
        features=specs,
        where=read_where(place, mapper, where),
        task=resolved,
        positive=resolve_positive(place, resolved, learned.type, positive),
        algorithm=algorithm,
        params=check_params(place, algorithm, params),
        split=resolve_split(place, mapper, split, test_size),
        seed=_check_seed(place, seed),
        threshold=_check_threshold(place, threshold, resolved),
        gates=(*check_gates(place, gates, resolved), *shorthand),
        inputs=inputs,
        given_name=name,
        module=_globals_of_caller(),
    )


def _globals_of_caller() -> Mapping[str, object]:
    """The variables of the module that calls ``define_model``, read when the definition's name is asked for."""
    here = inspect.currentframe()
    caller = here and here.f_back and here.f_back.f_back
    return caller.f_globals if caller else {}


def _read_features(
    place: Place, reader: Reader, features: object, learned: ReadLabel
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
        specs[name] = spec
        inputs.append(read)
    return MappingProxyType(specs), tuple(inputs)


def _feature_name(place: Place, name: object) -> str:
    if not isinstance(name, str):
        raise place.of("features").error(f"has a {type(name).__name__} as a name", "Name each feature by a text.")
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
        raise place.of("seed").error(f"is a {type(seed).__name__}", "Give an integer, such as 42.")
    if not 0 <= seed <= _LARGEST_SEED:
        raise place.of("seed").error("is negative or too large", f"Give an integer from 0 to {_LARGEST_SEED}.")
    return seed


def _check_threshold(place: Place, threshold: object, task: Task) -> float:
    here = place.of("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise here.error("is no probability between 0 and 1", "Give a number such as 0.5.")
    if task != "binary" and threshold != 0.5:
        raise here.error(f"is given for a {task} task", "Leave it out: only a binary model has one.")
    return float(threshold)
