"""SQL whose value for a row depends on other rows: rows are read page by page, and a page does not hold them all."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Over
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import Exists, ScalarSelect, SelectBase

from prisml.definition.place import Place

# SQLAlchemy does not know which functions are aggregates; these are those of SQLite, PostgreSQL, MariaDB and MySQL.
_NAMES = """
any_value array_agg aggregate_strings avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every group_concat
json_agg json_agg_strict json_arrayagg json_group_array json_group_object json_object_agg json_objectagg jsonb_agg jsonb_group_array
jsonb_group_object jsonb_object_agg max median min mode percentile percentile_cont percentile_disc range_agg range_intersect_agg
regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy std stddev stddev_pop stddev_samp string_agg
sum total var_pop var_samp variance xmlagg
"""
_AGGREGATES = frozenset(_NAMES.split())
_WAY_OUT = "Put it into a scalar subquery: select(...).scalar_subquery()."


def refuse_aggregates(place: Place, sql: ClauseElement) -> None:
    """Raise ``DefinitionError`` where a window function or an aggregate stands in ``sql`` outside a subquery."""
    for element in walk(sql, into_subqueries=False):
        if isinstance(element, Over):
            raise place.error("holds a window function, which would see only the rows of one page", _WAY_OUT)
        if isinstance(element, FunctionElement) and is_aggregate(element):
            raise place.error(f"holds the aggregate {_name(element)}, which makes one row of all", _WAY_OUT)


def walk(element: ClauseElement, *, into_subqueries: bool = True) -> Iterator[ClauseElement]:
    """The element and all that it is made of, from the outside in."""
    yield element
    if is_subquery(element) and not into_subqueries:
        return
    for child in element.get_children():
        if isinstance(child, ClauseElement):
            yield from walk(child, into_subqueries=into_subqueries)


def is_subquery(element: ClauseElement) -> bool:
    """Whether the element is a SELECT of its own."""
    return isinstance(element, ScalarSelect | SelectBase | Exists)


def is_aggregate(function: FunctionElement[object]) -> bool:
    """Whether the function makes one value of the rows of a group."""
    name = _name(function)
    # Of several arguments, SQLite's min and max are those of one row.
    return name in _AGGREGATES and not (name in ("max", "min") and len(function.clauses) > 1)


def _name(function: FunctionElement[object]) -> str:
    return str(getattr(function, "name", "")).lower()
