"""The keys of extracted rows."""

from __future__ import annotations

import pytest

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
