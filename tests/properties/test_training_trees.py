from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prisml.training.export.trees.thresholds import float32_below, float32_under

FLOAT32 = st.floats(width=32, allow_nan=False)


@given(st.floats(allow_nan=False), FLOAT32)
def test_a_float32_is_decided_alike_by_a_threshold_and_by_the_float32_below_it(threshold, value):
    """Also where the threshold is infinite or beyond float32."""
    below = float32_below(np.array([threshold]))[0]
    assert (value <= threshold) == (value <= below)
    assert np.float32(below) == below


@given(st.floats(width=32, allow_nan=False, exclude_min=True, min_value=-np.inf), FLOAT32)
def test_less_than_a_float32_is_at_most_the_float32_under_it(threshold, value):
    """Beside zero too, where the next float32 is the smallest there is."""
    assert (value < threshold) == (value <= float32_under(np.array([threshold], dtype=np.float32))[0])


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, exclude_max=True, max_value=float(np.finfo(np.float32).max)))
def test_the_middle_of_two_adjacent_float32_becomes_the_lower(value):
    """Where rounding to nearest would give the upper half of the time."""
    upper = np.nextafter(np.float32(value), np.float32(np.inf)).astype(np.float64)
    assert float32_below(np.array([(value + upper) / 2]))[0] == value
