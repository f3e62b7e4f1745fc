"""The label and the filter: a mapped column, SQL over the entity, or a resolver."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapper
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause

from prisml.definition.aggregates import is_subquery, walk
from prisml.definition.as_of import AsOfRule
from prisml.definition.bounds import open_ended
from prisml.definition.features import READ, Expression, Resolver
from prisml.definition.mapping import ValueType, own_column, type_of_python, type_of_sql
from prisml.definition.place import Place
from prisml.definition.resolvers import check_resolver
from prisml.definition.sql import read_sql

Label = InstrumentedAttribute[Any] | Expression | Resolver[Any]


@dataclass(frozen=True)
class ReadLabel:
    """The label as it is stored in a definition, the type of its values, and the one column that decides it, if one does.

    ``horizon`` is how far it looks past ``as_of``.
    """

    label: Label
    type: ValueType
    decided_by: str | None
    horizon: timedelta = timedelta(0)


def read_label(place: Place, mapper: Mapper[Any], label: object, as_of: AsOfRule) -> ReadLabel:
    """The label, checked against the mapping; ``DefinitionError`` where it is no column, SQL or resolver of the entity."""
    here = place.of("the label")
    if isinstance(label, Resolver):
        checked = check_resolver(here, mapper, label)
        return ReadLabel(checked, type_of_python(checked.type), checked.uses[0].key if len(checked.uses) == 1 else None)
    if isinstance(label, InstrumentedAttribute) or (isinstance(label, Column) and label.table is not None):
        column = own_column(mapper, label, here)
        return ReadLabel(column, type_of_sql(column.type), column.key)
    expression, sql = read_sql(here, mapper, label, as_of)
    _refuse_options(here, expression)
    horizon = max((*expression.offsets, timedelta(0)))
    if horizon and not as_of.is_historic:
        far = str(horizon).removesuffix(", 0:00:00")
        raise here.error(
            f"looks ahead by {far}, and there is no as_of to look from: from the moment of extraction on, nothing is known yet",
            "Give as_of=, a past date (or several) from which the label's time is over.",
        )
    endless = open_ended(sql) if as_of.is_historic else []
    if endless:
        what = f"looks ahead of as_of without an end, in {', '.join(sorted(set(endless)))}: training would know all that came since"
        raise here.error(what, "Give it one: Order.placed_at < as_of + timedelta(days=90).")
    return ReadLabel(expression, type_of_sql(sql.type), _only_column(mapper, sql), horizon)


def read_where(place: Place, mapper: Mapper[Any], where: object, as_of: AsOfRule) -> Expression | None:
    """The filter as an ``Expression``, checked against the mapping; None for None."""
    if where is None:
        return None
    here = place.of("where")
    expression, sql = read_sql(here, mapper, where, as_of)
    _refuse_options(here, expression)
    if max((*expression.offsets, timedelta(0))):
        what = "looks ahead of as_of, and would choose rows by what is not known yet"
        raise here.error(what, "Compare with as_of, or earlier; what is to come belongs into the label.")
    if type_of_sql(sql.type).dtype not in ("bool", None):
        raise here.error(f"is of type {type(sql.type).__name__}, not a condition", "Write a comparison, such as Customer.age >= 18.")
    return expression


def _refuse_options(here: Place, given: Expression) -> None:
    options = (option for option in fields(given) if option.kw_only and option.name not in READ)
    if any(getattr(given, option.name) != option.default for option in options):
        raise here.error("has options that are for features", "Leave out missing=, unseen=, min_frequency=, categorical= and stable=.")


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
