"""Numbers and moments on the page of a history, as they are written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.commands.page.text import measured, number
from prisml.commands.page.timeline import timeline
from tests.support.pasts import START, past, told

LETTER = 5.5
"""How wide a letter of the axis is at least, in the picture's units."""


@given(st.integers(min_value=60, max_value=10**9), st.integers(min_value=0, max_value=10**7))
def test_no_two_labels_of_the_axis_lie_on_each_other(seconds: int, later: int):
    """However long a history is and whenever it began, each label of the axis ends before the next one begins."""
    first = past([told(1), told(2)], [(0, "publish", 1, None, None), (0, "publish", 2, None, None)])
    moments = (START + timedelta(seconds=later), START + timedelta(seconds=later + seconds))
    log = tuple(replace(entry, at=at) for entry, at in zip(first.log, moments, strict=True))
    axis = timeline(replace(first, log=log)).partition("</g>")[0]
    labels = re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)">([^<]+)</text>', axis)
    free = 0.0
    assert labels
    for x, anchor, words in labels:
        wide = len(words) * LETTER
        begins = float(x) - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        assert begins >= free
        free = begins + wide


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.82, "0.8200"),
        (0.0, "0.0000"),
        (-0.5, "\N{MINUS SIGN}0.5000"),
        (12.3, "12.30"),
        (31415.9, "31,416"),
        (1e-5, "1.000e\N{MINUS SIGN}05"),
    ],
)
def test_a_measured_number_has_the_decimals_of_its_neighbours(value: float, text: str):
    """A column of metrics keeps its trailing zeros, so that its numbers can be compared digit by digit."""
    assert measured(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.825, "0.825"), (12345.0, "12,345"), (2.5e7, "2.500e+07")])
def test_a_mark_of_an_axis_has_an_exponent_only_where_it_must(value: float, text: str):
    """A round number is written short, and below a million in full."""
    assert number(value) == text
