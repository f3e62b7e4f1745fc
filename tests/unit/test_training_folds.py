from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.training.folds import make_folds
from prisml.training.seen import Seen
from tests.support.training import Visit


def folds(rule, labels, values=None, *, count=5, classes=2, seen=None):
    """The folds of rows without a database."""
    return make_folds(rule, labels, values, folds=count, classes=classes, seed=7, model="m", seen=Seen() if seen is None else seen)


@given(st.integers(2, 20), st.integers(0, 100), st.integers(0, 100))
def test_every_row_is_judged_once_and_each_class_in_equal_parts(count, few, many):
    """By chance, whatever the number of folds: they differ by one row, of each class and in all."""
    labels = np.repeat([0, 1], [count + few, count + many])
    made = folds(RandomSplit(), labels, count=count)
    assert sorted(np.concatenate([test for _, test in made])) == list(range(len(labels)))
    for train, test in made:
        assert sorted([*train, *test]) == list(range(len(labels)))
    for parts in (labels, np.ones(len(labels), dtype=int)):
        sizes = [int((parts[test] == 1).sum()) for _, test in made]
        assert max(sizes) - min(sizes) <= 1


def test_a_group_is_judged_as_a_whole():
    """No group stands on both sides, and the folds are about equally large."""
    groups = np.repeat(np.arange(40), np.arange(1, 41))
    made = folds(GroupSplit(Visit.household), np.arange(len(groups)) % 2, groups)
    for train, test in made:
        assert not set(groups[train]) & set(groups[test])
    sizes = [len(test) for _, test in made]
    assert sum(sizes) == len(groups)
    assert max(sizes) - min(sizes) <= 10


def test_entities_of_several_snapshots_are_judged_as_a_whole():
    """A random split keeps them together, and so do its folds."""
    entities = np.tile(np.arange(50, dtype=np.int32), 3)
    for train, test in folds(RandomSplit(), np.arange(150) % 2, seen=Seen(entities=entities)):
        assert not set(entities[train]) & set(entities[test])


@given(st.integers(2, 12), st.integers(0, 200), st.integers(0, 2**32 - 1))
def test_folds_of_time_are_judged_by_what_follows(count, more, seed):
    """Each model has seen all that came before, and no moment is divided."""
    moments = np.random.default_rng(seed).integers(0, 3 * count + more, 400)
    made = folds(TimeSplit(Visit.at, test_size=0.2), np.zeros(400), moments, count=count, classes=0)
    assert len(made) == count
    before = 0
    for train, test in made:
        assert moments[train].max() < moments[test].min()
        assert len(train) == (moments < moments[test].min()).sum() > before
        before = len(train)
    assert moments[made[-1][1]].max() == moments.max()


def test_a_label_that_reaches_into_the_judged_rows_is_not_trained_on():
    """As in the split itself."""
    moments = np.arange(100, dtype=np.int64)
    seen = Seen(moments=moments, horizon=3)
    for train, test in folds(TimeSplit(Visit.at, test_size=0.2), np.zeros(100), moments, classes=0, seen=seen):
        assert moments[train].max() + 3 == moments[test].min()


@pytest.mark.parametrize(
    ("rule", "labels", "values", "message"),
    [
        (GroupSplit(Visit.household), np.zeros(9), np.repeat([1, 2, 3], 3), "has 3 groups, and cv=5"),
        (TimeSplit(Visit.at, test_size=0.2), np.zeros(9), np.repeat([1, 2, 3], 3), "has 3 moments, of which the first is only trained on"),
        (RandomSplit(), np.append(np.zeros(20, dtype=int), 1), None, "fold 1 of cv=5 lacks 1 of 2 classes"),
    ],
)
def test_folds_that_cannot_be_made_are_refused_with_their_figures(rule, labels, values, message):
    """And with what could be asked instead."""
    with pytest.raises(NoDataError, match=message) as caught:
        folds(rule, labels, values, classes=2 if values is None else 0)
    assert caught.value.suggestions
