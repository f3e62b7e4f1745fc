"""The definition of a predictive field: what ``define_model`` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy.orm import class_mapper

from prisml.definition.algorithms import Learner
from prisml.definition.as_of import AsOfRule
from prisml.definition.balance import DEFAULT_VALIDATION_SIZE, Calibrate, ClassWeight
from prisml.definition.encoding import Encoding
from prisml.definition.features import Expression, FeatureSpec, Resolver, Transform
from prisml.definition.gates import Gate
from prisml.definition.label import Label
from prisml.definition.place import Place
from prisml.definition.split import Split
from prisml.definition.threshold import Rule
from prisml.errors import ConfigurationError
from prisml.manifest import ClassLabel, Dtype, Input, Task

if TYPE_CHECKING:
    from prisml.serving.engine import Engine
    from prisml.serving.prediction import Prediction

T = TypeVar("T")

_openers: list[Callable[..., Engine]] = []
_readers: list[Callable[[ModelDefinition[Any], object], Prediction]] = []


def set_opener(opener: Callable[..., Engine]) -> None:
    """Say what ``ModelDefinition.load`` calls: serving does so when it is imported, because this layer knows nothing of it."""
    _openers[:] = [opener]


def set_reader(reader: Callable[[ModelDefinition[Any], object], Prediction]) -> None:
    """Say what ``ModelDefinition.of`` calls: the extension of SQLAlchemy does so when it is imported."""
    _readers[:] = [reader]


def _expressions(features: Mapping[str, FeatureSpec[Any]], inputs: Iterable[Input]) -> Iterator[tuple[str, Expression]]:
    for item in inputs:
        spec = features[item.name]
        if isinstance(spec, Expression):
            yield item.name, spec
        elif isinstance(spec, Transform):
            for source, argument in zip(item.sources, spec.arguments, strict=False):
                if isinstance(argument, Expression):
                    yield source.path[0], argument


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ModelDefinition(Generic[T]):
    """A predictive field of an entity: what it reads, what it learns and what it must reach. Made by ``define_model``.

    Frozen, and checked against the mapping already. All columns in it are attributes of the mapped class, whichever way they were
    given. ``features`` holds no bare columns; ``label`` is a mapped attribute, an ``Expression`` or a ``Resolver``;
    ``label_dtype`` is the type of its values; ``positive`` is the positive class of a binary task, an Enum's member by name;
    ``gates`` includes the one of ``min_accuracy``; ``waive`` is sorted; ``inputs`` are the columns of the encoded matrix in order,
    their categories not yet known; ``horizon`` is how far the label looks past ``as_of``; ``cv`` is into how many folds the training
    part is divided to see how much the metrics vary. ``threshold_rule`` is by what training chooses the threshold, in place of
    ``threshold``; ``time_budget`` are the seconds of ``algorithm="auto"``. Two definitions are equal only where they are the same object.
    """

    entity: type[T]
    output: str
    label: Label
    label_dtype: Dtype
    features: Mapping[str, FeatureSpec[T]]
    where: Expression | None
    task: Task
    positive: ClassLabel | None
    algorithm: Learner
    params: Mapping[str, object]
    split: Split
    seed: int
    threshold: float
    gates: tuple[Gate, ...]
    waive: tuple[str, ...]
    inputs: tuple[Input, ...]
    given_name: str | None
    time_budget: float | None = None
    as_of: AsOfRule = field(default_factory=AsOfRule)
    horizon: timedelta = timedelta(0)
    cv: int | None = None
    threshold_rule: Rule | None = None
    class_weight: ClassWeight | None = None
    calibrate: Calibrate | None = None
    validation_size: float = DEFAULT_VALIDATION_SIZE
    module: Mapping[str, object] = field(default_factory=dict)
    encoding: Encoding = "auto"

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
    def chooses(self) -> bool:
        """Whether something is chosen by rows that are kept from fitting: the threshold, or how probabilities are calibrated."""
        return self.threshold_rule is not None or self.calibrate is not None

    @property
    def resolvers(self) -> Mapping[str, Resolver[T]]:
        """The features that Python computes, by name."""
        return MappingProxyType({name: feature for name, feature in self.features.items() if isinstance(feature, Resolver)})

    @property
    def expressions(self) -> Mapping[str, Expression]:
        """What the database computes: by the feature's name, or by the name of a transform's source, which begins with "@"."""
        return MappingProxyType(dict(_expressions(self.features, self.inputs)))

    @property
    def needs_session(self) -> bool:
        """Whether a feature is computed by the database, so that rows are predicted where a session can ask it."""
        return bool(self.expressions)

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
