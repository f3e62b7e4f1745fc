"""Guards of time: what a feature reads must have been known at ``as_of``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import BinaryExpression, Column, ColumnElement, Select
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ExpressionClauseList
from sqlalchemy.sql.selectable import FromClause

from prisml.definition.aggregates import walk
from prisml.definition.moment import is_moment, kind_of
from prisml.definition.place import Place
from prisml.errors import LeakageError

_BEFORE = frozenset({operators.lt, operators.le})
_AFTER = frozenset({operators.gt, operators.ge})


def check_bounds(place: Place, mapper: Mapper[Any], sql: ColumnElement[Any], offsets: tuple[timedelta, ...]) -> None:
    """``LeakageError`` of the guard "unbounded" where ``sql`` looks past ``as_of``, or reads a table with times without that bound."""
    if offsets and offsets[-1] > timedelta(0):
        raise unbounded(place, f"looks {_said(offsets[-1])} past as_of", "A feature sees what lies before: compare with as_of, or earlier.")
    for source, columns in _unbounded(mapper, sql):
        named = " or ".join(f"{source}.{column}" for column in columns)
        raise unbounded(
            place,
            f"reads {source} of all times, and as_of lies in the past",
            f"Bound it: {named} < as_of, in expression(lambda as_of: ...).",
        )


def own_columns(mapper: Mapper[Any], sql: ColumnElement[Any], as_of: str | None) -> list[str]:
    """The entity's columns that ``sql`` shows as they are today: neither keys, nor compared with ``as_of``, nor ``as_of`` itself."""
    found: set[str] = set()
    for column in _shown(sql):
        if column.table in mapper.tables and not column.primary_key and not column.foreign_keys:
            found.add(mapper.get_property_by_column(column).key)
    return sorted(found - {as_of})


def _shown(element: Any) -> Iterator[Column[Any]]:
    """The columns in ``element``, other than those that stand by themselves on a side of a comparison with ``as_of``."""
    if isinstance(element, Column):
        yield element
        return
    compared = isinstance(element, BinaryExpression) and any(is_moment(side) for side in _sides(element))
    for child in element.get_children():
        if not (compared and isinstance(child, Column)) and not is_moment(child):
            yield from _shown(child)


def _unbounded(mapper: Mapper[Any], sql: ColumnElement[Any]) -> Iterator[tuple[str, list[str]]]:
    """The tables with times that a SELECT in ``sql`` reads without a bound, by name, with those columns."""
    own = {_identity(table) for table in mapper.tables}
    for query in visitors.iterate(sql):
        if not isinstance(query, Select):
            continue
        bounded = {_identity(column.table) for pair in _comparisons(query) if _is_upper(pair) for column in _columns(pair)}
        for source in _sources(query):
            times = [column.name for column in source.columns if kind_of(column.type) is not None]
            if times and _identity(source) not in bounded | own:
                yield str(getattr(getattr(source, "element", source), "name", "a subquery")), times


def _identity(source: Any) -> tuple[str, str]:
    """What a table or alias is known by; SQLAlchemy copies aliases where it copies SQL, and their names stay."""
    return source.__visit_name__, str(getattr(source, "fullname", None) or source.name)


def _sources(query: Select[Any]) -> Iterator[FromClause]:
    """The tables and aliases that a SELECT reads itself, those of its joins among them."""
    for source in query.get_final_froms():
        for element in visitors.iterate(source):
            if isinstance(element, FromClause) and element.__visit_name__ in ("table", "alias"):
                yield element


def _comparisons(sql: Any) -> Iterator[BinaryExpression[Any]]:
    """The comparisons with ``as_of``."""
    for element in visitors.iterate(sql):
        if isinstance(element, BinaryExpression) and any(is_moment(side) for side in _sides(element)):
            yield element


def _sides(pair: BinaryExpression[Any]) -> list[Any]:
    right: Any = pair.right
    return [pair.left, *(right.clauses if isinstance(right, ExpressionClauseList) else [right])]


def _is_upper(pair: BinaryExpression[Any]) -> bool:
    """Whether the comparison lets nothing through that lies after ``as_of``."""
    sides = _sides(pair)
    if pair.operator in _BEFORE:
        return is_moment(sides[1])
    if pair.operator in _AFTER:
        return is_moment(sides[0])
    return is_moment(sides[-1]) if pair.operator is operators.between_op else pair.operator is operators.eq


def _columns(pair: BinaryExpression[Any]) -> Iterator[Column[Any]]:
    for side in _sides(pair):
        if not is_moment(side):
            yield from (element for element in walk(side) if isinstance(element, Column))


def _said(offset: timedelta) -> str:
    return f"{offset.days} days" if offset.days else f"{offset.seconds} seconds"


def unbounded(place: Place, what: str, way_out: str) -> LeakageError:
    """The refusal by the guard "unbounded"."""
    waiver = f'Where it is known then all the same, waive=["unbounded:{place.feature}"].'
    context = {"entity": place.entity, "output": place.output, "feature": place.feature, "guard": "unbounded"}
    return LeakageError(f"{place.entity}.{place.output}: {place.part} {what}.", context, [way_out, waiver])
