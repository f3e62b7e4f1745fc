"""The keys of extracted rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.extraction.keys import Keys


@pytest.mark.parametrize(
    "pages",
    [
        [[[1, 2, 3]], [[2**62]]],
        [[[1, 2]], [[2**63]]],
        [[[1, 2]], [["a"]]],
        [[["a", "b"]], [["c"]]],
        [[[b"ab"]], [[None]]],
        [[[1, 2], ["x", "y"]], [[3], ["z"]]],
    ],
    ids=["integers", "too large", "texts after integers", "texts", "anything", "composite"],
)
def test_every_key_is_given_back_as_it_was_read(pages):
    """Whatever the keys are, and however they come in pages, a row has its own, of its own type."""
    rows = [row for page in pages for row in zip(*page, strict=True)]
    keys, start = Keys(len(rows)), 0
    for page in pages:
        keys.put(start, page)
        start += len(page[0])
    found = [keys.of(row) for row in range(len(rows))]
    assert found == rows
    assert [list(map(type, key)) for key in found] == [list(map(type, key)) for key in rows]


PARTS = st.one_of(
    st.sampled_from(["", "a", "b", "1"]),
    st.sampled_from([1, True, 1.0, Decimal(1), Decimal("1.0"), None]),
    st.sampled_from([date(2024, 1, 1), datetime(2024, 1, 1), datetime(2024, 1, 1, fold=1)]),
    st.sampled_from([datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))]),
)


@given(st.lists(st.lists(PARTS, min_size=1, max_size=6), min_size=1, max_size=4))
def test_what_only_equals_a_key_never_takes_its_place(pages):
    """Values that are equal and not the same (1 and True, a moment in two zones) each come back as they were read."""
    keys, start = Keys(sum(map(len, pages))), 0
    for page in pages:
        keys.put(start, [page])
        start += len(page)
    assert [repr(keys.of(row)[0]) for row in range(start)] == [repr(value) for page in pages for value in page]


def test_parts_that_repeat_are_kept_once():
    """A text or a moment that each page reads anew takes the memory of one."""
    keys = Keys(4)
    for start in (0, 2):
        keys.put(start, [["new york"[:3].upper() for _ in range(2)], [datetime.fromisoformat("2013-01-01") for _ in range(2)]])
    assert len({id(part) for row in range(4) for part in keys.of(row)}) == 2
