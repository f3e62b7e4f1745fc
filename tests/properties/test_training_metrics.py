from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from prisml.training.evaluate import evaluate, holdout_of
from prisml.training.metrics import METRICS


@st.composite
def cases(draw, classes):
    """A hold-out with ties among its scores, and a count for each row."""
    rows = draw(st.integers(classes * 2, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = np.concatenate((np.arange(classes), np.arange(classes), random.integers(0, max(classes, 1), rows - classes * 2)))
    counts = random.integers(0, 4, rows).astype(np.float64)
    counts[:classes] = 1
    return truth.astype(np.intp), random, rows, counts


def close(task, name, holdout, counts, expected):
    """Whether our metric gives what the reference gives."""
    assert METRICS[task][name](holdout, counts) == pytest.approx(expected, rel=1e-9, abs=1e-12), name


def gap_by_bins(said, came_true, counts):
    """The expected calibration error as pandas counts it in ten bins, the upper border in each."""
    table = pd.DataFrame({"bin": pd.cut(said, np.arange(11) / 10, include_lowest=True), "said": said, "true": came_true, "count": counts})
    gaps = table.groupby("bin", observed=True)[["said", "true", "count"]].apply(
        lambda rows: abs(((rows.true - rows.said) * rows["count"]).sum())
    )
    return gaps.sum() / counts.sum()


@settings(deadline=None, max_examples=30)
@given(cases(2), st.sampled_from([0.2, 0.5]))
def test_binary_metrics_are_those_of_scikit_learn(case, threshold):
    """With ties, with a row counted several times or not at all, at any threshold."""
    truth, random, rows, counts = case
    predicted = random.integers(0, 11, rows) / 10
    holdout = holdout_of(truth, predicted, task="binary", threshold=threshold)
    labels, weights = predicted > threshold, {"sample_weight": counts}
    found = {
        "accuracy": reference.accuracy_score(truth, labels, **weights),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, labels, **weights),
        "precision": reference.precision_score(truth, labels, zero_division=0, **weights),
        "recall": reference.recall_score(truth, labels, **weights),
        "f1": reference.f1_score(truth, labels, zero_division=0, **weights),
        "roc_auc": reference.roc_auc_score(truth, predicted, **weights),
        "average_precision": reference.average_precision_score(truth, predicted, **weights),
        "log_loss": reference.log_loss(truth, predicted, **weights),
        "brier": reference.brier_score_loss(truth, predicted, **weights),
        "ece": gap_by_bins(predicted, truth == 1, counts),
    }
    assert found.keys() == METRICS["binary"].keys()
    for name, expected in found.items():
        close("binary", name, holdout, counts, expected)


@settings(deadline=None, max_examples=30)
@given(cases(3))
def test_multiclass_metrics_are_those_of_scikit_learn(case):
    """Each class against the rest, each class counting the same."""
    truth, random, rows, counts = case
    predicted = random.dirichlet(np.ones(3), rows)
    holdout = holdout_of(truth, predicted, task="multiclass", threshold=0.5)
    labels, weights, every = predicted.argmax(axis=1), {"sample_weight": counts}, [0, 1, 2]
    present = np.unique(np.concatenate((truth[counts > 0], labels[counts > 0])))
    scores = {"precision": reference.precision_score, "recall": reference.recall_score, "f1": reference.f1_score}
    averaged = {
        f"{name}_{average}": score(truth, labels, average=average, labels=present, zero_division=0, **weights)
        for average in ("macro", "weighted")
        for name, score in scores.items()
    }
    found = {
        "accuracy": reference.accuracy_score(truth, labels, **weights),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, labels, **weights),
        **averaged,
        "roc_auc_ovr": reference.roc_auc_score(truth, predicted, multi_class="ovr", average="macro", labels=every, **weights),
        "roc_auc_ovr_weighted": reference.roc_auc_score(truth, predicted, multi_class="ovr", average="weighted", labels=every, **weights),
        "log_loss": reference.log_loss(truth, predicted, labels=every, **weights),
        "brier": np.average(((predicted - np.eye(3)[truth]) ** 2).sum(axis=1), weights=counts),
        "ece": gap_by_bins(predicted.max(axis=1), labels == truth, counts),
    }
    assert found.keys() == METRICS["multiclass"].keys()
    for name, expected in found.items():
        close("multiclass", name, holdout, counts, expected)


@given(cases(1))
def test_regression_metrics_are_those_of_scikit_learn(case):
    """A row that is counted twice weighs as two rows."""
    _, random, rows, counts = case
    truth, predicted = random.normal(size=rows), random.normal(size=rows)
    counts[:2] += 1
    holdout = holdout_of(truth, predicted, task="regression", threshold=0.5)
    often = np.repeat(np.arange(rows), counts.astype(int))
    pair = truth[often], predicted[often]
    found = {
        "mae": reference.mean_absolute_error(*pair),
        "rmse": reference.root_mean_squared_error(*pair),
        "mape": reference.mean_absolute_percentage_error(*pair),
        "r2": reference.r2_score(*pair),
        "median_ae": reference.median_absolute_error(*pair),
    }
    assert found.keys() == METRICS["regression"].keys()
    for name, expected in found.items():
        close("regression", name, holdout, counts, expected)


@given(cases(2))
def test_the_baseline_guesses_the_majority_with_the_classes_shares(case):
    """From the training labels alone; it ranks nothing."""
    truth, random, rows, _ = case
    train = np.array([0] * 7 + [1] * 3)
    holdout = holdout_of(truth, random.random(rows), task="binary", threshold=0.5)
    baseline = evaluate(holdout, train, task="binary").baseline
    assert baseline["accuracy"] == pytest.approx(np.mean(truth == 0))
    assert baseline["log_loss"] == pytest.approx(reference.log_loss(truth, np.full(rows, 0.3)))
    assert baseline["roc_auc"] == pytest.approx(0.5)


def test_a_metric_that_the_hold_out_does_not_define_is_left_out():
    """R2 of labels that are all the same."""
    holdout = holdout_of(np.ones(4), np.arange(4.0), task="regression", threshold=0.5)
    found = evaluate(holdout, np.ones(4), task="regression")
    assert "r2" not in found.metrics
    assert "mae" in found.metrics
