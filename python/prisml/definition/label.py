"""The label and the filter: a mapped column, SQL over the entity, or a resolver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Mapper, QueryableAttribute
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause, SelectBase

from prisml.definition.aggregates import is_subquery, refuse_aggregates, walk
from prisml.definition.features import Expression, Resolver
from prisml.definition.inputs import check_resolver
from prisml.definition.mapping import ValueType, own_column, type_of_python, type_of_sql
from prisml.definition.place import Place

Label = InstrumentedAttribute[Any] | Expression | Resolver[Any]

_SUBQUERY = "Put the other table into a subquery: exists().where(...) or select(...).scalar_subquery()."


@dataclass(frozen=True)
class ReadLabel:
    """The label as it is stored in a definition, the type of its values, and the one column that decides it, if one does."""

    label: Label
    type: ValueType
    decided_by: str | None


def read_label(place: Place, mapper: Mapper[Any], label: object) -> ReadLabel:
    """The label, checked against the mapping; ``DefinitionError`` where it is no column, SQL or resolver of the entity."""
    here = place.of("the label")
    if isinstance(label, Resolver):
        checked = check_resolver(here, mapper, label)
        return ReadLabel(checked, type_of_python(checked.type), checked.uses[0].key if len(checked.uses) == 1 else None)
    if isinstance(label, InstrumentedAttribute) or (isinstance(label, Column) and label.table is not None):
        column = own_column(mapper, label, here)
        return ReadLabel(column, type_of_sql(column.type), column.key)
    sql = _read_sql(here, mapper, label)
    return ReadLabel(Expression(sql), type_of_sql(sql.type), _only_column(mapper, sql))


def read_where(place: Place, mapper: Mapper[Any], where: object) -> Expression | None:
    """The filter as an ``Expression``, checked against the mapping; None for None."""
    if where is None:
        return None
    here = place.of("where")
    sql = _read_sql(here, mapper, where)
    if type_of_sql(sql.type).dtype not in ("bool", None):
        raise here.error(f"is of type {type(sql.type).__name__}, not a condition", "Write a comparison, such as Customer.age >= 18.")
    return Expression(sql)


def _read_sql(here: Place, mapper: Mapper[Any], given: object) -> ColumnElement[Any]:
    sql = given.sql if isinstance(given, Expression) else given
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
        raise here.error(f"is a {type(sql).__name__}", "Give a mapped column or a SQL expression over the entity's columns.")
    _require_own_tables(here, mapper, sql)
    refuse_aggregates(here, sql)
    return sql


def _require_own_tables(here: Place, mapper: Mapper[Any], sql: ColumnElement[Any]) -> None:
    own = [mapper.selectable, mapper.local_table, mapper.persist_selectable, *mapper.tables]
    for source in select(sql).get_final_froms():
        if not any(source is table for table in own):
            name = getattr(source, "name", type(source).__name__)
            entity = mapper.class_.__name__
            raise here.error(f"reads {name!r} beside {entity}, which would pair every row of one with every row of the other", _SUBQUERY)


def _only_column(mapper: Mapper[Any], sql: ColumnElement[Any]) -> str | None:
    """The attribute that alone decides ``sql``; None where there are several, none, or a subquery."""
    found: set[str] = set()
    for element in walk(sql):
        # A function is a FromClause too, since it can stand in FROM.
        if is_subquery(element) or (isinstance(element, FromClause) and not isinstance(element, FunctionElement)):
            return None
        if isinstance(element, Column):
            try:
                found.add(mapper.get_property_by_column(element).key)
            except UnmappedColumnError:
                return None
    return found.pop() if len(found) == 1 else None
