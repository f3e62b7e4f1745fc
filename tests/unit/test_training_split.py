from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.training.split import microseconds, split_rows
from tests.support.training import Visit

LABELS = np.array([0, 1] * 50, dtype=np.intp)
CLASSES = ("no", "yes")
DAY = 86_400_000_000


def split(rule, labels=LABELS, values=None, classes=CLASSES, seed=1):
    """The split of a model called m."""
    return split_rows(rule, labels, values, classes=classes, seed=seed, model="m")


def test_a_random_split_holds_out_its_share_of_each_class():
    """20 of 100 rows are held out, 10 of each class."""
    parts = split(RandomSplit(0.2))
    assert np.bincount(LABELS[parts.test]).tolist() == [10, 10]
    assert sorted([*parts.train, *parts.test]) == list(range(100))


def test_the_seed_decides_a_random_split():
    """One seed gives one split, another seed another."""
    assert split(RandomSplit(0.2)).test.tolist() == split(RandomSplit(0.2)).test.tolist()
    assert split(RandomSplit(0.2)).test.tolist() != split(RandomSplit(0.2), seed=2).test.tolist()


def test_a_class_of_two_rows_stands_on_both_sides():
    """Even where its share would round to none."""
    labels = np.array([0] * 98 + [1, 1], dtype=np.intp)
    parts = split(RandomSplit(0.01), labels)
    assert np.bincount(labels[parts.test]).tolist() == [1, 1]


def test_a_class_of_one_row_is_refused_with_its_count():
    """It cannot stand on both sides."""
    with pytest.raises(NoDataError, match="a class has 1 row, and both sides need one") as caught:
        split(RandomSplit(0.2), np.array([0] * 9 + [1], dtype=np.intp))
    assert caught.value.context["smallest_class"] == 1


def test_a_regression_is_split_without_strata():
    """Each number may occur once."""
    parts = split(RandomSplit(0.25), np.arange(8.0), classes=())
    assert (len(parts.train), len(parts.test)) == (6, 2)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [(np.zeros(3, np.intp), CLASSES, "there are 3 labelled rows"), (np.zeros(9, np.intp), CLASSES, "all 9 rows have one class")],
)
def test_too_few_rows_are_refused_with_their_number(labels, classes, message):
    """The message counts, and says what is needed."""
    with pytest.raises(NoDataError, match=message) as caught:
        split(RandomSplit(0.2), labels, classes=classes)
    assert caught.value.suggestions


def test_a_time_split_holds_out_what_is_newest():
    """The newest fifth, in whatever order the rows come."""
    moments = np.random.default_rng(0).permutation(100).astype(np.int64)
    parts = split(TimeSplit(Visit.at, test_size=0.2), values=moments)
    assert sorted(moments[parts.test]) == list(range(80, 100))


def test_rows_of_one_moment_are_never_on_both_sides():
    """The cut moves to the nearest change of the moment."""
    moments = np.repeat([1, 2, 3], [70, 25, 5]).astype(np.int64)
    parts = split(TimeSplit(Visit.at, test_size=0.2), values=moments)
    assert set(moments[parts.test]) == {2, 3}


def test_the_day_of_test_from_belongs_to_the_hold_out():
    """From midnight UTC on."""
    moments = np.arange(100, dtype=np.int64) * DAY
    parts = split(TimeSplit(Visit.at, test_from=date(1970, 3, 2)), values=moments)
    assert parts.test[0] == 60


@pytest.mark.parametrize(("day", "side"), [(date(1969, 1, 1), "before"), (date(2069, 1, 1), "on or after")])
def test_a_test_from_beside_the_data_is_refused(day, side):
    """One side would be empty."""
    with pytest.raises(NoDataError, match=f"no row of 100 lies {side} test_from"):
        split(TimeSplit(Visit.at, test_from=day), values=np.arange(100, dtype=np.int64) * DAY)


def test_one_moment_cannot_be_split_by_time():
    """All rows would stand on one side."""
    with pytest.raises(NoDataError, match="all 100 rows have the same moment"):
        split(TimeSplit(Visit.at, test_size=0.2), values=np.zeros(100, np.int64))


def test_a_class_that_training_would_not_see_is_refused():
    """A class that begins after the cut cannot be learned."""
    labels = np.array([0, 1] * 40 + [2] * 20, dtype=np.intp)
    with pytest.raises(NoDataError, match="1 of 3 classes have no row among the 80 of the training part"):
        split(TimeSplit(Visit.at, test_size=0.2), labels, np.arange(100, dtype=np.int64), ("a", "b", "c"))


def test_a_hold_out_of_one_class_is_refused():
    """Nothing could be measured on it."""
    labels = np.array([0, 1] * 40 + [1] * 20, dtype=np.intp)
    with pytest.raises(NoDataError, match="the 20 rows of the hold-out have one class"):
        split(TimeSplit(Visit.at, test_size=0.2), labels, np.arange(100, dtype=np.int64))


def test_a_group_is_never_on_both_sides():
    """Whole groups are held out, near the share asked for."""
    groups = np.repeat(np.arange(25), 4).astype(np.int32)
    parts = split(GroupSplit(Visit.household, test_size=0.2), values=groups)
    assert not set(groups[parts.train]) & set(groups[parts.test])
    assert len(parts.test) == 20


def test_one_group_cannot_be_split():
    """All rows would stand on one side."""
    with pytest.raises(NoDataError, match="all 100 rows are in one group"):
        split(GroupSplit(Visit.household), values=np.zeros(100, np.int32))


def test_moments_are_utc_unless_they_say_otherwise():
    """A date is its midnight, a naive datetime is UTC, an aware one is converted."""
    two = timezone(timedelta(hours=2))
    assert microseconds(date(1970, 1, 2)) == DAY
    assert microseconds(datetime(1970, 1, 2)) == microseconds(datetime(1970, 1, 2, tzinfo=UTC)) == DAY
    assert microseconds(datetime(1970, 1, 2, 2, tzinfo=two)) == DAY
