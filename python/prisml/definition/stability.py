"""With an ``as_of`` in the past, a column shows today's value: it is refused, unless it is declared never to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapper

from prisml.definition.as_of import AsOfRule
from prisml.definition.bounds import check_bounds, own_columns, unbounded
from prisml.definition.features import Expression, Feature, FeatureSpec, Related, Resolver, Transform
from prisml.definition.place import Place


def check_history(place: Place, mapper: Mapper[Any], spec: FeatureSpec[Any], as_of: AsOfRule, *, waived: bool) -> None:
    """Refuse what may not have been known at ``as_of``.

    ``DefinitionError`` where a column that may have changed since is read, ``LeakageError`` where SQL reads past ``as_of`` (unless
    ``waived``).
    """
    if not as_of.is_historic:
        return
    for item in _expressions(spec):
        if isinstance(item.sql, ColumnElement) and not waived:
            check_bounds(place, mapper, item.sql, item.offsets)
    if isinstance(spec, Resolver) and spec.relationships and not spec.takes_as_of and not waived:
        raise unbounded(
            place,
            f"reads all rows of {spec.relationships[0].key}, whenever they came, and as_of lies in the past",
            "Let the resolver take (row, as_of), and pass over rows that came later.",
        )
    if spec.stable:
        return
    changing = sorted(set(_today(mapper, spec, as_of)))
    if changing:
        entity = mapper.class_.__name__
        named = ", ".join(f"{entity}.{name}" for name in changing)
        raise place.error(
            f"reads {named} as it is today, and as_of lies in the past",
            "Write stable=True if that never changes once the row exists.",
            "Or compute the value as it was then, from rows with times: expression(lambda as_of: ...).",
        )


def _expressions(spec: FeatureSpec[Any]) -> Iterator[Expression]:
    if isinstance(spec, Expression):
        yield spec
    if isinstance(spec, Transform):
        yield from (argument for argument in spec.arguments if isinstance(argument, Expression))


def _today(mapper: Mapper[Any], spec: FeatureSpec[Any], as_of: AsOfRule) -> Iterator[str]:
    """The names of the columns, over relationships too, that show today's value."""
    moment = None if as_of.column is None else as_of.column.key
    if isinstance(spec, Expression):
        if isinstance(spec.sql, ColumnElement):
            yield from own_columns(mapper, spec.sql, moment)
    elif isinstance(spec, Transform):
        for argument in spec.arguments:
            if isinstance(argument, Expression | Related) and argument.stable:
                continue
            inner = argument if isinstance(argument, Expression | Related) else Feature(argument)
            yield from _today(mapper, inner, as_of)
    elif isinstance(spec, Related):
        yield f"{spec.relationship.key}.{spec.column.key}"
    else:
        columns = (spec.column,) if isinstance(spec, Feature) else spec.columns
        yield from (column.key for column in columns if column.key != moment)
