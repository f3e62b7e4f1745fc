"""The figures of the guards are those of scikit-learn and SciPy, and a law holds of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from prisml.training.leakage import Values
from prisml.training.leakage.classes import Auc, aucs, share_decided
from prisml.training.leakage.numbers import Target, category_correlation, correlation, share_in_order
from prisml.training.leakage.values import FOLDS, Classes

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROWS = 120
NUMBERS = arrays(np.float32, ROWS, elements=st.sampled_from([float(value) for value in range(-9, 9)]))
SOME_MISSING = arrays(np.float32, ROWS, elements=st.sampled_from([np.nan, -2.0, 0.5, 1.0, 3.0, 7.0]))


def drawn(classes: int):
    """Codes of classes, 20 rows of each at least: by a seed, since to draw them one by one is slow."""

    def codes(seed: int):
        random = np.random.default_rng(seed)
        shares = random.dirichlet(np.ones(classes))
        rest = random.choice(classes, ROWS - 20 * classes, p=shares)
        return random.permutation(np.concatenate((np.repeat(np.arange(classes), 20), rest)))

    return st.integers(0, 2**32 - 1).map(codes)


LABELS, GRADES = drawn(2), drawn(3)
AMOUNTS = arrays(np.float64, ROWS, elements=st.floats(-1e6, 1e6))
ONE_FOLD = np.zeros(ROWS, dtype=np.intp)


def best_auc(values, target, folds):
    """The largest of all classes."""
    return max(auc.value for auc in aucs(values, target, folds))


@unhurried
@given(NUMBERS, LABELS)
def test_auc_of_a_number_is_scikit_learns(column, labels):
    """Rising or falling, whichever is larger."""
    wanted = roc_auc_score(labels, column)
    assert best_auc(Values.of_number(column), Classes.of(labels, 2), ONE_FOLD) == pytest.approx(max(wanted, 1 - wanted))


@unhurried
@given(NUMBERS, GRADES)
def test_auc_of_several_classes_is_the_best_of_one_against_the_rest(column, grades):
    """For each class, scikit-learn's."""
    each = [roc_auc_score(grades == code, column) for code in range(3)]
    assert best_auc(Values.of_number(column), Classes.of(grades, 3), ONE_FOLD) == pytest.approx(max(max(auc, 1 - auc) for auc in each))


@unhurried
@given(SOME_MISSING, LABELS)
def test_missing_is_a_value_that_may_stand_anywhere(column, labels):
    """The best of all places among the numbers, tried one by one with scikit-learn."""
    places = (-9.0, -1.0, 0.75, 2.0, 5.0, 9.0)
    each = [roc_auc_score(labels, np.nan_to_num(column, nan=place)) for place in places]
    found = best_auc(Values.of_number(column), Classes.of(labels, 2), ONE_FOLD)
    assert found == pytest.approx(max(max(auc, 1 - auc) for auc in each))


@unhurried
@given(arrays(np.float32, ROWS, elements=st.integers(0, 5).map(float)), LABELS, st.integers(0, 99))
def test_auc_of_a_category_is_that_of_the_rates_in_the_other_folds(codes, labels, seed):
    """Computed row by row, and ranked by scikit-learn."""
    folds = np.random.default_rng(seed).integers(0, FOLDS, ROWS)
    rate = labels.mean()
    scores = []
    for row in range(ROWS):
        others = (codes == codes[row]) & (folds != folds[row])
        scores.append((labels[others].sum() + rate) / (others.sum() + 1))
    found = best_auc(Values.of_category(codes, size=6, missing=None), Classes.of(labels, 2), folds)
    assert found == pytest.approx(roc_auc_score(labels, np.round(scores, 12)))


@unhurried
@given(NUMBERS, GRADES)
def test_share_that_is_decided_is_found_row_by_row(column, grades):
    """The likeliest class by all other rows, counted as it is written."""
    sizes = np.bincount(grades)
    right = np.zeros(3)
    for row in range(ROWS):
        others = (column == column[row]) & (np.arange(ROWS) != row)
        shares = np.bincount(grades[others], minlength=3) / sizes
        rest = np.delete(shares, grades[row])
        right[grades[row]] += shares[grades[row]] > rest.max() + 1e-12
    assert share_decided(Values.of_number(column), Classes.of(grades, 3)) == pytest.approx((right / sizes).mean())


@unhurried
@given(NUMBERS, AMOUNTS)
def test_correlation_is_the_larger_of_numpys_and_scipys(column, amounts):
    """Pearson's with clipped extremes, Spearman's by rank."""
    clipped = [np.clip(each, *np.quantile(each, (0.01, 0.99))) for each in (column.astype(np.float64), amounts)]
    # Where a column varies by rounding alone, or not at all, NumPy gives noise or NaN; squares of the smallest numbers are 0 to it.
    assume(all(np.ptp(each) > 1e-6 * np.abs(each).max() and np.ptp(each) > 1e-100 for each in clipped))
    pearson, spearman = abs(np.corrcoef(*clipped)[0, 1]), abs(spearmanr(column, amounts).statistic)
    found = correlation(Values.of_number(column), column, Target.of(amounts))
    assert found == pytest.approx(max(pearson, spearman), abs=1e-9)


@unhurried
@given(arrays(np.float64, ROWS, elements=st.integers(-(2**20), 2**20).map(float), unique=True), st.sampled_from([1, -1]))
def test_a_monotone_function_is_in_order_and_rows_at_random_are_not(amounts, sign):
    """Whatever the numbers: rank is all that counts."""
    target = Target.of(amounts)
    assert share_in_order(Values.of_number((sign * amounts).astype(np.float32)), target) == pytest.approx(1.0)
    mixed = np.random.default_rng(0).permutation(ROWS).astype(np.float32)
    assert share_in_order(Values.of_number(mixed), target) < 0.5


@unhurried
@given(AMOUNTS, st.integers(0, 99))
def test_categories_that_nobody_shares_tell_nothing_of_a_number(amounts, seed):
    """A row's own label is never used for itself."""
    folds = np.random.default_rng(seed).integers(0, FOLDS, ROWS)
    alone = Values.of_category(np.arange(ROWS, dtype=np.float32), size=ROWS, missing=None)
    assert category_correlation(alone, Target.of(amounts), folds) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("right", "wrong"), [(20, 20), (51, 58), (20, 500)])
def test_error_of_an_auc_is_what_it_varies_by(right, wrong):
    """In 4,000 draws of exponential scores, for which Hanley and McNeil derived it; what is never wrong has none."""
    random, value = np.random.default_rng(1), 0.893
    scores = random.exponential(value / (1 - value), (4_000, right, 1)) > random.exponential(1.0, (4_000, 1, wrong))
    auc = Auc.of(value, right, wrong)
    assert (auc.value - auc.surely) / 2 == pytest.approx(scores.mean(axis=(1, 2)).std(), rel=0.04)
    assert Auc.of(1.0, right, wrong).surely == 1.0
