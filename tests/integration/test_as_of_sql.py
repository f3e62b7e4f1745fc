"""``as_of`` moved and compared in SQL gives the rows that Python's arithmetic gives, whatever the session's time zone is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, insert, select

from prisml.definition import define_model, expression
from prisml.extraction.stream import extract
from tests.support.database import opened
from tests.support.members import Base, Member, Visit

SEEN = [datetime(2023, 3, 12, 7), datetime(2023, 11, 5, 6, 0, 0, 1), datetime(2024, 2, 29, 23, 59, 59, 999_999)]
STEPS = [timedelta(microseconds=step) for step in (-1, 0, 1)]
OFFSETS = [timedelta(0), timedelta(hours=-1), timedelta(days=-90)]
KEPT = ("naive", "aware", "utc", "day")


def _moments(at: datetime) -> dict[str, Any]:
    aware = at.replace(tzinfo=UTC)
    return {"naive": at, "aware": aware, "utc": aware, "day": at.date()}


def _before(kept: str, offset: timedelta) -> Any:
    visits = select(func.count(Visit.id)).where(Visit.member_id == Member.id)
    return expression(lambda as_of: visits.where(getattr(Visit, kept) < as_of + offset).scalar_subquery())


@pytest.mark.parametrize("rule", ["constant", "naive", "aware", "day"])
def test_rows_before_a_moved_as_of_are_those_of_python(database_url: str, rule: str) -> None:
    """On the boundary and a microsecond beside it, across changes of clocks, for each kind of column on both sides."""
    visits = [at + offset + step for at, offset, step in product(SEEN, OFFSETS, STEPS)]
    features = {f"{kept}_{place}": _before(kept, offset) for kept in KEPT for place, offset in enumerate(OFFSETS)}
    members = [{"id": number, **_moments(at), "score": 1.0, "left": bool(number % 2)} for number, at in enumerate(SEEN, start=1)]
    as_of: Any = [at.replace(tzinfo=UTC) for at in SEEN] if rule == "constant" else getattr(Member, rule)
    with opened(database_url) as engine:
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(Member), [{key: value for key, value in each.items() if key != "utc"} for each in members])
            rows = [{"member_id": member["id"], "amount": 1.0, **_moments(at)} for member in members for at in visits]
            connection.execute(insert(Visit), [{"id": number, **row} for number, row in enumerate(rows, start=1)])
        found = extract(define_model(Member, output="p", label=Member.left, features=features, as_of=as_of, name="m"), engine)
    expected = []
    for own in [at for at in SEEN for _ in SEEN] if rule == "constant" else SEEN:
        seen = datetime.combine(own.date(), datetime.min.time()) if rule == "day" else own
        bounds = [(kept, _moments(seen + offset)[kept]) for kept in KEPT for offset in OFFSETS]
        expected.append([sum(_moments(at)[kept] < bound for at in visits) for kept, bound in bounds])
    np.testing.assert_array_equal(found.matrix, np.float32(expected))
