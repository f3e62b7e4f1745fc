from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from prisml.definition import TimeSplit
from prisml.errors import NoDataError
from prisml.extraction.matrix import Dropped
from prisml.training import preflight
from prisml.training.parts import divide
from tests.support.training import Visit, extracted, visits


def found(rows, task="binary", **options):
    """The codes of the warnings, with the features they are about."""
    return {(each.code, each.feature) for each in divide(visits(task, **options), rows).warnings}


def stopped(rows, task="binary", **options):
    """What training was stopped by."""
    with pytest.raises(NoDataError) as caught:
        divide(visits(task, **options), rows)
    return caught.value


def with_column(rows, place, values):
    """The same rows with another column."""
    matrix = rows.matrix.copy()
    matrix[:, place] = values
    return replace(rows, matrix=matrix)


def with_positives(rows, count):
    """The same rows, of which so many are positive."""
    return replace(rows, labels=(np.arange(len(rows.labels)) >= count).astype(np.int32))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_rows_that_can_teach_are_let_pass(task):
    """Without a word."""
    assert found(extracted(task), task) == set()


def test_all_that_forbids_training_is_told_at_once():
    """Two features without a value and a class too rare, each with its figure and its way out."""
    rows = with_positives(with_column(with_column(extracted(), 1, np.nan), 3, -1), 6)
    error = stopped(rows)
    assert error.context["stops"] == ("too_few_rows", "too_few_held_out", "no_values", "no_values")
    for figure in (
        "has 5 rows in the training part",
        "has 1 row in the hold-out",
        "'income' has no value in the 480 rows",
        "'zip' has no value",
    ):
        assert figure in str(error)
    assert len(error.suggestions) == 4


@pytest.mark.parametrize(("positives", "allowed"), [(12, False), (13, False), (22, False), (25, True)])
def test_a_class_needs_ten_rows_to_train_and_five_held_out(positives, allowed):
    """One fewer on either side is refused."""
    rows = with_positives(extracted(), positives)
    if allowed:
        assert found(rows) <= {("rare_class", None)}
    else:
        assert set(stopped(rows).context["stops"]) <= {"too_few_rows", "too_few_held_out"}


@pytest.mark.parametrize(("count", "allowed"), [(14, False), (22, False), (25, True)])
def test_a_regression_needs_as_many(count, allowed):
    """Of rows, since it has no classes; a few more than its features are worth a word."""
    rows = extracted("regression", count)
    if allowed:
        assert found(rows, "regression") == {("few_rows", None)}
    else:
        assert "too_few_held_out" in stopped(rows, "regression").context["stops"]


def test_a_class_of_one_in_a_thousand_needs_a_hundred_rows_or_weights():
    """Its rows are enough where they are many, or where they are weighed."""
    many = extracted(rows=60_000)
    error = stopped(with_positives(many, 50))
    assert error.context["stops"] == ("rare_class",)
    assert "40 of the 48,000 rows" in str(error)
    weighted = {"algorithm": "logistic_regression", "params": {"class_weight": "balanced"}}
    assert found(with_positives(many, 50), **weighted) == set()
    assert found(with_positives(extracted(rows=200_000), 150)) == {("rare_class", None)}
    assert found(with_positives(many, 300)) == {("rare_class", None)}
    assert found(with_positives(many, 700)) == set()


def test_features_that_teach_nothing_are_named():
    """Constant, mostly missing, the same as another, or missing in the hold-out alone."""
    rows = extracted()
    assert found(with_column(rows, 1, 5.0)) == {("constant_feature", "income")}
    assert found(with_column(rows, 1, np.where(np.arange(600) % 40 == 0, rows.matrix[:, 1], np.nan))) == {("mostly_missing", "income")}
    assert found(with_column(rows, 1, rows.matrix[:, 0])) == {("duplicate_feature", "income")}
    gone = divide(visits(), rows).test.rows
    values = rows.matrix[:, 1].copy()
    values[gone] = np.nan
    assert found(with_column(rows, 1, values)) == {("missing_in_holdout", "income")}


def test_equal_codes_of_unequal_categories_are_no_duplicates():
    """Codes are only equal where they stand for the same."""
    assert found(with_column(extracted(), 3, extracted().matrix[:, 2].clip(max=2))) == set()


def test_a_label_that_is_mostly_missing_is_told():
    """Where more than half of the rows had none."""
    rows = replace(extracted(), extracted=1_300, dropped=Dropped(null_label=700))
    (warning,) = divide(visits(), rows).warnings
    assert (warning.code, warning.what) == ("missing_labels", "700 of 1,300 rows have no label and were dropped")


def test_labels_of_a_regression_are_looked_at():
    """One number for all is refused; a few that are far away from all others are told."""
    rows = extracted("regression")
    assert stopped(replace(rows, labels=np.full(600, 3.0)), "regression").context["stops"] == ("constant_label",)
    assert found(replace(rows, labels=np.exp(3 * np.random.default_rng(0).normal(size=600))), "regression") == {("long_tailed_label", None)}


def by_time(rows):
    """The same rows, each a moment newer than the one before it."""
    return replace(rows, split_values=np.arange(len(rows.labels), dtype=np.int64))


@pytest.mark.parametrize("newest", ["two classes", "one class", "few rows"])
def test_what_is_chosen_by_a_validation_part_needs_each_class_there(newest):
    """Its stop names the part and its own option."""
    rows, size = by_time(extracted("multiclass")), 0.2
    labels = rows.labels.copy()
    if newest == "few rows":
        size = 0.01
    else:
        labels[384:480] = 1 if newest == "one class" else np.arange(96) % 2
    divided = visits("multiclass", "logistic_regression", split=TimeSplit(Visit.at), calibrate="isotonic", validation_size=size)
    with pytest.raises(NoDataError, match="rows of the validation part") as caught:
        divide(divided, replace(rows, labels=labels), validation_size=size)
    assert "hold-out" not in str(caught.value)
    assert "validation_size=" in caught.value.suggestions[0]
    assert "split=" in caught.value.suggestions[0]


def test_a_rare_class_is_weighed_wherever_the_weights_are_given():
    """At the end of a Pipeline, or as a boosting library's own parameter."""
    rare = with_positives(extracted(rows=60_000), 50)
    pipeline = Pipeline([("scale", StandardScaler()), ("last", LogisticRegression(class_weight="balanced"))])
    assert found(rare, algorithm=pipeline) == set()
    assert found(rare, algorithm="xgboost", params={"scale_pos_weight": 1000}) == set()


@pytest.mark.parametrize("algorithm", ["poisson", "gamma", "tweedie"])
def test_amounts_are_not_learned_of_labels_below_zero(algorithm):
    """The stop counts them and names the algorithm."""
    error = stopped(extracted("regression"), "regression", algorithm=algorithm)
    assert error.context["stops"] == ("negative_labels",)
    assert algorithm in str(error)


def test_the_page_lists_every_code():
    """The two tables of the how-to page have each code that the source has, and no other."""
    page = (Path(__file__).parents[2] / "docs/how-to/splits-and-gates.md").read_text(encoding="utf-8")
    section = page.partition("## What is looked at before fitting")[2].partition("\n## ")[0]
    source = ast.parse(Path(preflight.__file__).read_text(encoding="utf-8"))
    words = {each.value for each in ast.walk(source) if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    codes = {each for each in words if re.fullmatch(r"[a-z]+(_[a-z]+)+", each)} - {"class_weight", "scale_pos_weight"}
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == codes
