"""``as_of`` in SQL: what a callable is given, and what becomes of it once the columns beside it are known.

A callable gets an ``AsOf`` and compares columns with it, moved by timedeltas. ``bind_as_of`` puts in its place, for each comparison by
itself, either a parameter of the compared column's type, whose value each execution computes in Python, or the entity's own column,
moved by what the dialect has for that. No timedelta reaches the database: SQLite has no type for one, and others read it in their own ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import BinaryExpression, ColumnElement, Date, DateTime, Interval, bindparam
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BindParameter, ExpressionClauseList
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from prisml.definition.place import Place
from prisml.definition.shifted import Edge, Shifted, Typed
from prisml.errors import EncodingError, described

Kind = Literal["date", "naive", "aware"]
"""How a type keeps a moment: a calendar day, a datetime in UTC without a zone, or one with it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WAY_OUT = "Compare it with a date or datetime column, moved by timedeltas: Order.placed_at >= as_of - timedelta(days=90)."
_SPAN = "For the time between two moments use a transform: days_since(column)."
_ARITHMETIC = frozenset({operators.add, operators.sub})


class AsOf(ColumnElement[datetime]):
    """The moment that a row is seen at, as SQL: compare it with date or datetime columns, and move it by timedeltas."""

    __visit_name__ = "as_of"
    inherit_cache = False

    def __init__(self, place: Place, offset: timedelta = timedelta(0)) -> None:
        self.type = DateTime()
        self._place = place
        self.offset = offset

    def __add__(self, other: Any) -> AsOf:
        if not isinstance(other, timedelta):
            raise self._place.error(f"adds {described(other)} to as_of", _WAY_OUT)
        return AsOf(self._place, self.offset + other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> AsOf:
        if not isinstance(other, timedelta):
            what = f"subtracts {described(other)} from as_of in SQL, which gives each database's own unit"
            raise self._place.error(what, "Use a transform: days_since(column), or days_since(expression(...)).")
        return AsOf(self._place, self.offset - other)


@dataclass(frozen=True)
class Moment:
    """A parameter of a statement that stands for ``as_of``, moved by ``offset``: its name, and how its type keeps a moment."""

    name: str
    offset: timedelta
    kind: Kind
    type: TypeEngine[Any]

    def value(self, as_of: datetime) -> date | datetime:
        """What is bound where rows are seen at ``as_of``, an aware datetime in UTC."""
        try:
            moved = as_of + self.offset
        except OverflowError:
            way_out = "Give a moment that stays within the years 1 to 9999 when it is moved."
            raise EncodingError(f"as_of, moved by {self.offset}, leaves the calendar.", {"offset": str(self.offset)}, [way_out]) from None
        if self.kind == "date":
            return moved.date()
        if isinstance(self.type, TypeDecorator):
            return moved if _takes(self.type, moved) else moved.replace(tzinfo=None)
        return moved if self.kind == "aware" else moved.replace(tzinfo=None)


def _takes(decorator: TypeDecorator[Any], value: datetime) -> bool:
    """Whether a type of the user's takes an aware datetime: some take nothing else, some refuse them."""
    try:
        decorator.process_bind_param(value, _dialect())
    except Exception:  # noqa: BLE001 -- Whatever it raises, it does not take it.
        return False
    return True


def _dialect() -> Any:
    from sqlalchemy.engine.default import DefaultDialect

    return DefaultDialect()


def kind_of(sql_type: TypeEngine[Any]) -> Kind | None:
    """How ``sql_type`` keeps a moment; None where it keeps something else."""
    base = sql_type.impl_instance if isinstance(sql_type, TypeDecorator) else sql_type
    if isinstance(base, Date):
        return "date"
    if isinstance(base, DateTime):
        return "aware" if base.timezone else "naive"
    return None


def moment_of(value: date | datetime) -> datetime:
    """A date or datetime as an aware datetime in UTC: what is naive is UTC, a date is its midnight."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def micros_of(value: date | datetime) -> int:
    """A date or datetime as microseconds since 1970 in UTC."""
    return (moment_of(value) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True)
class Bound:
    """SQL whose ``as_of`` is known: its parameters, and every offset that it is read with."""

    sql: ColumnElement[Any]
    moments: tuple[Moment, ...]
    offsets: tuple[timedelta, ...]


def bind_as_of(place: Place, sql: ColumnElement[Any], column: InstrumentedAttribute[Any] | None) -> Bound:
    """``sql`` with a parameter for each ``AsOf``, or the entity's own ``column`` moved.

    ``DefinitionError`` where no column beside it says which type it is to have.
    """
    binder = _Binder(place, column)
    if isinstance(sql, AsOf):
        raise place.error("is as_of itself", "Use a transform of a column: days_since(column).")
    visit: dict[str, Callable[[Any], None]] = {"binary": binder.binary, "function": binder.function}
    found: ColumnElement[Any] = visitors.cloned_traverse(sql, {}, visit)
    if any(isinstance(element, AsOf) for element in visitors.iterate(found)):
        raise place.error("reads as_of where no column beside it says its type", _WAY_OUT)
    moments = {moment.name: moment for moment in binder.moments}
    return Bound(found, tuple(moments.values()), tuple(sorted(binder.offsets)))


def is_moment(element: object) -> bool:
    """Whether the element of bound SQL stands for ``as_of``, moved or not."""
    return isinstance(element, Shifted | Edge) or (isinstance(element, BindParameter) and str(element.key).startswith(_PREFIX))


def offset_of(element: object) -> timedelta:
    """How far an element for which ``is_moment`` holds is moved."""
    if isinstance(element, Edge):
        return offset_of(next(iter(element.clauses)))
    if isinstance(element, Shifted):
        return timedelta(seconds=element.seconds)
    text = str(getattr(element, "key", "")).removeprefix(_PREFIX).split("_")[1]
    return int(text.replace("m", "-")) * _MICROSECOND


_PREFIX = "as_of_"


_GENERIC = frozenset({Date, DateTime})


def _place_of(element: ColumnElement[Any]) -> str:
    """The table and name of a column, as a part of a parameter's name; of other SQL, its type."""
    table = getattr(getattr(element, "table", None), "name", None)
    name = type(element.type).__name__ if table is None else f"{table}_{getattr(element, 'name', '')}"
    return "".join(letter if letter.isalnum() else "_" for letter in name)


_MIRRORED: dict[Any, Any] = {
    operators.lt: operators.gt,
    operators.gt: operators.lt,
    operators.le: operators.ge,
    operators.ge: operators.le,
}


def _edge(moment: ColumnElement[Any], *, beside: Any) -> ColumnElement[Any]:
    """The moment as it is compared by the operator ``beside`` with what stands to its left: a moment equal to it counts as equal."""
    if beside in (operators.lt, operators.ge):
        return Edge(moment, is_start=True)
    return Edge(moment, is_start=False) if beside in (operators.le, operators.gt) else moment


class _Binder:
    """Replaces each ``AsOf`` by what its neighbour's type asks for."""

    def __init__(self, place: Place, column: InstrumentedAttribute[Any] | None) -> None:
        self._place = place
        self._column = column
        self.moments: list[Moment] = []
        self.offsets: set[timedelta] = set()

    def binary(self, element: BinaryExpression[Any]) -> None:
        """A comparison: each side has the other's type."""
        left, right = element.left, element.right
        if element.operator in _ARITHMETIC:
            self._refuse_arithmetic(left, right)
        if isinstance(left, AsOf):
            element.left = _edge(self._bound(left, self._beside(right)), beside=_MIRRORED.get(element.operator))
        if isinstance(right, AsOf):
            element.right = _edge(self._bound(right, left), beside=element.operator)
        if isinstance(right, ExpressionClauseList):
            between = (operators.ge, operators.le)
            right.clauses = tuple(
                _edge(self._bound(item, left), beside=each) if isinstance(item, AsOf) else item
                for item, each in zip(right.clauses, between, strict=False)
            )

    def function(self, element: FunctionElement[Any]) -> None:
        """A function such as coalesce: its other arguments say the type."""
        clauses = element.clauses
        beside = next((item for item in clauses if not isinstance(item, AsOf) and kind_of(item.type)), None)
        if beside is not None:
            clauses.clauses = [Typed(self._bound(item, beside)) if isinstance(item, AsOf) else item for item in clauses.clauses]

    def _beside(self, right: ColumnElement[Any]) -> ColumnElement[Any]:
        """Of ``as_of BETWEEN a AND b``, the first that keeps a moment."""
        items: list[Any] = list(right.clauses) if isinstance(right, ExpressionClauseList) else [right]
        return next((item for item in items if not isinstance(item, AsOf) and kind_of(item.type)), right)

    def _bound(self, as_of: AsOf, beside: ColumnElement[Any]) -> ColumnElement[Any]:
        kind = kind_of(beside.type)
        if kind is None:
            raise self._place.error(f"compares as_of with SQL of type {type(beside.type).__name__}", _WAY_OUT)
        self.offsets.add(as_of.offset)
        if self._column is not None:
            return self._shifted(as_of, kind)
        # A type of its own binds in its own way: another column's parameter is another one.
        decorated = "" if type(beside.type) in _GENERIC else f"_{_place_of(beside)}"
        offset = str(as_of.offset // _MICROSECOND).replace("-", "m")
        moment = Moment(f"{_PREFIX}{kind}_{offset}{decorated}", as_of.offset, kind, beside.type)
        self.moments.append(moment)
        return bindparam(moment.name, type_=beside.type, required=True)

    def _shifted(self, as_of: AsOf, kind: Kind) -> ColumnElement[Any]:
        if self._column is None or as_of.offset.microseconds:
            raise self._place.error("moves as_of, which is a column, by a part of a second", "Give timedeltas of whole seconds.")
        own = kind_of(self._column.type) or "naive"
        # Not the column itself where it is not moved: as_of is known again by its element.
        return Shifted(self._column.__clause_element__(), seconds=as_of.offset // timedelta(seconds=1), source=own, target=kind)

    def _refuse_arithmetic(self, *sides: ColumnElement[Any]) -> None:
        if any(isinstance(side, AsOf) for side in sides):
            raise self._place.error("calculates with as_of in SQL", _WAY_OUT, _SPAN)
        temporal = any(kind_of(side.type) for side in sides)
        if temporal and any(isinstance(side.type, Interval) and isinstance(side, BindParameter) for side in sides):
            what = "moves a column by a timedelta, which SQLite calculates wrongly without a word"
            raise self._place.error(what, "Move the other side: Order.placed_at >= as_of - timedelta(days=90).")
