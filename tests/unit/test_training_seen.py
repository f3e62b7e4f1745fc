"""Splits of rows that are seen at several moments: no part may know of the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.training.seen import Seen
from prisml.training.split import split_rows

DAY = 86_400_000_000


def split(rule, seen, values=None, rows=None):
    """The two parts of rows with alternating classes."""
    count = len(seen.moments) if rows is None else rows
    labels = np.arange(count, dtype=np.int32) % 2
    return split_rows(rule, labels, values, classes=(False, True), seed=1, model="m", seen=seen)


def snapshots(entities, dates):
    """Each entity at each date, date by date, as extraction gives them."""
    moments = np.repeat(np.array(dates, np.int64) * DAY, entities)
    return moments, np.tile(np.arange(entities, dtype=np.int32), len(dates))


def test_by_chance_an_entity_stands_on_one_side():
    """A random split of snapshots holds whole entities out, about as many as it should, and leaks nothing."""
    moments, entities = snapshots(500, [0, 100, 200])
    parts = split(RandomSplit(0.2), Seen(moments, entities, 30 * DAY, by_dates=True))
    assert not set(entities[parts.train]) & set(entities[parts.test])
    assert len(parts.test) == pytest.approx(300, abs=3)
    assert (len(parts.train) + len(parts.test), parts.overlapping, parts.leaks) == (1500, 0, ())


def test_by_time_the_later_snapshots_are_held_out():
    """A split by as_of whose label's time is over in between has all rows, and no leak."""
    moments, entities = snapshots(50, [0, 100, 200])
    parts = split(TimeSplit(test_size=0.3), Seen(moments, entities, 100 * DAY, by_dates=True), moments)
    assert moments[parts.test].min() == 200 * DAY
    assert (len(parts.train), parts.overlapping, parts.leaks) == (100, 0, ())


def test_snapshots_whose_label_reaches_into_the_hold_out_are_a_leak():
    """One microsecond is enough; the finding counts the rows and says how many days are needed."""
    moments, entities = snapshots(50, [0, 100, 200])
    parts = split(TimeSplit(test_size=0.3), Seen(moments, entities, 100 * DAY + 1, by_dates=True), moments)
    (leak,) = parts.leaks
    assert (leak.guard, leak.feature, leak.waiver) == ("split_overlap", None, "split_overlap")
    assert "50 training rows" in leak.what
    assert "100 days" in leak.way_out
    assert len(parts.train) == 100


def test_rows_at_moments_of_their_own_are_left_out_where_they_overlap():
    """Training rows whose label reaches into the hold-out are in neither part, and counted; their number is that of the horizon."""
    moments = np.arange(1000, dtype=np.int64) * DAY
    parts = split(TimeSplit(test_size=0.2), Seen(moments, None, 30 * DAY), moments)
    start = moments[parts.test].min()
    assert parts.overlapping == 29
    assert (moments[parts.train] + 30 * DAY <= start).all()
    assert len(parts.train) + len(parts.test) + parts.overlapping == 1000
    assert parts.leaks == ()


def test_a_group_that_changes_tears_an_entity_apart():
    """Where an entity's group differs between snapshots, a later snapshot may train a model that is judged on an earlier one: a leak."""
    moments, entities = snapshots(40, [0, 100])
    groups = (np.arange(80) % 7).astype(np.int32)
    (leak,) = split(GroupSplit(None, test_size=0.3), Seen(moments, entities, 0, by_dates=True), groups).leaks
    assert leak.guard == "split_overlap"
    assert "entities train the model" in leak.what
    same = split(GroupSplit(None, test_size=0.3), Seen(moments, entities, 0, by_dates=True), (entities % 7).astype(np.int32))
    assert same.leaks == ()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.booleans()), min_size=1, max_size=40))
def test_torn_entities_are_those_of_a_comparison_of_all_pairs(rows):
    """An entity is torn exactly where one of its training rows is as late as one of its held-out rows."""
    entities = np.array([entity for entity, _, _ in rows], np.int32)
    moments = np.array([moment for _, moment, _ in rows], np.int64)
    held = np.array([out for _, _, out in rows])
    torn = {
        entity for entity, late, out in rows if not out and any(other == entity and there and early <= late for other, early, there in rows)
    }
    assert Seen(moments, entities).torn(np.flatnonzero(~held), np.flatnonzero(held)) == len(torn)
