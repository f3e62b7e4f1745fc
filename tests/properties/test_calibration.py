"""What holds of calibrators, weights and thresholds, whatever the numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression

from prisml.definition.threshold import Cost
from prisml.training.calibration.calibration import Calibration
from prisml.training.calibration.fitting import on_grid
from prisml.training.calibration.ramps import Ramps
from prisml.training.threshold import choose_threshold

SHARES = st.floats(0.001, 0.999)
WEIGHTS = st.floats(0.01, 1_000)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30, unique=True),
    st.data(),
)
def test_ramps_are_the_line_through_the_points(points, data):
    """As numpy.interp draws it, level beyond both ends."""
    points = np.unique(np.round(np.array(points), 3))
    values = np.sort(data.draw(arrays(np.float64, len(points), elements=st.floats(0, 1))))
    asked = np.concatenate((points, data.draw(arrays(np.float64, 20, elements=st.floats(-2e3, 2e3)))))
    np.testing.assert_allclose(Ramps.between(points, values)(asked), np.interp(asked, points, values), rtol=0, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 200))
@settings(max_examples=30)
def test_ramps_are_scikit_learns_isotonic_regression(seed, rows):
    """Fitted on a grid, asked anywhere."""
    random = np.random.default_rng(seed)
    scores = on_grid(random.normal(scale=3, size=rows), of="decision")
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, random.integers(0, 2, rows).astype(np.float64))
    asked = random.normal(scale=6, size=100)
    np.testing.assert_allclose(Ramps.of(fitted)(asked), fitted.predict(asked), rtol=0, atol=1e-12)


@given(arrays(np.float64, 20, elements=st.floats(1e-30, 1.0)))
def test_the_grid_keeps_three_digits_at_both_ends(scores):
    """Of a probability and, close to 1, of what is left of it; and it keeps their order."""
    rounded = on_grid(np.sort(scores), of="probability")
    assert (np.diff(rounded) >= 0).all()
    assert (np.abs(rounded - np.sort(scores)) <= np.sort(scores) * 2.0**-10).all()
    assert np.array_equal(on_grid(rounded, of="probability"), rounded)


@given(arrays(np.float64, (8, 3), elements=SHARES), st.tuples(WEIGHTS, WEIGHTS, WEIGHTS))
def test_weights_taken_back_and_given_again_change_nothing(shares, weights):
    """The way back is exact: its inverse is the same with the inverse weights, for decisions as for probabilities."""
    shares = shares / shares.sum(axis=1, keepdims=True)
    there = Calibration("prior", "probability", weights, (), 8).probabilities(shares)
    back = Calibration("prior", "probability", tuple(1 / weight for weight in weights), (), 8).probabilities(there)
    np.testing.assert_allclose(back, shares, rtol=1e-9)
    by_decision = Calibration("prior", "decision", weights, (), 8).probabilities(np.log(shares))
    np.testing.assert_allclose(by_decision, there, rtol=1e-9)


@given(SHARES, WEIGHTS, WEIGHTS)
def test_the_way_back_is_bayes_rule(share, first, second):
    """For two classes, beside the odds worked out by hand."""
    found = Calibration("prior", "probability", (first, second), (), 1).probabilities(np.array([[share]]))[0]
    odds = share / (1 - share) * first / second
    np.testing.assert_allclose(found, [1 / (1 + odds), odds / (1 + odds)], rtol=1e-9)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 19)), min_size=2, max_size=40),
    st.integers(0, 5),
    st.integers(1, 5),
)
def test_no_threshold_costs_less(rows, fp, fn):
    """Beside every way to call the highest probabilities positive."""
    truth, predicted = np.array([row[0] for row in rows], dtype=np.intp), np.array([row[1] for row in rows]) / 20

    def cost(called):
        return (fp * (called & (truth == 0)).sum() + fn * (~called & (truth == 1)).sum()) / len(truth)

    chosen = choose_threshold(Cost(fp=fp, fn=fn), truth, predicted, model="m")
    least = min(cost(predicted >= cut) for cut in (*np.unique(predicted), 2.0))
    assert cost(predicted > chosen.threshold) == chosen.record.value
    assert abs(chosen.record.value - least) < 1e-12
