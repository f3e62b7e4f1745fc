"""SQL over the entity, of a feature, the label or the filter: checked, and its ``as_of`` bound."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapper, QueryableAttribute
from sqlalchemy.sql.selectable import SelectBase

from prisml.definition.aggregates import refuse_aggregates
from prisml.definition.as_of import AsOfRule
from prisml.definition.features import Expression
from prisml.definition.moment import AsOf, bind_as_of
from prisml.definition.place import Place
from prisml.errors import described

_SUBQUERY = "Put the other table into a subquery: exists().where(...) or select(...).scalar_subquery()."
_TAKES_AS_OF = "Give a function of as_of that returns SQL: expression(lambda as_of: ...)."


def read_sql(here: Place, mapper: Mapper[Any], given: object, as_of: AsOfRule) -> tuple[Expression, ColumnElement[Any]]:
    """The expression with its SQL made and bound, and that SQL; ``DefinitionError`` where it is no scalar over the entity's rows."""
    spec = given if isinstance(given, Expression) else None
    source: Any = given if spec is None else spec.given
    sql = _element(here, source)
    bound = bind_as_of(here, sql, as_of.column)
    _require_own_tables(here, mapper, bound.sql)
    refuse_aggregates(here, bound.sql)
    found = Expression(bound.sql) if spec is None else replace(spec, sql=bound.sql)
    return replace(found, moments=bound.moments, offsets=bound.offsets, source=source), bound.sql


def _element(here: Place, given: object) -> ColumnElement[Any]:
    sql = given
    if not isinstance(sql, ColumnElement | QueryableAttribute | SelectBase) and callable(sql):
        sql = _called(here, sql)
    if isinstance(sql, QueryableAttribute):
        sql = sql.__clause_element__()
    if isinstance(sql, SelectBase):
        raise here.error("is a whole SELECT", "End it with .scalar_subquery().")
    if isinstance(sql, bool):
        raise here.error(
            "is a Python bool, computed once and not by the database",
            "Write Customer.column.is_(None) for `is None`, ~ for `not`, & for `and`, | for `or`.",
        )
    if not isinstance(sql, ColumnElement):
        raise here.error(f"is {described(sql)}", "Give a mapped column or a SQL expression over the entity's columns.")
    return sql


def _called(here: Place, make: Callable[..., object]) -> object:
    """What the callable makes of ``as_of``; it is called once, here."""
    try:
        inspect.signature(make).bind(None)
    except (TypeError, ValueError):
        raise here.error("has a callable that does not take as_of alone", _TAKES_AS_OF) from None
    return make(AsOf(here))


def _require_own_tables(here: Place, mapper: Mapper[Any], sql: ColumnElement[Any]) -> None:
    own = [mapper.selectable, mapper.local_table, mapper.persist_selectable, *mapper.tables]
    for source in select(sql).get_final_froms():
        if not any(source is table for table in own):
            name = getattr(source, "name", type(source).__name__)
            entity = mapper.class_.__name__
            raise here.error(f"reads {name!r} beside {entity}, which would pair every row of one with every row of the other", _SUBQUERY)
