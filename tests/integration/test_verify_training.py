"""The campaign of ``make verify-training``, short: metrics are scikit-learn's, and the campaign sees where they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benches.report import Report
from benches.training_sets import breast_cancer, customers, diabetes, penguins
from benches.verify_training import compare, search


@pytest.mark.parametrize(
    ("make", "algorithm", "metrics"),
    [
        (breast_cancer, "logistic_regression", 9),
        (breast_cancer, "gradient_boosting", 9),
        (diabetes, "ridge", 3),
        (diabetes, "hist_gradient_boosting", 3),
        (penguins, "logistic_regression", 5),
        (penguins, "random_forest", 5),
        (lambda: customers(200), "decision_tree", 9),
    ],
)
def test_metrics_of_the_engine_are_those_of_a_pipeline_written_by_hand(make, algorithm, metrics):
    """From a database, with gaps, categories and dates: each metric within 1e-6 of scikit-learn's on a DataFrame."""
    if make is penguins:
        pytest.importorskip("palmerpenguins")
    report = Report("metrics")
    compare(report, make(), algorithm)
    assert report.broken == []
    (row,) = report.rows
    assert (row["metrics"], row["algorithm"]) == (metrics, algorithm)


def test_a_search_is_not_worse_than_the_defaults():
    """The first draws of a second on real data, beside the three defaults of scikit-learn."""
    report = Report("search")
    search(report, diabetes(), 0.5)
    assert report.broken == []
    assert [str(row["model"]).partition(":")[0].partition(" ")[0] for row in report.rows] == [
        "auto",
        "Ridge",
        "RandomForest",
        "HistGradientBoosting",
    ]


def test_campaign_sees_another_model_and_other_rows():
    """A hand-written pipeline on other numbers has other metrics, and a DataFrame in another order is not the same rows."""
    data = diabetes()
    report = Report("metrics")
    compare(report, replace(data, numbers=data.numbers[:-1]), "ridge")
    assert {text.partition(":")[0] for text in report.broken} == {"diabetes, ridge"}
    report = Report("metrics")
    compare(report, replace(data, frame=data.frame.iloc[::-1].reset_index(drop=True)), "ridge")
    assert "diabetes: the DataFrame has the rows that were extracted, in order" in report.broken
