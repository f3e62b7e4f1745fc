from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from prisml.training.reliability import ece, reliability


def drawn(rows=3_000):
    """Codes of two classes, and probabilities that say too much; some on the borders of bins."""
    random = np.random.default_rng(0)
    predicted = np.round(random.beta(0.5, 0.7, rows), 2)
    return (random.random(rows) < 0.25 + predicted / 2).astype(np.intp), predicted


def test_bins_are_those_of_scikit_learns_calibration_curve():
    """Means and shares, bin by bin, a probability on a border in the bin below; the Brier score too."""
    truth, predicted = drawn()
    found = reliability(truth, predicted)
    shares, means = calibration_curve(truth, predicted, n_bins=10)
    assert [each.predicted for each in found.bins if each.count] == pytest.approx(means)
    assert [each.observed for each in found.bins if each.count] == pytest.approx(shares)
    assert sum(each.count for each in found.bins) == len(truth)
    assert found.brier == pytest.approx(brier_score_loss(truth, predicted))


def test_ece_is_formula_3_of_guo_and_others():
    """The share of rows in each bin times how far accuracy is from confidence, worked out by hand."""
    truth, predicted = np.array([1, 0, 1, 1]), np.array([0.15, 0.11, 0.95, 0.85])
    by_hand = 2 / 4 * abs(0.5 - 0.13) + 1 / 4 * abs(1 - 0.95) + 1 / 4 * abs(1 - 0.85)
    assert ece(truth, predicted) == pytest.approx(by_hand)
    assert reliability(truth, predicted).ece == pytest.approx(by_hand)
    assert [each.count for each in reliability(truth, predicted).bins] == [0, 2, 0, 0, 0, 0, 0, 0, 1, 1]


def test_rows_may_count_several_times():
    """As a bootstrap has it: the same as rows that are there as often."""
    truth, predicted = drawn(200)
    counts = np.random.default_rng(1).integers(0, 4, 200).astype(np.float64)
    repeated = np.repeat(np.arange(200), counts.astype(np.intp))
    assert ece(truth, predicted, counts=counts) == pytest.approx(ece(truth[repeated], predicted[repeated]))


def test_of_several_classes_the_likeliest_is_judged():
    """What comes true is that it is the right one; the Brier score is over all classes."""
    truth, predicted = np.array([2, 0]), np.array([[0.1, 0.2, 0.7], [0.2, 0.5, 0.3]])
    found = reliability(truth, predicted)
    assert found.ece == pytest.approx((0.3 + 0.5) / 2)
    assert found.brier == pytest.approx(((0.01 + 0.04 + 0.09) + (0.64 + 0.25 + 0.09)) / 2)
