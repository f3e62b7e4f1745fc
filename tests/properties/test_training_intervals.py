from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prisml.training.evaluate import holdout_of
from prisml.training.influence import INFLUENCES
from prisml.training.intervals import difference, interval
from prisml.training.metrics import METRICS

EACH = [(task, metric) for task, metrics in METRICS.items() for metric in metrics]


def drawn(task, rows, seed, *, noise=1.0):
    """A hold-out of a model that knows something."""
    random = np.random.default_rng(seed)
    if task == "regression":
        truth = random.normal(size=rows)
        return holdout_of(truth, truth + noise * random.normal(size=rows), task=task, threshold=0.5)
    classes = 2 if task == "binary" else 3
    truth = np.concatenate((np.arange(classes), random.integers(0, classes, rows - classes)))
    scores = np.exp(np.eye(classes)[truth] + noise * random.normal(size=(rows, classes)))
    shares = np.round(scores / scores.sum(axis=1, keepdims=True), 2)
    return holdout_of(truth, shares[:, 1] if task == "binary" else shares, task=task, threshold=0.5)


@pytest.mark.parametrize(("task", "metric"), [each for each in EACH if each[1] != "median_ae"])
def test_the_influence_of_a_row_is_the_slope_of_the_metric_by_its_weight(task, metric):
    """As the metric itself shows when the row counts a little more; the rows that are added to a share are few beside 2,000."""
    rows, step = 2_000, 1e-4
    holdout = drawn(task, rows, 7)
    moved = INFLUENCES[metric](holdout).rows
    for row in range(0, rows, 97):
        more, less = np.ones(rows), np.ones(rows)
        more[row], less[row] = 1 + step, 1 - step
        slope = rows * (METRICS[task][metric](holdout, more) - METRICS[task][metric](holdout, less)) / (2 * step)
        assert moved[row] == pytest.approx(slope, rel=2e-3, abs=2e-3)


@pytest.mark.parametrize(("task", "metric"), [each for each in EACH if each[1] != "ece"])
def test_the_variance_is_that_of_a_bootstrap(task, metric):
    """Of 400 resamples of 2,000 rows, whose standard deviation is itself sure to a few per cent."""
    rows, random = 2_000, np.random.default_rng(3)
    holdout = drawn(task, rows, 11)
    resampled = [METRICS[task][metric](holdout, random.multinomial(rows, np.full(rows, 1 / rows)).astype(float)) for _ in range(400)]
    assert np.sqrt(INFLUENCES[metric](holdout).variance) == pytest.approx(np.std(resampled), rel=0.2)


def test_the_variance_of_roc_auc_is_delongs():
    """The covariance of the rows' placements, as the paper has it, of scores without a tie."""
    random = np.random.default_rng(5)
    truth = np.arange(3_000) % 2
    scores = 1 / (1 + np.exp(-(random.normal(size=3_000) + truth)))
    holdout = holdout_of(truth, scores, task="binary", threshold=0.5)
    better = scores[truth == 1][:, None] > scores[truth == 0][None, :]
    expected = better.mean(axis=1).var(ddof=1) / 1_500 + better.mean(axis=0).var(ddof=1) / 1_500
    assert INFLUENCES["roc_auc"](holdout).variance == pytest.approx(expected, rel=5e-3)


@given(st.sampled_from(EACH), st.integers(6, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0, 3.0]))
def test_an_interval_holds_the_value_and_is_the_same_each_time(each, rows, seed, noise):
    """Of any metric on any hold-out that defines it, perfect ones too, and within what the metric can be."""
    task, metric = each
    holdout = drawn(task, rows, seed, noise=noise)
    found = interval(metric, holdout)
    assert found == interval(metric, drawn(task, rows, seed, noise=noise))
    if found is None:
        return
    assert found.low <= found.value <= found.high
    if metric not in ("r2", "mae", "rmse", "mape", "median_ae", "log_loss", "brier"):
        assert 0 <= found.low <= found.high <= 1


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_the_interval_of_an_accuracy_is_that_of_a_binomial_share(rows, seed):
    """Above the end of Jeffreys; below between that and the exact one of Clopper and Pearson, as SciPy has it."""
    random = np.random.default_rng(seed)
    truth, labels = (np.append(random.integers(0, 2, rows), [0, 1]) for _ in range(2))
    holdout = holdout_of(truth, labels.astype(float), task="binary", threshold=0.5)
    right, size = int((truth == labels).sum()), rows + 2
    found = interval("accuracy", holdout)
    high = stats.beta.ppf(0.975, right + 0.5, size - right + 0.5)
    low = stats.beta.ppf(0.025, right + 0.5, size - right + 0.5) if right else 0.0
    assert stats.binomtest(right, size).proportion_ci(0.95).low - 1e-9 <= found.low <= low + 1e-9
    assert found.high == pytest.approx(high if right < size else 1.0, abs=1e-9)


def test_a_model_of_which_nothing_came_true_is_not_known_to_be_worthless():
    """Ten positives and none found: F1 may well be 0.2."""
    truth = np.array([1] * 10 + [0] * 190)
    holdout = holdout_of(truth, np.full(200, 0.1), task="binary", threshold=0.5)
    found = interval("f1", holdout)
    assert found.value == found.low == 0
    assert 0.2 < found.high < 0.6


def test_the_interval_of_a_median_is_that_of_its_ranks():
    """Whatever the distribution: of a hundred errors about the fortieth and the sixtieth."""
    truth = np.arange(1.0, 101.0)
    found = interval("median_ae", holdout_of(truth, np.zeros(100), task="regression", threshold=0.5))
    assert (found.low, found.value, found.high) == (40.0, 50.5, 61.0)


@pytest.mark.parametrize(("task", "metric"), EACH)
def test_a_model_does_not_differ_from_itself(task, metric):
    """Neither in value nor at the ends."""
    holdout = drawn(task, 100, 2)
    found = difference(metric, holdout, holdout)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("task", "metric"), [each for each in EACH if each[0] != "regression"])
@pytest.mark.parametrize("code", [0, 1])
def test_rows_of_one_class_give_finite_ends_or_none(task, metric, code):
    """Whether the labels given are right, wrong or mixed."""
    some, right = drawn(task, 30, 2), drawn(task, 30, 2, noise=0.0)
    truth = np.full(30, code)
    for model in (holdout_of(truth, each.predicted, task=task, threshold=0.5) for each in (some, right)):
        only = replace(model, labels=np.full(30, code))
        found = [interval(metric, model), interval(metric, only), difference(metric, model, only), difference(metric, only, model)]
        assert all(np.isfinite(list(each.model_dump(exclude_none=True).values())).all() for each in found if each is not None)


@pytest.mark.parametrize("positives", [1, 2, 3, 4, 5])
def test_few_positives_do_not_tell_models_apart(positives):
    """Of two models that rank equally well, with most of what they err in common, 0 is missed in one of 20 hold-outs at most."""
    random, missed = np.random.default_rng(positives), 0
    truth = (np.arange(100) < positives).astype(int)
    for _ in range(80):
        common = random.normal(size=100)
        new, old = (1 / (1 + np.exp(-(2 * common + random.normal(size=100) + 2 * truth))) for _ in range(2))
        found = difference("roc_auc", *(holdout_of(truth, each, task="binary", threshold=0.5) for each in (new, old)))
        missed += not found.low <= 0 <= found.high
    assert missed <= 4


def test_models_that_differ_are_never_told_apart_for_sure():
    """Where both rank one positive perfectly, or every row differs by as much, nothing tells how sure the difference is."""
    truth = np.array([1, *[0] * 19])
    new, old = (holdout_of(truth, np.where(truth == 1, 0.9, low), task="binary", threshold=0.5) for low in (0.1, 0.2))
    found = difference("roc_auc", new, old)
    assert found.value == 0
    assert found.low < -0.1
    assert found.high > 0.1
    losses = [holdout_of(np.zeros(4), np.full(4, error), task="regression", threshold=0.5) for error in (1.0, 2.0)]
    apart = difference("mae", *losses)
    assert (apart.value, apart.low, apart.high) == (-1.0, None, None)


@pytest.mark.parametrize(("task", "metric"), EACH)
def test_a_difference_turns_with_its_models(task, metric):
    """What one has more, the other has less, and as surely."""
    one, other = drawn(task, 200, 2), drawn(task, 200, 2, noise=1.5)
    there, back = difference(metric, one, other), difference(metric, other, one)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.low <= there.value <= there.high


def test_models_that_err_alike_are_told_apart_more_surely():
    """On the same rows, what both have in common is not counted as chance."""
    random = np.random.default_rng(1)
    truth = random.normal(size=500)
    errors = random.normal(size=500)
    old = holdout_of(truth, truth + errors, task="regression", threshold=0.5)
    new = holdout_of(truth, truth + 0.9 * errors, task="regression", threshold=0.5)
    found = difference("mae", new, old)
    apart = [interval("mae", each) for each in (new, old)]
    assert found.high < 0
    assert apart[0].high > apart[1].low
    assert found.value == pytest.approx(apart[0].value - apart[1].value)


def test_the_difference_of_two_means_is_students():
    """Of errors that differ by a normal number, nearly that of a paired t-test."""
    random = np.random.default_rng(4)
    old, new = random.normal(5, 1, 400), random.normal(4.8, 1, 400)
    found = difference("mae", *(holdout_of(np.zeros(400), each, task="regression", threshold=0.5) for each in (new, old)))
    expected = stats.ttest_rel(new, old).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.01)
