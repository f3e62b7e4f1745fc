"""Laws of time zones: the core's clocks are those of zoneinfo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml.errors import ArtifactError
from tests.support.encoding import encoded, transform
from tests.support.tables import model_of, table_of

# Releases of the database differ where a government has decided something since, or history was corrected. These zones have been
# what they are for years, so that the core's release and the machine's say the same of them; of America/Sao_Paulo in the 1960s or
# America/Vancouver they may not.
ZONES = (
    "America/New_York",
    "America/St_Johns",
    "Australia/Sydney",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Asia/Calcutta",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
PARTS: dict[str, Callable[[datetime], int]] = {
    "hour_of": lambda moment: moment.hour,
    "weekday_of": lambda moment: moment.weekday(),
    "month_of": lambda moment: moment.month,
}
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 12, 31, tzinfo=UTC)
seconds = st.integers(0, int((LATEST - EARLIEST).total_seconds()))
moments = st.builds(
    lambda second, micro: EARLIEST + timedelta(seconds=second, microseconds=micro), seconds, st.sampled_from([0, 1, 999_999])
)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The moments, to the second, from 1900 to 2100, at which the clocks of ``zone`` change, found by halving weeks."""
    found = []
    start, week = EARLIEST, timedelta(days=7)
    while start < LATEST:
        low, high = start, start + week
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        start += week
    return found


def parts(zone: str, given_moments: list[datetime]) -> np.ndarray:
    """What the core reads off the clocks of ``zone``: hour, weekday and month of each moment."""
    return encoded([transform(op, "datetime", name=op, zone=zone) for op in PARTS], [(moment,) for moment in given_moments])


def expected(zone: str, given_moments: list[datetime]) -> np.ndarray:
    """What zoneinfo says of them."""
    local = [moment.astimezone(ZoneInfo(zone)) for moment in given_moments]
    return np.float32([[part(moment) for part in PARTS.values()] for moment in local])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), st.lists(moments, min_size=1, max_size=40))
def test_clocks_show_what_zoneinfo_says(zone: str, drawn: list[datetime]) -> None:
    """The hour, the weekday and the month of any moment from 1900 to 2100, in any of these zones, are Python's."""
    np.testing.assert_array_equal(parts(zone, drawn), expected(zone, drawn))


@pytest.mark.parametrize("zone", ZONES)
def test_clocks_change_when_zoneinfo_says(zone: str) -> None:
    """On both sides of every change from 1900 to 2100, a microsecond and an hour away, the core's clock shows what Python's shows."""
    around = (timedelta(hours=-1), timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1), timedelta(hours=1))
    drawn = [change + away for change in [EARLIEST, *changes(ZoneInfo(zone))] for away in around]
    np.testing.assert_array_equal(parts(zone, drawn), expected(zone, drawn))


@settings(deadline=None)
@given(st.sampled_from(sorted(PARTS)), st.sampled_from(ZONES), st.lists(st.none() | moments, max_size=20))
def test_tables_and_rows_show_the_same(op: str, zone: str, drawn: list[datetime | None]) -> None:
    """A column of moments gives what its rows give, whichever zone its own type has; a missing moment has no hour."""
    model = model_of([transform(op, "datetime", zone=zone)], f"{op}-{zone}")
    table = pa.table({"a": pa.array(drawn, pa.timestamp("us", "Asia/Tokyo"))})
    found = model.encode_columns(table_of(table))
    np.testing.assert_array_equal(found, model.encode([{"a": moment} for moment in drawn]).reshape(-1, 1))
    assert np.isnan(found[:, 0]).tolist() == [moment is None for moment in drawn]


@given(st.sampled_from(ZONES), st.dates())
def test_a_day_has_no_zone(zone: str, day: date) -> None:
    """A date is the same day everywhere: its weekday and month are those of the calendar, and its hour is that of its midnight."""
    inputs = [transform(op, "date", name=op, zone=zone) for op in PARTS]
    assert encoded(inputs, [(day,)]).tolist() == [[0.0, day.weekday(), day.month]]


@given(st.datetimes())
def test_without_a_zone_the_clock_is_that_of_utc(moment: datetime) -> None:
    """No zone, an absent one and UTC are the same; a naive datetime is UTC."""
    inputs = [transform("hour_of", "datetime", name=str(place), **more) for place, more in enumerate([{}, {"zone": None}, {"zone": "UTC"}])]
    assert encoded(inputs, [(moment,)]).tolist() == [[moment.hour] * 3]


@pytest.mark.parametrize(
    ("op", "zone"), [("hour_of", "Mars/Olympus"), ("hour_of", "europe/berlin"), ("days_since", "UTC"), ("is_missing", "UTC")]
)
def test_a_zone_that_is_none_is_refused_by_the_inputs_name(op: str, zone: str) -> None:
    """A zone that is not known, or that the transform has no use for, is found when the contract is read."""
    with pytest.raises(ArtifactError, match="input 'x' has a time zone"):
        encoded([transform(op, "datetime", zone=zone)], [])
