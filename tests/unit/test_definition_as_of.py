"""What define_model refuses of ``as_of`` and of SQL that reads it: each message names the part, and says the way out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from prisml.definition import (
    Feature,
    define_model,
    expression,
)
from prisml.definition.model import ModelDefinition
from prisml.errors import DefinitionError
from tests.support.members import Member, Visit

PAST, LATER, LAST = date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1)
DAY = timedelta(days=1)
STABLE = {"country": Feature(Member.country, stable=True)}


def define(features: dict[str, Any] | None = None, **given: Any) -> ModelDefinition[Member]:
    """A definition that is right but for what is given."""
    return define_model(Member, output="p", **{"label": Member.left, "features": features or STABLE, "name": "members", **given})


def refused(what: str, way_out: str, features: dict[str, Any] | None = None, *, error: type = DefinitionError, **given: Any) -> None:
    """The definition is refused: the message says what is wrong, and the suggestions the way out."""
    with pytest.raises(error) as caught:
        define(features, **given)
    assert caught.type is error
    assert what in caught.value.message
    assert way_out in " ".join(caught.value.suggestions)
    assert caught.value.context["output"] == "p"


def visits(*conditions: Any, what: Any = None) -> Any:
    """A scalar of the member's own visits."""
    what = func.count(Visit.id) if what is None else what
    return select(what).where(Visit.member_id == Member.id, *conditions).scalar_subquery()


@pytest.mark.parametrize(
    ("as_of", "what", "way_out"),
    [
        ("2024-01-01", "as_of is a str", "Give a date"),
        (b"2024", "as_of is a bytes", "Give a date"),
        (20240101, "as_of is a int", "Give a date"),
        ([], "as_of is an empty list", "Give a date"),
        ([PAST, "2024-04-01"], "as_of holds a str", "Give a date"),
        ([PAST, None], "as_of holds a NoneType", "Give a date"),
        ([PAST, datetime(2024, 1, 1)], "names a moment twice", "Name each moment once"),
        ([datetime(2024, 1, 1, 5, tzinfo=timezone(5 * timedelta(hours=1))), PAST], "names a moment twice", "once"),
        (datetime.max.replace(tzinfo=timezone(-DAY / 2)), "that is no moment in UTC", "years 1 to 9999"),
        (Visit.naive, "Visit.naive, which is no column of Member", "Take a column of Member"),
        (aliased(Member).naive, "a column of an alias", "Member.naive"),
        (Member.country, "is country, a column of type String", "date or datetime column"),
        (Member.club, "a relationship", "related"),
    ],
)
def test_as_of_is_a_moment_several_or_a_column(as_of: object, what: str, way_out: str) -> None:
    """Anything else as ``as_of`` is refused, and so is a moment that is named twice in other words."""
    refused(what, way_out, as_of=as_of)


def test_moments_are_kept_in_utc_and_in_order() -> None:
    """Dates are midnight in UTC, naive datetimes are UTC, and the order they are given in does not matter."""
    east = datetime(2024, 4, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    found = define(as_of=[LAST, east, datetime(2024, 1, 1)]).as_of.dates
    assert found == tuple(datetime(2024, month, 1, tzinfo=UTC) for month in (1, 4, 7))
    assert define(as_of=iter([PAST])).as_of.dates == (datetime(2024, 1, 1, tzinfo=UTC),)


@pytest.mark.parametrize("column", [Member.naive, Member.aware, Member.day])
@pytest.mark.parametrize("kept", [Visit.naive, Visit.aware, Visit.day, Visit.utc])
@pytest.mark.parametrize("offset", [timedelta(0), DAY])
def test_a_column_as_of_bounds_what_is_compared_with_it(column: Any, kept: Any, offset: timedelta) -> None:
    """Of each kind of column on both sides, moved or not, a feature bounded by the row's own ``as_of`` is taken."""
    found = define({"n": expression(lambda as_of: visits(kept < as_of - offset))}, as_of=column)
    assert found.expressions["n"].offsets == (-offset,)
