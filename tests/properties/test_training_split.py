from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.errors import NoDataError
from prisml.training.split import split_rows
from tests.support.training import Visit

RULES = {
    "random": RandomSplit,
    "time": lambda size: TimeSplit(Visit.at, test_size=size),
    "group": lambda size: GroupSplit(Visit.household, test_size=size),
}


@given(
    st.sampled_from(sorted(RULES)),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=4, max_size=120),
    st.floats(0.01, 0.99),
    st.integers(0, 9),
)
def test_every_row_is_on_one_side_and_training_sees_every_class(rule, rows, size, seed):
    """Whatever the rule, or it says why not; one value of the split's column is never on both sides."""
    labels, values = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(labels.tolist())) == 3)
    try:
        split = split_rows(RULES[rule](size), labels, values.astype(np.int64), classes=("a", "b", "c"), seed=seed, model="m")
    except NoDataError:
        return
    assert sorted([*split.train, *split.test]) == list(range(len(rows)))
    assert set(labels[split.train]) == {0, 1, 2}
    assert len(set(labels[split.test])) > 1
    if rule != "random":
        assert not set(values[split.train]) & set(values[split.test])
    if rule == "time":
        assert values[split.train].max() < values[split.test].min()
