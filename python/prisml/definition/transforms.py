"""The built-in transforms: numbers that the Rust encoder computes, in training and in prediction alike.

Each takes a mapped column of the entity, a ``related(...)`` column or an ``expression(...)``. The result is always a number; where it is
undefined, or a column is missing, the result is missing, and ``missing=`` says what stands for it. ``stable=True`` says that the columns
never change once the row exists (see ``Feature``). A calendar's parts are those of UTC, or of the IANA zone ``tz``.
"""

from __future__ import annotations

from prisml.definition.features import Expression, Missing, Related, Transform
from prisml.definition.mapping import ColumnLike
from prisml.manifest import Dtype, Op

Argument = ColumnLike | Related | Expression

_MOMENTS: frozenset[Dtype] = frozenset({"date", "datetime"})
_NUMBERS: frozenset[Dtype] = frozenset({"int", "float", "decimal"})

TAKES: dict[Op, tuple[frozenset[Dtype], str]] = {
    "days_since": (_MOMENTS, "a date or datetime"),
    "hours_since": (_MOMENTS, "a date or datetime"),
    "hour_of": (frozenset({"datetime"}), "a datetime"),
    "weekday_of": (_MOMENTS, "a date or datetime"),
    "month_of": (_MOMENTS, "a date or datetime"),
    "log1p": (_NUMBERS, "a number"),
    "length": (frozenset({"str"}), "text"),
    "is_missing": (
        frozenset({"float", "int", "decimal", "bool", "str", "enum", "uuid", "date", "datetime"}),
        "a column of a supported type",
    ),
    "ratio": (_NUMBERS, "numbers"),
    "difference": (_NUMBERS | _MOMENTS, "two numbers, or two dates or datetimes"),
}
"""Which types of column each transform takes, as dtypes and in words."""


def days_since(column: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """The days from a date or datetime to the moment of prediction, with their fraction; negative where it lies ahead.

    In training the moment is ``as_of``, without one that of the extraction. ``days_since(Customer.joined_at)``
    """
    return Transform("days_since", (column,), missing=missing, stable=stable)


def hours_since(column: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """The hours from a date or datetime to the moment of prediction, with their fraction; negative where it lies ahead.

    In training the moment is ``as_of``, without one that of the extraction. ``hours_since(Ticket.opened_at)``
    """
    return Transform("hours_since", (column,), missing=missing, stable=stable)


def hour_of(column: Argument, *, tz: str | None = None, missing: Missing = None, stable: bool = False) -> Transform:
    """The hour of a datetime, 0 to 23 (a naive datetime is UTC). ``hour_of(Order.placed_at, tz="America/New_York")``"""
    return Transform("hour_of", (column,), missing=missing, stable=stable, zone=tz)


def weekday_of(column: Argument, *, tz: str | None = None, missing: Missing = None, stable: bool = False) -> Transform:
    """The day of the week of a date or datetime, from 0 (Monday) to 6 (Sunday). ``weekday_of(Order.placed_at)``"""
    return Transform("weekday_of", (column,), missing=missing, stable=stable, zone=tz)


def month_of(column: Argument, *, tz: str | None = None, missing: Missing = None, stable: bool = False) -> Transform:
    """The month of a date or datetime, 1 to 12. ``month_of(Order.placed_at)``"""
    return Transform("month_of", (column,), missing=missing, stable=stable, zone=tz)


def log1p(column: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """The natural logarithm of one plus a number; missing where the number is -1 or less. ``log1p(Order.amount)``"""
    return Transform("log1p", (column,), missing=missing, stable=stable)


def length(column: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """How many characters (Unicode code points) a text has. ``length(Review.body)``"""
    return Transform("length", (column,), missing=missing, stable=stable)


def is_missing(column: Argument, *, stable: bool = False) -> Transform:
    """1 where a column of any supported type is missing, else 0; itself never missing. ``is_missing(Customer.age)``"""
    return Transform("is_missing", (column,), stable=stable)


def ratio(numerator: Argument, denominator: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """One number divided by another; missing where the divisor is 0. ``ratio(Trip.fare, Trip.distance)``"""
    return Transform("ratio", (numerator, denominator), missing=missing, stable=stable)


def difference(minuend: Argument, subtrahend: Argument, *, missing: Missing = None, stable: bool = False) -> Transform:
    """The first number less the second; of two dates or datetimes, the days from the second to the first, with their fraction.

    ``difference(Flight.scheduled_arrival, Flight.scheduled_departure)``
    """
    return Transform("difference", (minuend, subtrahend), missing=missing, stable=stable)
