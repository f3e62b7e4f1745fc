"""Guards of time: what a feature reads must have been known at ``as_of``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import BinaryExpression, Column, ColumnElement, Select
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BindParameter, BooleanClauseList, Case, ExpressionClauseList, FunctionFilter, Grouping, Null
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause, Join

from prisml.definition.aggregates import is_aggregate, is_subquery, walk
from prisml.definition.moment import is_moment, kind_of, offset_of
from prisml.definition.place import Place
from prisml.errors import LeakageError

_BEFORE = frozenset({operators.lt, operators.le})
_DAY = timedelta(days=1)
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


def open_ended(sql: ColumnElement[Any]) -> list[str]:
    """The tables that ``sql`` reads from ``as_of`` on, without an end: what comes next year would count, too."""
    parts = [sql, *(query for query in visitors.iterate(sql) if isinstance(query, Select))]
    return [name for part in parts for name in _without_end(part)]


def _without_end(part: Any) -> Iterator[str]:
    inner = part.whereclause if isinstance(part, Select) else part
    pairs = [each for each in walk(inner, into_subqueries=False) if isinstance(each, BinaryExpression)] if inner is not None else []
    begun = {column.table for pair in pairs if _is_lower(pair) for column in _columns(pair)}
    ended = {column.table for pair in pairs if _ends(pair) for column in _columns(pair)}
    yield from (_named(table) for table in begun - ended)


def _is_lower(pair: BinaryExpression[Any]) -> bool:
    sides = _sides(pair)
    return is_moment(sides[1]) if pair.operator in _AFTER else pair.operator in _BEFORE and is_moment(sides[0])


def _ends(pair: BinaryExpression[Any]) -> bool:
    sides = _sides(pair)
    if pair.operator is operators.between_op:
        return is_moment(sides[-1])
    return is_moment(sides[1]) if pair.operator in _BEFORE else pair.operator in _AFTER and is_moment(sides[0])


def own_columns(mapper: Mapper[Any], sql: ColumnElement[Any], as_of: str | None) -> list[str]:
    """The entity's columns that ``sql`` shows as they are today: neither keys, nor compared with ``as_of``, nor ``as_of`` itself."""
    found: set[str] = set()
    for column in _shown(sql):
        if column.table in mapper.tables and not column.primary_key and not column.foreign_keys:
            # A column that the class does not map has its name alone.
            found.add(mapper.get_property_by_column(column).key if mapper.columns.contains_column(column) else column.name)
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
    own = set(mapper.tables)
    for query in visitors.iterate(sql):
        if not isinstance(query, Select):
            continue
        bounded = _bounded(query)
        for source in _sources(query):
            times = [column.name for column in source.columns if kind_of(column.type) is not None]
            if times and source not in bounded and source not in own:
                yield _named(source), times


def _bounded(query: Select[Any]) -> set[Any]:
    """The tables of which the SELECT lets nothing through that lies after ``as_of``: by WHERE, by a join, or by what it computes."""
    found = _bounded_by(query.whereclause)
    for join in _joins(query):
        # An outer join keeps all rows of its left side, whatever ON says of them.
        found |= {table for table in _bounded_by(join.onclause) if not join.full and (not join.isouter or table in _within(join.right))}
    aggregates = [each for computed in query.selected_columns for each in _aggregates(computed)]
    return found | (set.intersection(*map(_counted, aggregates)) if aggregates else set())


def _aggregates(element: Any) -> Iterator[Any]:
    """The aggregates that a SELECT computes itself, with the FILTER that they have."""
    if isinstance(element, FunctionFilter) or (isinstance(element, FunctionElement) and is_aggregate(element)):
        yield element
    elif not is_subquery(element):
        for child in element.get_children():
            yield from _aggregates(child)


def _counted(aggregate: Any) -> set[Any]:
    """The tables of which an aggregate counts only what lies before ``as_of``: by FILTER, or CASE that gives nothing for the rest."""
    if isinstance(aggregate, FunctionFilter):
        return _bounded_by(aggregate.criterion)
    arguments = list(aggregate.clauses)
    if len(arguments) != 1 or not isinstance(arguments[0], Case):
        return set()
    rest: Any = arguments[0].else_
    if not (rest is None or isinstance(rest, Null) or (isinstance(rest, BindParameter) and not rest.value)):
        return set()
    return set.intersection(*(_bounded_by(condition) for condition, _ in arguments[0].whens))


def _bounded_by(condition: Any) -> set[Any]:
    """The tables that the condition bounds: all that one part of an AND does, and what every part of an OR does."""
    if isinstance(condition, Grouping):
        return _bounded_by(condition.element)
    if isinstance(condition, BooleanClauseList):
        parts = [_bounded_by(part) for part in condition.clauses]
        return set().union(*parts) if condition.operator is operators.and_ else set.intersection(*parts)
    if isinstance(condition, BinaryExpression) and _is_upper(condition):
        return {column.table for column in _columns(condition)}
    return set()


def _sources(query: Select[Any]) -> Iterator[FromClause]:
    """The tables and aliases that a SELECT reads itself, those of its joins among them; its subqueries are SELECTs of their own."""
    for source in query.get_final_froms():
        yield from _within(source)


def _within(source: FromClause) -> list[FromClause]:
    """The tables and aliases of a join, or the one that it is."""
    if isinstance(source, Join):
        return [*_within(source.left), *_within(source.right)]
    return [source] if source.__visit_name__ in ("table", "alias", "tablesample") else []


def _joins(query: Select[Any]) -> Iterator[Join]:
    waiting: list[Any] = list(query.get_final_froms())
    while waiting:
        source = waiting.pop()
        if isinstance(source, Join):
            yield source
            waiting += [source.left, source.right]


def _named(source: Any) -> str:
    """The name that a table has, or an alias that was given one: other aliases are numbered when they are written."""
    while source.name.startswith("%(") and hasattr(source, "element"):
        source = source.element
    return str(source.name)


def _sides(pair: BinaryExpression[Any]) -> list[Any]:
    right: Any = pair.right
    return [pair.left, *(right.clauses if isinstance(right, ExpressionClauseList) else [right])]


def _is_upper(pair: BinaryExpression[Any]) -> bool:
    """Whether the comparison lets nothing through that lies after ``as_of``."""
    sides = _sides(pair)
    # The day of as_of is not over then: of a date, only what is less lies before it.
    if pair.operator in _BEFORE:
        return is_moment(sides[1]) and (pair.operator is operators.lt or not is_day(pair))
    if pair.operator in _AFTER:
        return is_moment(sides[0]) and (pair.operator is operators.gt or not is_day(pair))
    if pair.operator is operators.eq:
        return any(map(is_moment, sides)) and not is_day(pair)
    return pair.operator is operators.between_op and is_moment(sides[-1]) and not is_day(pair)


def is_day(pair: BinaryExpression[Any]) -> bool:
    """Whether the comparison is with the day of ``as_of``, or a later one: an earlier day is over."""
    return any(is_moment(side) and kind_of(side.type) == "date" and offset_of(side) > -_DAY for side in _sides(pair))


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
