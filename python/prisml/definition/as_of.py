"""At which moments rows are seen: that of the extraction, fixed dates, or each row at its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import InstrumentedAttribute, Mapper, QueryableAttribute

from prisml.definition.mapping import ColumnLike, own_column, type_of_sql
from prisml.definition.moment import kind_of, moment_of
from prisml.definition.place import Place
from prisml.errors import described

AsOfLike = date | ColumnLike | Iterable[date] | None
"""What ``as_of=`` takes: nothing, a date or datetime, a list of them, or a date or datetime column of the entity."""

_WAYS = "Give a date, a datetime, a list of them, or a date or datetime column of the entity; leave it out for the moment of extraction."


@dataclass(frozen=True)
class AsOfRule:
    """``dates`` are aware, in UTC and ascending; ``column`` is each row's own moment. Neither: the moment of extraction."""

    dates: tuple[datetime, ...] = ()
    column: InstrumentedAttribute[Any] | None = None

    @property
    def is_historic(self) -> bool:
        """Whether rows are seen at a moment that has passed, so that what a column shows today may not have been there."""
        return bool(self.dates) or self.column is not None

    @property
    def varies(self) -> bool:
        """Whether rows are seen at more than one moment."""
        return len(self.dates) > 1 or self.column is not None


def read_as_of(place: Place, mapper: Mapper[Any], given: object) -> AsOfRule:
    """The rule; ``DefinitionError`` where ``given`` is no moment, or a column of another entity or type."""
    here = place.of("as_of")
    if given is None:
        return AsOfRule()
    if isinstance(given, QueryableAttribute | Column):
        column = own_column(mapper, given, here)
        if kind_of(column.type) is None:
            raise here.error(f"is {column.key}, a column of type {type_of_sql(column.type).described}", _WAYS)
        return AsOfRule(column=column)
    if isinstance(given, date):
        return AsOfRule((_moment(here, given),))
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise here.error(f"is {described(given)}", _WAYS)
    dates = tuple(_moment(here, each) for each in given)
    if not dates:
        raise here.error("is an empty list", _WAYS)
    if len(set(dates)) < len(dates):
        raise here.error("names a moment twice, so that each row would be there twice", "Name each moment once.")
    return AsOfRule(tuple(sorted(dates)))


def _moment(here: Place, given: object) -> datetime:
    if not isinstance(given, date):
        raise here.error(f"holds {described(given)}", _WAYS)
    try:
        return moment_of(given)
    except (ValueError, OverflowError):
        raise here.error(f"holds {described(given)} that is no moment in UTC", "Give moments of the years 1 to 9999.") from None
