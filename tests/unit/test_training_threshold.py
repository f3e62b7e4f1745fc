from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from prisml import Cost, NoDataError, Precision, Recall
from prisml.training.threshold import Cuts, choose_threshold


def drawn(rows=400):
    """Codes of two classes and probabilities in float32, many of them equal."""
    random = np.random.default_rng(0)
    predicted = np.round(random.beta(1, 3, rows), 2).astype(np.float32).astype(np.float64)
    return (random.random(rows) < predicted).astype(np.intp), predicted


def brute(truth, predicted, score):
    """The best ``score`` of all ways to call the highest probabilities positive."""
    return max(score(truth, predicted >= cut) for cut in (*np.unique(predicted), 2.0))


def test_f1_is_the_best_that_any_threshold_reaches():
    """As scikit-learn counts it."""
    truth, predicted = drawn()
    chosen = choose_threshold("f1", truth, predicted, model="m")
    assert f1_score(truth, predicted > chosen.threshold) == chosen.record.value == brute(truth, predicted, f1_score)
    assert (chosen.record.rule, chosen.record.rows) == ("f1", 400)


def test_precision_finds_most_positives_of_what_is_precise_enough():
    """And recall the most precise of what finds enough."""
    truth, predicted = drawn()
    precise = choose_threshold(Precision(0.5), truth, predicted, model="m")
    called = predicted > precise.threshold
    assert precision_score(truth, called) == precise.record.value >= 0.5
    enough = lambda t, c: recall_score(t, c) if c.any() and precision_score(t, c) >= 0.5 else 0.0  # noqa: E731
    assert recall_score(truth, called) == brute(truth, predicted, enough)
    found = choose_threshold(Recall(0.8), truth, predicted, model="m")
    called = predicted > found.threshold
    assert recall_score(truth, called) == found.record.value >= 0.8
    enough = lambda t, c: precision_score(t, c, zero_division=0) if recall_score(t, c) >= 0.8 else 0.0  # noqa: E731
    assert precision_score(truth, called) == brute(truth, predicted, enough)


def test_what_no_threshold_reaches_is_told_with_the_best_and_the_way_out():
    """No row is certain, so that a precision of 1 is asked for in vain."""
    truth, predicted = np.array([0, 1, 0, 1, 0]), np.array([0.9, 0.8, 0.5, 0.3, 0.1])
    with pytest.raises(NoDataError, match=r"no threshold reaches a precision of 0\.9 on the 5 rows .* best is 0\.5") as caught:
        choose_threshold(Precision(0.9), truth, predicted, model="m")
    assert "Precision(0.5)" in str(caught.value)
    assert caught.value.context["best"] == 0.5


def test_no_threshold_lies_on_a_score():
    """Each is midway between two float32 that differ, so that rounding a probability moves no label."""
    truth, predicted = drawn()
    cuts = Cuts.of(truth, predicted)
    assert not np.isin(cuts.thresholds, predicted).any()
    assert ((cuts.thresholds > 0) & (cuts.thresholds < 1)).all()
    beside = np.float32(0.3)
    close = Cuts.of(np.array([0, 1]), np.array([beside, np.nextafter(beside, np.float32(1))], dtype=np.float64))
    assert close.thresholds[1] not in (float(beside), float(np.nextafter(beside, np.float32(1))))


def test_certain_rows_stay_what_they_are():
    """Nothing is above a probability of 1, and nothing lies below 0: there is no threshold there to choose."""
    cuts = Cuts.of(np.array([0, 1, 1]), np.array([0.0, 0.5, 1.0]))
    assert cuts.thresholds.tolist() == [0.25, 0.75]
    costly = choose_threshold(Cost(fp=100, fn=1), np.array([0, 0, 1]), np.array([0.4, 0.6, 0.5]), model="m")
    assert (costly.threshold, costly.record.value) == (0.8 + (float(np.float32(0.6)) - 0.6) / 2, 1 / 3)
