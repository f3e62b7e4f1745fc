"""A definition becomes one SELECT of only the columns that are read, in pages by primary key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Mapper, QueryableAttribute, aliased, class_mapper

from prisml.definition.features import Expression, Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import Moment
from prisml.definition.split import RandomSplit

Path = tuple[str, ...]
"""The attribute names from the entity to a value: ``("age",)``, or ``("account", "segment")`` over a relationship."""

KEYS = "keys"
"""The parameter of ``expression_statement`` that says which entities are asked for."""


@dataclass(frozen=True)
class Statement:
    """A SELECT, and where in its rows each value stands.

    ``names`` says in words what each column is read for. The values of ``sources`` come first, in their order; ``keys`` are the places
    of the primary key; ``uses`` gives a resolver's columns by feature and attribute name; ``expressions`` the places of features that
    SQL computes; ``as_of`` is that of each row's own moment; ``label_uses`` is that of a label that is a resolver, otherwise ``label``
    is its place. ``slices`` are the places of what gates divide the hold-out by, ``beside`` those of another version's sources, in its
    order. ``total`` counts the rows. ``moments`` are the parameters of both that stand for ``as_of``.
    """

    select: Select[Any]
    total: Select[Any]
    names: tuple[str, ...]
    sources: tuple[Path, ...]
    keys: Mapping[str, int]
    key_columns: tuple[QueryableAttribute[Any], ...]
    uses: Mapping[str, Mapping[str, int]]
    expressions: Mapping[str, int]
    moments: tuple[Moment, ...] = ()
    as_of: int | None = None
    label: int | None = None
    label_uses: Mapping[str, int] | None = None
    split: int | None = None
    slices: Mapping[str, int] = field(default_factory=dict)
    beside: tuple[int, ...] = ()

    def parameters(self, as_of: datetime) -> dict[str, Any]:
        """What is bound where rows are seen at ``as_of``, an aware datetime in UTC."""
        return {moment.name: moment.value(as_of) for moment in self.moments}

    def page(self, size: int, after: Sequence[object] | None = None) -> Select[Any]:
        """At most ``size`` rows in the order of the primary key, from the first one whose key is greater than ``after``."""
        page = self.select.order_by(*self.key_columns).limit(size)
        return page if after is None else page.where(_greater(self.key_columns, after))


def training_statement(definition: ModelDefinition[Any], sources: Iterable[Path], beside: Iterable[Path] = ()) -> Statement:
    """All that training reads: ``sources``, the key, what resolvers use, the label, the split's column, and what gates ask for.

    ``beside`` are the sources of another version, which gates compare with.
    """
    columns = _Columns(definition.entity)
    layout = _features(definition, columns, sources)
    label: dict[str, Any] = {}
    if isinstance(definition.label, Resolver):
        label["label_uses"] = {used.key: columns.place((used.key,), "the label") for used in definition.label.columns}
    else:
        label["label"] = columns.place_sql(definition.label, "the label")
    if not isinstance(definition.split, RandomSplit) and definition.split.column is not None:
        label["split"] = columns.place((definition.split.column.key,), "the split")
    label["slices"] = {
        gate.sliced: columns.place(gate.slice_path, f"the slices of {gate.sliced}") for gate in definition.gates if gate.sliced is not None
    }
    label["beside"] = tuple(columns.place_source(path, definition.expressions, "the version that serves") for path in beside)
    return _finished(columns, {**layout, **label}, None if definition.where is None else columns.sql(definition.where))


def prediction_statement(definition: ModelDefinition[Any], sources: Iterable[Path], where: str | None) -> Statement:
    """All that a prediction reads of the rows that ``where`` selects: SQL over the entity's own table, as its author wrote it."""
    columns = _Columns(definition.entity)
    layout = _features(definition, columns, sources)
    return _finished(columns, layout, None if where is None else _chosen(definition.entity, columns.key_columns, where))


def expression_statement(definition: ModelDefinition[Any]) -> Statement:
    """What SQL computes for the entities whose keys are bound as ``KEYS``: a list of values, or of tuples of a composite key."""
    columns = _Columns(definition.entity)
    layout: dict[str, Any] = {
        "sources": (),
        "uses": {},
        "keys": {path[-1]: columns.place(path, "the primary key") for path in columns.key_paths},
        "expressions": {name: columns.place_sql(spec, f"feature {name!r}") for name, spec in definition.expressions.items()},
    }
    key = columns.key_columns[0] if len(columns.key_columns) == 1 else tuple_(*columns.key_columns)
    return _finished(columns, layout, key.in_(bindparam(KEYS, expanding=True)))


class _Columns:
    """The columns of one SELECT: each has its place, a relationship is joined once, and no two names collide."""

    def __init__(self, entity: type[Any]) -> None:
        self.mapper: Mapper[Any] = class_mapper(entity)
        self.columns: list[ColumnElement[Any]] = []
        self.names: list[str] = []
        self._places: dict[Path, int] = {}
        self._targets: dict[Path, Any] = {(): entity}
        self._joins: list[Any] = []
        self._moments: dict[str, Moment] = {}
        attributes = (self.mapper.get_property_by_column(column).key for column in self.mapper.primary_key)
        self.key_paths: tuple[Path, ...] = tuple((key,) for key in attributes)

    @property
    def key_columns(self) -> tuple[QueryableAttribute[Any], ...]:
        return tuple(self._column(path) for path in self.key_paths)

    def place(self, path: Path, name: str) -> int:
        """The place of the column at ``path``, read once however often it is asked for."""
        if path not in self._places:
            self._places[path] = self.place_sql(self._column(path), name)
        return self._places[path]

    def place_sql(self, source: Any, name: str) -> int:
        """The place of a column or expression of its own."""
        self.columns.append(self.sql(source).label(f"c{len(self.columns)}"))
        self.names.append(name)
        return len(self.columns) - 1

    def place_source(self, path: Path, expressions: Mapping[str, Expression], name: str) -> int:
        """The place of what an input reads: a column, or SQL where its name is that of an expression."""
        if path[0] in expressions and path not in self._places:
            self._places[path] = self.place_sql(expressions[path[0]], name)
        return self.place(path, name)

    def sql(self, source: Any) -> Any:
        """The SQL of a column or expression, whose parameters are kept."""
        if not isinstance(source, Expression):
            return source
        self._moments |= {moment.name: moment for moment in source.moments}
        return source.sql

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The parameters of all that was placed."""
        return tuple(self._moments.values())

    def select(self) -> Select[Any]:
        statement = select(*self.columns).select_from(self._targets[()])
        for join in self._joins:
            statement = statement.join(join, isouter=True)
        return statement

    def total(self) -> Select[Any]:
        return select(func.count()).select_from(self._targets[()])

    def _column(self, path: Path) -> QueryableAttribute[Any]:
        column: QueryableAttribute[Any] = getattr(self._target(path[:-1]), path[-1])
        return column

    def _target(self, path: Path) -> Any:
        if path not in self._targets:
            relationship = getattr(self._target(path[:-1]), path[-1])
            self._targets[path] = aliased(relationship.property.mapper.class_)
            self._joins.append(relationship.of_type(self._targets[path]))
        return self._targets[path]


def _features(definition: ModelDefinition[Any], columns: _Columns, sources: Iterable[Path]) -> dict[str, Any]:
    readers = {path: item.name for item in reversed(definition.inputs) for path in (source.path for source in item.sources)}
    paths, expressions = tuple(sources), definition.expressions
    for path in paths:
        columns.place_source(path, expressions, f"feature {readers[path]!r}")
    moment = definition.as_of.column
    return {
        "as_of": None if moment is None else columns.place((moment.key,), "as_of"),
        "expressions": {
            name: columns.place_sql(spec, f"feature {name!r}") for name, spec in expressions.items() if not name.startswith("@")
        },
        "sources": paths,
        "keys": {path[-1]: columns.place(path, "the primary key") for path in columns.key_paths},
        "uses": {
            feature: {used.key: columns.place((used.key,), f"feature {feature!r}") for used in resolver.columns}
            for feature, resolver in definition.resolvers.items()
        },
    }


def _finished(columns: _Columns, layout: dict[str, Any], where: Any) -> Statement:
    statement, total = columns.select(), columns.total()
    if where is not None:
        statement, total = statement.where(where), total.where(where)
    return Statement(
        select=statement,
        total=total,
        names=tuple(columns.names),
        key_columns=columns.key_columns,
        moments=columns.moments,
        **layout,
    )


def _greater(columns: Sequence[QueryableAttribute[Any]], values: Sequence[object]) -> ColumnElement[bool]:
    """``(a, b) > (1, 2)`` written out: not every database has row values, and of those not every one uses an index for them."""
    pairs = [(column, bindparam(None, value, type_=column.type, unique=True)) for column, value in zip(columns, values, strict=True)]
    steps = [and_(*(column == value for column, value in pairs[:depth]), pairs[depth][0] > pairs[depth][1]) for depth in range(len(pairs))]
    if len(steps) == 1:
        return steps[0]
    # Implied by the rest, but it is what an index is searched by.
    return and_(pairs[0][0] >= pairs[0][1], or_(*steps))


def _chosen(entity: type[Any], keys: Sequence[QueryableAttribute[Any]], where: str) -> ColumnElement[bool]:
    """The rows that ``where`` selects, found by themselves, so that its names cannot mean a joined table's columns."""
    inner = select(*keys).select_from(entity).where(literal_column(f"({where})")).correlate(None)
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    return key.in_(inner)
