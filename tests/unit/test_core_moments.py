"""What the Rust core makes of two moments of a row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.errors import EncodingError
from tests.support.encoding import encoded, transform
from tests.support.tables import model_of

LENGTH = {"days_since": timedelta(days=1), "hours_since": timedelta(hours=1)}
moments = st.datetimes(timezones=st.none() | st.timezones())


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def since_epoch(value: date) -> timedelta:
    """How long after 1970 in UTC: a date is its midnight, and a naive datetime is UTC. (Python subtracts clocks within one zone.)"""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (value.replace(tzinfo=UTC) if value.tzinfo is None else value) - EPOCH


@given(st.sampled_from(sorted(LENGTH)), st.dates() | moments, st.dates() | moments, st.integers(-(2**60), 2**60))
def test_elapsed_time_is_counted_to_the_rows_own_moment(op: str, since: date, to: date, as_of: int) -> None:
    """With a second source, whatever the moment of prediction, the result is Python's difference of the two in days or hours."""
    dtypes = ["datetime" if isinstance(value, datetime) else "date" for value in (since, to)]
    found = encoded([transform(op, *dtypes)], [(since, to)], as_of=as_of)
    assert found[0, 0] == np.float32((since_epoch(to) - since_epoch(since)) / LENGTH[op])


@pytest.mark.parametrize("row", [(None, date(2024, 1, 1)), (date(2024, 1, 1), None), (None, None)])
def test_a_missing_moment_on_either_side_is_missing(row: tuple[date | None, date | None]) -> None:
    """Neither now nor zero stands for a moment that is not known."""
    assert np.isnan(encoded([transform("days_since", "date", "date")], [row], as_of=7)).all()


def test_rows_and_columns_without_the_second_moment_name_it() -> None:
    """A row that lacks the column of its own moment is an error that names both columns, unless it gives the feature itself."""
    model = model_of([transform("days_since", "date", "datetime")], "own-moment")
    assert model.encode([{"a": date(2024, 1, 1), "b": datetime(2024, 1, 2, 12)}, {"x": 3.0}])[:, 0].tolist() == [1.5, 3.0]
    with pytest.raises(EncodingError, match="no 'a' or 'b' or 'x'"):
        model.encode([{"a": date(2024, 1, 1)}])
