"""How rows are divided into a training part and a hold-out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Mapper

from prisml.definition.as_of import AsOfRule
from prisml.definition.given import is_word, shown
from prisml.definition.mapping import ColumnLike, has_comparable_values, own_column, type_of_sql
from prisml.definition.place import Place
from prisml.errors import described, with_article

DEFAULT_TEST_SIZE = 0.2


@dataclass(frozen=True)
class RandomSplit:
    """A random share of the rows is held out; in a classification each class keeps its share in both parts.

    Right where rows do not know of each other. Where rows of one person, or of one day, stand in both parts, the hold-out flatters
    the model: use ``GroupSplit`` or ``TimeSplit``. With several snapshots whole entities are held out, each with all of its rows.
    """

    test_size: float = DEFAULT_TEST_SIZE


@dataclass(frozen=True)
class TimeSplit:
    """The latest rows are held out: the model is judged on a future that it has not seen.

    ``column`` is a date or datetime column of the entity; without it rows go by their ``as_of``. Rows from ``test_from`` on are the
    hold-out (a naive datetime is UTC); or else ``test_size`` says which share of the rows, counted from the latest. Without either it
    is 0.2.

    ``TimeSplit(Flight.scheduled, test_from=date(2013, 11, 1))``; with snapshots, ``TimeSplit(test_from=date(1998, 1, 1))``, or
    ``split="time"``.
    """

    column: ColumnLike | None = None
    test_from: dt.date | dt.datetime | None = field(default=None, kw_only=True)
    test_size: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class GroupSplit:
    """Whole groups are held out: all rows with one value of ``column`` stand in the same part.

    For rows that repeat one customer, machine or patient: the hold-out then measures customers that training did not see.
    """

    column: ColumnLike
    test_size: float = field(default=DEFAULT_TEST_SIZE, kw_only=True)


Split = RandomSplit | TimeSplit | GroupSplit


def resolve_split(place: Place, mapper: Mapper[Any], split: object, test_size: float, as_of: AsOfRule) -> Split:
    """The split with its column as a mapped attribute and its sizes checked; ``RandomSplit(test_size)`` for None."""
    here = place.of("the split")
    if split is None:
        return RandomSplit(_share(place.of("test_size"), test_size))
    if is_word(split, "time"):
        return _time_split(here, mapper, TimeSplit(test_size=test_size), as_of)
    if test_size != DEFAULT_TEST_SIZE:
        raise place.of("test_size").error(
            "is given beside split=, which has a size of its own", f"Write it in the split: {type(split).__name__}(..., test_size=...)."
        )
    if isinstance(split, RandomSplit):
        return RandomSplit(_share(here, split.test_size))
    if isinstance(split, GroupSplit):
        return _group_split(here, mapper, split)
    if isinstance(split, TimeSplit):
        return _time_split(here, mapper, split, as_of)
    raise here.error(f"is {described(split)}", 'Use RandomSplit(), TimeSplit(column, test_from=...), GroupSplit(column) or "time".')


def _group_split(here: Place, mapper: Mapper[Any], split: GroupSplit) -> GroupSplit:
    column = own_column(mapper, split.column, here)
    if not has_comparable_values(column.type):
        raise here.error(
            f"goes by {column.key}, {with_article(type_of_sql(column.type).described)} column",
            "Name a column of values that can be compared.",
        )
    return GroupSplit(column, test_size=_share(here, split.test_size))


def _time_split(here: Place, mapper: Mapper[Any], split: TimeSplit, as_of: AsOfRule) -> TimeSplit:
    column = _time_column(here, mapper, split.column, as_of)
    if split.test_from is not None and split.test_size is not None:
        raise here.error("has both test_from= and test_size=", "Give one of the two.")
    if split.test_from is not None:
        if not isinstance(split.test_from, dt.date):
            raise here.error(f"has {described(split.test_from)} as test_from=", "Give a date or a datetime.")
        return replace(split, column=column)
    return TimeSplit(column, test_size=_share(here, DEFAULT_TEST_SIZE if split.test_size is None else split.test_size))


def _time_column(here: Place, mapper: Mapper[Any], given: ColumnLike | None, as_of: AsOfRule) -> InstrumentedAttribute[Any] | None:
    """The column that rows are cut by; None for the dates in ``as_of``."""
    if given is None:
        if not as_of.varies:
            raise here.error(
                "goes by as_of, which is one moment for all rows", "Name a column, TimeSplit(column), or give as_of= several dates."
            )
        return as_of.column
    column = own_column(mapper, given, here)
    value_type = type_of_sql(column.type)
    if value_type.dtype not in ("date", "datetime"):
        raise here.error(f"goes by {column.key}, {with_article(value_type.described)} column", "Name a date or datetime column.")
    return column


def _share(here: Place, test_size: object) -> float:
    if isinstance(test_size, bool) or not isinstance(test_size, float | int):
        raise here.error(f"has {described(test_size)} as its test size", "Give a share of the rows: 0.2.")
    if not 0 < test_size < 1:
        raise here.error(f"holds out {shown(test_size)} of the rows", "Give a share between 0 and 1, such as 0.2.")
    return float(test_size)
