"""What define_model refuses of SQL that reads ``as_of``, and of the options and names of expressions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import case, func, select

from prisml.definition import (
    expression,
    is_missing,
)
from tests.support.members import Member, Visit
from tests.support.refusals import DAY, PAST, define, refused, visits


@pytest.mark.parametrize(
    ("make", "what", "way_out"),
    [
        (lambda as_of: Visit.naive - as_of, "calculates with as_of in SQL", "Compare it with a date or datetime column"),
        (lambda as_of: as_of - Member.naive, "which gives each database's own unit", "days_since(column)"),
        (lambda as_of: as_of - as_of, "subtracts an AsOf from as_of", "days_since(column)"),
        (lambda as_of: as_of + 90, "adds an int to as_of", "timedeltas"),
        (lambda as_of: as_of + Member.naive, "adds an InstrumentedAttribute to as_of", "timedeltas"),
        (lambda as_of: Member.naive + DAY < as_of, "moves a column by a timedelta", "Move the other side"),
        (lambda as_of: Member.day - DAY < as_of, "moves a column by a timedelta", "Move the other side"),
        (lambda as_of: visits(Visit.aware - DAY < as_of), "moves a column by a timedelta", "Move the other side"),
        (lambda as_of: Member.naive < Member.aware + DAY, "moves a column by a timedelta", "Move the other side"),
        (lambda as_of: as_of, "is as_of itself", "days_since(column)"),
        (lambda as_of: Member.score < as_of, "compares as_of with SQL of type Double", "date or datetime column"),
        (lambda as_of: Member.country == as_of, "compares as_of with SQL of type String", "date or datetime column"),
        (lambda as_of: func.date_part("year", as_of) > 3, "no column beside it says its type", "date or datetime column"),
        (lambda as_of: case((Member.naive < as_of, Member.naive), else_=as_of), "no column beside it says its type", "Compare it"),
        (lambda as_of: select(Visit.id), "is a whole SELECT", ".scalar_subquery()"),
        (lambda as_of: Visit.naive < as_of, "reads 'visits' beside Member", "subquery"),
        (lambda as_of: func.max(Member.naive) < as_of, "holds the aggregate max", "scalar subquery"),
        (lambda as_of: Member.naive is None, "is a Python bool", ".is_(None)"),
        (lambda as_of: 3, "is an int", "SQL expression"),
        (lambda: Member.score, "does not take as_of alone", "expression(lambda as_of: ...)"),
        (lambda as_of, row: Member.score, "does not take as_of alone", "expression(lambda as_of: ...)"),
    ],
)
@pytest.mark.parametrize("as_of", [None, PAST, Member.naive])
def test_sql_of_as_of_that_no_database_would_read_alike_is_refused(make: Any, what: str, way_out: str, as_of: Any) -> None:
    """Arithmetic, comparisons with no moment and SQL of no single value are refused in features, label and filter, whichever ``as_of``."""
    refused(what, way_out, {"x": expression(make)}, as_of=as_of)
    refused(what, way_out, label=expression(make), as_of=as_of)
    refused(what, way_out, where=expression(make), as_of=as_of)


def test_a_column_as_of_moves_by_whole_seconds() -> None:
    """A part of a second is refused for a column as_of, and taken for a constant."""
    features = {"x": expression(lambda as_of: visits(Visit.naive < as_of - timedelta(milliseconds=5)))}
    refused("moves as_of, which is a column, by a part of a second", "whole seconds", features, as_of=Member.naive)
    assert define(features, as_of=PAST).expressions["x"].offsets == (timedelta(milliseconds=-5),)


@pytest.mark.parametrize("option", [{"missing": 0}, {"unseen": "error"}, {"min_frequency": 3}, {"categorical": True}, {"stable": True}])
def test_options_of_features_are_for_features(option: dict[str, Any]) -> None:
    """Label, filter and the argument of a transform take no options; only the last may be stable."""
    sql = expression(lambda as_of: Member.naive < as_of, **option)
    refused("the label has options that are for features", "Leave out missing=", label=sql)
    refused("where has options that are for features", "Leave out missing=", where=sql)
    if option == {"stable": True}:
        assert define({"x": is_missing(sql)}).features["x"].stable is False
    else:
        refused("gives options to the expression(...) inside is_missing", "Give missing= to is_missing", {"x": is_missing(sql)})


@pytest.mark.parametrize("name", ["score", "club", "visits", "id", "metadata"])
def test_an_expression_has_a_name_of_its_own(name: str) -> None:
    """An attribute's name is refused: a row could give the attribute for what SQL computes."""
    refused("is an expression with the name of an attribute", "another name", {name: expression(Member.score + 1)})
    for own in ("score", "halved"):
        assert define({own: expression(getattr(Member, own))}).inputs[0].origin == "expression"


@pytest.mark.parametrize(
    ("sql", "what", "way_out"),
    [
        (func.foo(Member.score), "is SQL of type NullType", "type_coerce"),
        (func.max(Member.naive, Member.aware), "is SQL that gives a datetime", "days_since(expression(...))"),
        (Member.day, "is SQL that gives a date", "days_since(expression(...))"),
    ],
)
def test_sql_says_which_type_it_has(sql: Any, what: str, way_out: str) -> None:
    """SQL of no known type, and SQL of a moment, is refused with what to write."""
    refused(what, way_out, {"x": expression(sql)})


def test_a_filter_is_a_condition() -> None:
    """A number as the filter is refused."""
    refused("is of type Double, not a condition", "Write a comparison", where=expression(lambda as_of: Member.score))
