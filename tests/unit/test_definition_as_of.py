"""What define_model refuses of ``as_of`` and of SQL that reads it: each message names the part, and says the way out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import case, exists, func
from sqlalchemy.orm import aliased

from prisml.definition import (
    Feature,
    GroupSplit,
    RandomSplit,
    TimeSplit,
    days_since,
    difference,
    expression,
    hour_of,
    is_missing,
    log1p,
    related,
    resolver,
)
from tests.support.members import Club, Member, Visit
from tests.support.refusals import DAY, LAST, LATER, PAST, define, refused, visits


@pytest.mark.parametrize(
    ("as_of", "what", "way_out"),
    [
        ("2024-01-01", "as_of is a str", "Give a date"),
        (b"2024", "as_of is a bytes", "Give a date"),
        (20240101, "as_of is an int", "Give a date"),
        ([], "as_of is an empty list", "Give a date"),
        ([PAST, "2024-04-01"], "as_of holds a str", "Give a date"),
        ([PAST, None], "as_of holds None", "Give a date"),
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


def ahead(as_of: Any) -> Any:
    """Whether the member comes within the 90 days after ``as_of``."""
    return exists().where(Visit.member_id == Member.id, Visit.naive >= as_of, Visit.naive < as_of + 90 * DAY)


def test_a_label_that_looks_ahead_needs_a_past_to_look_from() -> None:
    """Without ``as_of``, a label over the time to come is refused: nothing of that is known yet."""
    refused("the label looks ahead by 90 days", "Give as_of=", label=expression(ahead))
    assert define(label=expression(ahead), as_of=PAST).horizon == 90 * DAY
    assert define(label=expression(lambda as_of: ~ahead(as_of)), as_of=Member.naive).horizon == 90 * DAY
    assert define(label=expression(lambda as_of: Member.naive < as_of - DAY)).horizon == timedelta(0)


@pytest.mark.parametrize(
    ("as_of", "test_from", "what", "way_out"),
    [
        ([PAST, LATER, LAST], LATER, "trains on 2024-01-01, whose label looks ahead to 2024-03-31", ""),
        ([PAST, date(2024, 3, 30), LAST], date(2024, 3, 30), "looks ahead to 2024-03-31, past 2024-03-30", "Leave 90 days between"),
        ([PAST, LATER], date(2025, 1, 1), "has all dates of as_of on one side", "between two dates of as_of"),
        ([PAST, LATER], PAST, "has all dates of as_of on one side", "between two dates of as_of"),
    ],
)
def test_the_labels_time_is_over_before_the_hold_out_begins(as_of: list[date], test_from: date, what: str, way_out: str) -> None:
    """Dates whose labels reach past the first date held out are refused; where one ends as the other begins they are taken."""
    split = TimeSplit(test_from=test_from)
    if not way_out:
        assert define(label=expression(ahead), as_of=as_of, split=split).horizon == 90 * DAY
        return
    refused(what, way_out, label=expression(ahead), as_of=as_of, split=split)


@pytest.mark.parametrize("as_of", [None, PAST, [PAST]])
@pytest.mark.parametrize("split", ["time", TimeSplit(), TimeSplit(test_from=LATER)])
def test_rows_seen_at_one_moment_are_not_split_by_it(as_of: Any, split: Any) -> None:
    """A split by ``as_of`` needs several moments."""
    refused("the split goes by as_of, which is one moment for all rows", "TimeSplit(column)", as_of=as_of, split=split)


@pytest.mark.parametrize("as_of", [[PAST, LATER], Member.naive])
def test_rows_seen_at_several_moments_are_split_by_them(as_of: Any) -> None:
    """Snapshots, and rows with a moment of their own, can be split by it; the column is that of ``as_of``."""
    found = define(as_of=as_of, split="time").split
    assert isinstance(found, TimeSplit)
    assert found.column is (None if isinstance(as_of, list) else Member.naive)


@pytest.mark.parametrize(
    ("feature", "named"),
    [
        (Member.country, "Member.country"),
        (Feature(Member.score), "Member.score"),
        (related(Member.club, Club.fee), "Member.club.fee"),
        (days_since(Member.aware), "Member.aware"),
        (hour_of(Member.aware, tz="Asia/Tokyo"), "Member.aware"),
        (log1p(related(Member.club, Club.fee)), "Member.club.fee"),
        (is_missing(Member.day), "Member.day"),
        (difference(Member.naive, Member.aware), "Member.aware, Member.naive"),
        (difference(Member.score, related(Member.club, Club.fee, stable=True)), "Member.score"),
        (resolver(lambda m: m.score, type=float, uses=[Member.score, Member.country]), "Member.country, Member.score"),
        (resolver(lambda m, as_of: as_of.year, type=int, uses=[Member.id, Member.score]), "Member.id, Member.score"),
        (expression(Member.score * 2), "Member.score"),
        (expression(lambda as_of: case((Member.naive < as_of, Member.score), else_=0.0)), "Member.score"),
        (expression(lambda as_of: visits(Visit.naive < as_of, Visit.amount > Member.score)), "Member.score"),
        (days_since(expression(lambda as_of: func.coalesce(Member.naive, as_of))), "Member.naive"),
        (log1p(expression(Member.score + 1)), "Member.score"),
        (difference(expression(Member.score + 1), expression(Member.id + 1)), "Member.score"),
    ],
)
@pytest.mark.parametrize("as_of", [PAST, [PAST, LATER]])
def test_what_may_have_changed_since_is_refused(feature: Any, named: str, as_of: Any) -> None:
    """A feature that shows today's value of a column is refused by the column's name, with both ways out, where ``as_of`` is past."""
    what = f"feature 'x' reads {named} as it is today, and as_of lies in the past"
    refused(what, "stable=True", {"x": feature}, as_of=as_of)
    refused(what, "expression(lambda as_of: ...)", {"x": feature}, as_of=as_of)
    assert "x" in define({"x": feature}).features


@pytest.mark.parametrize(
    "feature",
    [
        Feature(Member.country, stable=True),
        related(Member.club, Club.fee, stable=True),
        days_since(Member.aware, stable=True),
        log1p(related(Member.club, Club.fee, stable=True)),
        log1p(expression(Member.score + 1, stable=True)),
        resolver(lambda m: m.score, type=float, uses=[Member.score], stable=True),
        expression(Member.score * 2, stable=True),
        expression(lambda as_of: Member.aware < as_of - DAY),
        expression(lambda as_of: visits(Visit.naive < as_of)),
        expression(lambda as_of: case((Member.club_id.is_(None), 0), else_=Member.id)),
        days_since(expression(lambda as_of: visits(Visit.naive < as_of, what=func.max(Visit.naive)))),
    ],
)
def test_what_was_known_then_is_taken(feature: Any) -> None:
    """What never changes, keys, what is compared with ``as_of`` and rows with times before it can be features of the past."""
    assert "x" in define({"x": feature}, as_of=PAST).features


@pytest.mark.parametrize("feature", [days_since(Member.naive), hour_of(Member.naive), difference(Member.naive, Member.naive)])
def test_the_column_as_of_is_known_at_itself(feature: Any) -> None:
    """The column that rows are seen at needs no ``stable=True``."""
    assert "x" in define({"x": feature}, as_of=Member.naive).features


@pytest.mark.parametrize("split", [RandomSplit(), GroupSplit(Member.country)])
def test_snapshots_can_be_split_by_chance(split: Any) -> None:
    """A random split and one by groups are taken with several dates."""
    assert define(as_of=[PAST, LATER], split=split).as_of.varies
