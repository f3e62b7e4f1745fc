"""Guards of time: which SQL reads only what was known at ``as_of``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from prisml.definition import Feature, expression, log1p
from prisml.errors import DefinitionError, LeakageError
from tests.support.members import Member, Note, Visit
from tests.support.refusals import DAY, LATER, PAST, define, refused, visits

alias = aliased(Visit)
inner = select(Visit.member_id, Visit.amount, Visit.naive).subquery()
UNBOUNDED = [
    lambda as_of: visits(),
    lambda as_of: visits(Visit.naive > as_of - DAY),
    lambda as_of: visits(as_of - DAY <= Visit.naive),
    lambda as_of: visits(Visit.naive < datetime(2024, 1, 1)),
    lambda as_of: visits(Member.naive < as_of),
    lambda as_of: visits(Visit.naive != as_of),
    lambda as_of: visits(as_of.between(Visit.naive, Visit.utc)),
    lambda as_of: exists().where(Visit.member_id == Member.id),
    lambda as_of: ~exists().where(Visit.member_id == Member.id, Visit.naive > as_of),
    lambda as_of: select(func.count(alias.id)).where(alias.member_id == Member.id).scalar_subquery(),
    # The bound belongs into the subquery, where the rows are read.
    lambda as_of: select(func.count(inner.c.amount)).where(inner.c.member_id == Member.id, inner.c.naive < as_of).scalar_subquery(),
    lambda as_of: select(func.count(Visit.id)).join(alias, alias.member_id == Visit.member_id).where(Visit.naive < as_of).scalar_subquery(),
    lambda as_of: (
        select(func.count(Note.id)).join(Visit, Visit.member_id == Note.member_id).where(Note.member_id == Member.id).scalar_subquery()
    ),
    lambda as_of: visits(Visit.naive < as_of, Visit.amount > select(func.avg(alias.amount)).scalar_subquery()),
    lambda as_of: Member.visits.any(),
    lambda as_of: func.coalesce(visits(Visit.naive < as_of, what=func.max(Visit.amount)), visits(what=func.min(Visit.amount))),
    lambda as_of: visits(what=func.sum(case((Visit.amount > 1, 1), else_=0))),
    lambda as_of: visits(or_(Visit.naive < as_of, Visit.amount > 1)),
    # The day of as_of is not over then.
    lambda as_of: visits(Visit.day <= as_of),
    lambda as_of: visits(as_of >= Visit.day),
    lambda as_of: visits(Visit.day == as_of),
    lambda as_of: visits(Visit.day.between(as_of - DAY, as_of)),
    # Every aggregate has to leave out what came later.
    lambda as_of: visits(what=func.sum(case((Visit.naive < as_of, 1.0), else_=0.0)) / func.count(Visit.id)),
    lambda as_of: visits(what=func.count(Visit.id).filter(Visit.naive < as_of) * 1.0 / func.count(Visit.id)),
    lambda as_of: visits(what=func.sum(case((Visit.naive < as_of, 0), else_=Visit.amount))),
    lambda as_of: visits(what=func.sum(case((Visit.naive < as_of, 0), else_=1))),
    lambda as_of: visits(~and_(Visit.naive < as_of, Visit.amount > 1)),
    # An outer join keeps all rows of its left side.
    lambda as_of: (
        select(func.count(Visit.id)).outerjoin(Note, (Note.member_id == Visit.member_id) & (Visit.naive < as_of)).scalar_subquery()
    ),
]
BOUNDED = [
    lambda as_of: visits(Visit.naive < as_of),
    lambda as_of: visits(Visit.naive <= as_of - DAY),
    lambda as_of: visits(as_of > Visit.utc),
    lambda as_of: visits(as_of > Visit.day),
    lambda as_of: visits(as_of - DAY >= Visit.day),
    lambda as_of: visits(Visit.naive == as_of),
    lambda as_of: visits(Visit.naive.between(as_of - DAY, as_of)),
    lambda as_of: visits(Visit.naive.between(datetime(2020, 1, 1), as_of)),
    lambda as_of: visits(func.coalesce(Visit.naive, Visit.utc) < as_of),
    lambda as_of: select(func.count(Note.id)).where(Note.member_id == Member.id).scalar_subquery(),
    lambda as_of: select(func.count(alias.id)).where(alias.member_id == Member.id, alias.naive < as_of).scalar_subquery(),
    lambda as_of: select(func.count()).select_from(select(Visit.id).where(Visit.naive < as_of).subquery()).scalar_subquery(),
    lambda as_of: (
        select(func.count(Visit.id))
        .join(alias, alias.member_id == Visit.member_id)
        .where(Visit.naive < as_of, alias.naive < as_of)
        .scalar_subquery()
    ),
    lambda as_of: visits(Visit.naive < as_of, Visit.amount > select(func.avg(alias.amount)).where(alias.day < as_of).scalar_subquery()),
    lambda as_of: visits(what=func.sum(case((Visit.naive < as_of, 1), else_=0))),
    lambda as_of: visits(what=func.count(Visit.id).filter(Visit.naive < as_of)),
    lambda as_of: visits(what=func.sum(case((Visit.naive < as_of, Visit.amount))) / func.count(Visit.id).filter(Visit.naive < as_of)),
    lambda as_of: visits(or_(Visit.naive < as_of - DAY, and_(Visit.amount > 1, Visit.utc < as_of))),
    lambda as_of: visits(and_(Visit.amount > 1, or_(Visit.amount < 9, Visit.amount > 99), Visit.naive < as_of)),
    lambda as_of: (
        select(func.count(Visit.id))
        .select_from(Note)
        .outerjoin(Visit, (Note.member_id == Visit.member_id) & (Visit.naive < as_of))
        .scalar_subquery()
    ),
    lambda as_of: select(func.count(Visit.id)).join(Note, (Note.member_id == Visit.member_id) & (Visit.naive < as_of)).scalar_subquery(),
    lambda as_of: Member.visits.any(Visit.naive < as_of),
    lambda as_of: ~exists().where(Visit.member_id == Member.id, Visit.naive < as_of),
]


@pytest.mark.parametrize("make", UNBOUNDED)
@pytest.mark.parametrize("as_of", [PAST, Member.naive])
def test_rows_of_all_times_are_refused(make: Any, as_of: Any) -> None:
    """SQL over a table with times is a leak where no time of it is held before ``as_of``; the message names the table and the guard."""
    refused("reads visits of all times", "visits.naive", {"x": expression(make, stable=True)}, error=LeakageError, as_of=as_of)
    assert "x" in define({"x": expression(make)}).features


@pytest.mark.parametrize("make", BOUNDED)
@pytest.mark.parametrize("as_of", [PAST, Member.naive])
def test_rows_before_as_of_are_taken(make: Any, as_of: Any) -> None:
    """SQL whose rows lie before ``as_of``, however that is written, is a feature, and so is a table without a time."""
    assert "x" in define({"x": expression(make)}, as_of=as_of).features


def test_a_leak_says_which_guard_it_is() -> None:
    """Feature and guard are in the context, and the waiver among the ways out."""
    with pytest.raises(LeakageError) as caught:
        define({"x": expression(lambda as_of: visits())}, as_of=PAST)
    assert caught.value.context == {"entity": "Member", "output": "p", "feature": "x", "guard": "unbounded"}
    assert 'waive=["unbounded:x"]' in " ".join(caught.value.suggestions)


@pytest.mark.parametrize("as_of", [PAST, [PAST, LATER], Member.naive])
@pytest.mark.parametrize(("offset", "said"), [(DAY, "1 days"), (timedelta(hours=2), "7200 seconds")])
def test_a_feature_does_not_look_past_as_of(as_of: Any, offset: timedelta, said: str) -> None:
    """A comparison with a later moment than ``as_of`` is a leak, in an expression and in a transform of one."""
    sql = expression(lambda as_of: visits(Visit.naive < as_of + offset, what=func.max(Visit.amount)))
    for feature in (sql, log1p(sql)):
        refused(f"looks {said} past as_of", "compare with as_of, or earlier", {"x": feature}, error=LeakageError, as_of=as_of)


@pytest.mark.parametrize("column", [Member.naive, Member.aware, Member.day])
@pytest.mark.parametrize("kept", [Visit.naive, Visit.aware, Visit.day, Visit.utc])
@pytest.mark.parametrize("offset", [timedelta(0), DAY])
def test_a_column_as_of_bounds_what_is_compared_with_it(column: Any, kept: Any, offset: timedelta) -> None:
    """Of each kind of column on both sides, moved or not, a feature bounded by the row's own ``as_of`` is taken."""
    found = define({"n": expression(lambda as_of: visits(kept < as_of - offset))}, as_of=column)
    assert found.expressions["n"].offsets == (-offset,)


@pytest.mark.parametrize("as_of", [PAST, Member.naive])
@pytest.mark.parametrize(
    "make",
    [
        lambda as_of: exists().where(Visit.member_id == Member.id, Visit.naive >= as_of),
        lambda as_of: ~exists().where(Visit.member_id == Member.id, as_of < Visit.naive),
        lambda as_of: Member.aware > as_of,
    ],
)
def test_a_label_without_an_end_is_refused(make: Any, as_of: Any) -> None:
    """What happens from as_of on needs an end: without one training would know all that came until today."""
    with pytest.raises(DefinitionError, match="looks ahead of as_of without an end") as caught:
        define({"x": Feature(Member.score, stable=True)}, label=expression(make), as_of=as_of)
    assert "as_of + timedelta" in caught.value.suggestions[0]


def test_a_label_may_compare_with_the_past_alone() -> None:
    """Only what begins at as_of needs an end."""
    label = expression(lambda as_of: exists().where(Visit.member_id == Member.id, Visit.naive < as_of))
    assert define({"x": Feature(Member.score, stable=True)}, label=label, as_of=PAST).horizon == timedelta(0)


def test_rows_are_not_chosen_by_what_is_to_come() -> None:
    """A filter that looks past as_of would train on rows that nobody could have told then."""
    where = expression(lambda as_of: exists().where(Visit.member_id == Member.id, Visit.naive < as_of + DAY))
    with pytest.raises(DefinitionError, match="looks ahead of as_of, and would choose rows"):
        define({"x": Feature(Member.score, stable=True)}, where=where, as_of=PAST)
