"""How many rows were changed after the moment that they are seen at, as far as columns such as ``updated_at`` tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, select
from sqlalchemy.orm import aliased

from prisml.definition.model import ModelDefinition
from prisml.definition.moment import AsOf, Bound, bind_as_of
from prisml.definition.place import Place
from prisml.definition.touched import Touched, touched
from prisml.extraction.reading import Failure


def changed_later(definition: ModelDefinition[Any], connection: Connection, moments: Sequence[datetime]) -> Mapping[str, float]:
    """By feature, the share of the rows it reads that were changed later than ``as_of``; features of which nothing tells are not there."""
    found = touched(definition)
    if not found:
        return {}
    statement, bound = _statement(definition, found)
    sums = [0] * (len(found) + 1)
    for as_of in moments:
        values = {moment.name: moment.value(as_of) for each in bound for moment in each.moments}
        with Failure(connection, lambda: "the column that says when rows were changed"):
            counts = connection.execute(statement, values).one()
        sums = [total + int(count or 0) for total, count in zip(sums, counts, strict=True)]
    shares = ((each, count / sums[0]) for each, count in zip(found, sums[1:], strict=True) if count)
    changed: dict[str, float] = {}
    for each, share in shares:
        changed.update({feature: max(share, changed.get(feature, 0.0)) for feature in each.features})
    return changed


def _statement(definition: ModelDefinition[Any], found: Sequence[Touched]) -> tuple[Select[Any], list[Bound]]:
    """One row: how many rows there are, and of how many each column says that they were changed later."""
    entity: Any = definition.entity
    place = Place(entity.__name__, definition.output)
    targets = [entity if each.relationship is None else aliased(each.column.class_) for each in found]
    columns = [getattr(target, each.column.key) for target, each in zip(targets, found, strict=True)]
    bound = [bind_as_of(place, column > AsOf(place), definition.as_of.column) for column in columns]
    statement: Any = select(func.count(), *(func.sum(case((each.sql, 1), else_=0)) for each in bound)).select_from(entity)
    for target, each in zip(targets, found, strict=True):
        if each.relationship is not None:
            statement = statement.join(getattr(entity, each.relationship).of_type(target), isouter=True)
    where = definition.where
    if where is None:
        return statement, bound
    sql: Any = where.sql
    return statement.where(sql), [*bound, Bound(sql, where.moments, where.offsets)]
