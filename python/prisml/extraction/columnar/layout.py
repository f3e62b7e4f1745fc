"""Which columns are read through ADBC: those that the encoder takes, then those whose values are wanted in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Double, Select, Text, cast

from prisml.extraction.columnar.kinds import Kind, kind_of
from prisml.extraction.statement import Statement

Describe = Callable[[Select[Any]], Iterable[Any]]
"""Gives the fields of the Arrow schema that a SELECT has."""


@dataclass(frozen=True)
class Layout:
    """One SELECT, in the order of the primary key.

    Its first columns, ``encoded`` of them, are for the encoder: the sources, then the features at the places of ``computed``. ``beside``
    are the columns of another version's sources, in its order. ``members`` has the names of those that are enumerations. ``places`` leads
    from a place in the statement to the column whose values are wanted in Python, and ``converts`` says what makes of them what
    SQLAlchemy gives.
    """

    select: Select[Any]
    encoded: int
    beside: tuple[int, ...]
    computed: Mapping[str, int]
    members: Mapping[int, Mapping[str, str]]
    places: Mapping[int, int]
    converts: Mapping[int, Callable[[Any], Any]]


def layout_of(statement: Statement, connection: Connection, describe: Describe) -> Layout:
    """The columns of ``statement``; ``RowByRow`` where a value could come out otherwise."""
    selected = list(statement.select.selected_columns)
    own = (*range(len(statement.sources)), *statement.expressions.values())
    encoded = (*own, *dict.fromkeys(place for place in statement.beside if place not in own))
    wanted = [statement.label, statement.split, statement.as_of, *statement.keys.values(), *statement.slices.values()]
    asked = tuple(dict.fromkeys(place for place in wanted if place is not None))
    used = sorted({*encoded, *asked})
    fields = describe(_narrowed(statement, [selected[place] for place in used]))
    kinds = {
        place: kind_of(statement.names[place], selected[place].type, field, connection) for place, field in zip(used, fields, strict=True)
    }
    members = {column: found for column, place in enumerate(encoded) if (found := kinds[place].members) is not None}
    columns = [_encodable(selected[place], kinds[place], member=column in members) for column, place in enumerate(encoded)]
    columns += [selected[place].element for place in asked]
    named = [column.label(f"c{index}") for index, column in enumerate(columns)]
    return Layout(
        select=_narrowed(statement, named).order_by(*statement.key_columns),
        encoded=len(own),
        beside=tuple(map(encoded.index, statement.beside)),
        computed={name: len(statement.sources) + index for index, name in enumerate(statement.expressions)},
        members=members,
        places={place: len(encoded) + index for index, place in enumerate(asked)},
        converts={place: convert for place in asked if (convert := kinds[place].convert) is not None},
    )


def _narrowed(statement: Statement, columns: Iterable[Any]) -> Select[Any]:
    return statement.select.with_only_columns(*columns, maintain_column_froms=True)


def _encodable(column: Any, kind: Kind, *, member: bool) -> Any:
    if member:
        return cast(column.element, Text)
    # PostgreSQL rounds to the nearest float64, as Python does.
    return cast(column.element, Double) if kind.is_numeric else column.element
