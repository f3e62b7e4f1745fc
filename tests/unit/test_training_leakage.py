"""What the guards find in the training part, and what they leave in peace."""

from __future__ import annotations

import re

import numpy as np
import pytest

from prisml.manifest import Input
from prisml.training.leakage import find_leaks

NUMBER = Input(name="f", kind="number", origin="column", dtype="float")


def category(count: int, **given) -> Input:
    """A category of so many values, with a code of its own for missing."""
    return Input(
        name="f",
        kind="category",
        origin="column",
        dtype="str",
        missing="code",
        categories=tuple(f"value {code}" for code in range(count)),
        missing_code=count,
        **given,
    )


def found(item: Input, column, target, task="binary") -> list[str]:
    """What is said of the one feature."""
    count = 0 if task == "regression" else int(np.max(target)) + 1
    matrix = np.asarray(column, dtype=np.float32).reshape(-1, 1)
    return list(map(str, find_leaks((item,), matrix, np.asarray(target), task=task, class_count=count, seed=3)))


@pytest.fixture
def random():
    """The same for each test."""
    return np.random.default_rng(11)


@pytest.mark.parametrize("rare", [0.5, 0.02])
def test_copy_of_two_classes_is_named_with_its_share(random, rare):
    """However rare the positive class is, since each class weighs alike."""
    label = (random.random(5_000) < rare).astype(int)
    copy = np.where(random.random(5_000) < 0.005, 1 - label, label)
    (said,) = found(NUMBER, copy * 3 + 1, label)
    assert re.fullmatch(r"label_copy: feature 'f' decides the class of 99\.\d % of the rows, each class weighed alike\.", said)
    (said,) = found(category(2), copy, label)
    assert said.startswith("label_copy")


def test_number_above_a_bound_is_a_single_feature(random):
    """A label that is ``amount > 0``, with a number that is never the same twice."""
    amount = random.normal(size=2_000)
    assert found(NUMBER, amount, (amount > 0).astype(int)) == ["single_feature: feature 'f' alone ranks the classes with ROC AUC 1.0000."]


def test_feature_that_is_there_for_one_class_only(random):
    """A date of cancellation, say: that it is missing gives the label away."""
    label = (random.random(1_000) < 0.3).astype(int)
    amount = random.normal(size=1_000)
    (said,) = found(NUMBER, np.where(label, amount, np.nan), label)
    assert said.startswith("single_feature")
    (said,) = found(category(4), np.where(label, random.integers(0, 4, 1_000), 4), label)
    assert said.startswith("label_copy")


@pytest.mark.parametrize("item", [NUMBER, category(2)])
def test_copy_that_is_often_missing(random, item):
    """It is judged where it is there, too."""
    label = (random.random(1_000) < 0.3).astype(int)
    gone = np.nan if item is NUMBER else 2
    assert found(item, np.where(random.random(1_000) < 0.4, gone, label), label) == [
        "label_copy: feature 'f' decides the class of 100 % of the rows, each class weighed alike."
    ]


def test_ranking_is_judged_where_it_is_sure(random):
    """The same feature of AUC 0.985 or so is refused in many rows, and not in a hundred."""
    label = np.arange(40_000) % 2
    strong = label + random.normal(size=40_000) / 3.1
    (said,) = found(NUMBER, strong, label)
    assert re.fullmatch(r"single_feature: feature 'f' alone ranks the classes with ROC AUC 0\.98\d\d\.", said)
    few = [found(NUMBER, strong[start : start + 100], label[start : start + 100]) for start in range(0, 40_000, 100)]
    assert sum(map(bool, few)) < 0.2 * len(few)


def test_feature_that_knows_one_class_of_several(random):
    """It is told that a class is ranked, and not which: its name is data."""
    grade = random.integers(0, 4, 4_000)
    (said,) = found(NUMBER, np.where(grade == 2, 5, 0) + random.normal(size=4_000), grade)
    assert re.fullmatch(r"single_feature: feature 'f' alone ranks one class and the rest with ROC AUC 0\.99\d\d\.", said)


def test_number_that_is_a_monotone_function_of_the_label(random):
    """Bent as it may be, and with a tenth of it missing."""
    label = random.normal(size=3_000)
    bent = np.where(random.random(3_000) < 0.1, np.nan, np.exp(-label))
    assert found(NUMBER, bent, label, "regression") == ["label_copy: feature 'f' decides the label of 100 % of the rows."]


def test_category_that_decides_a_number(random):
    """A price list: the price of each plan."""
    plan = random.integers(0, 12, 3_000)
    assert found(category(12), plan, random.normal(size=12)[plan], "regression") == [
        "label_copy: feature 'f' decides the label of 100 % of the rows."
    ]


def test_nearly_a_line_is_a_single_feature(random):
    """With its correlation."""
    label = random.normal(size=3_000)
    (said,) = found(NUMBER, 2 * label + 0.2 * random.normal(size=3_000), label, "regression")
    assert re.fullmatch(r"single_feature: feature 'f' alone has a correlation of 0\.99\d\d with the label\.", said)


def test_one_enormous_row_makes_no_correlation(random):
    """The largest customer has the largest of both numbers, and all others nothing in common."""
    one, other = random.normal(size=(2, 1_000))
    one[7], other[7] = 1e6, 1e6
    assert np.corrcoef(one, other)[0, 1] > 0.999
    assert found(NUMBER, one, other, "regression") == []


def test_two_columns_that_are_nearly_always_zero_have_nothing_in_common(random):
    """What everybody would guess counts as no knowledge."""
    one, other = (np.where(random.random(5_000) < 0.99, 0, random.normal(size=5_000)) for _ in range(2))
    assert found(NUMBER, one, other, "regression") == []


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_category_whose_values_are_nearly_all_distinct(random, task):
    """Told once, with how many there are; rows that lack it do not count."""
    codes = np.where(random.random(1_000) < 0.3, 1_000, np.arange(1_000))
    rows = int((codes < 1_000).sum())
    label = random.integers(0, 2, 1_000) if task == "binary" else random.normal(size=1_000)
    assert found(category(1_000), codes, label, task) == [f"identifier: feature 'f' has {rows:,} different categories in {rows:,} rows."]


def test_numbers_that_rise_with_the_rows_are_no_identifier(random):
    """All distinct and rising is what a measurement may be; only the mapping tells that a number is a key."""
    assert found(NUMBER, np.arange(2_000), random.integers(0, 2, 2_000)) == []


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_too_few_rows_are_not_judged(task):
    """Below 50 a copy may be a chance."""
    label = np.arange(200) % (2 if task == "binary" else 3 if task == "multiclass" else 200)
    assert found(NUMBER, label[:49], label[:49], task) == []
    assert found(NUMBER, label[:50], label[:50], task) != []


@pytest.mark.parametrize("rows", [50, 80, 150, 400])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_features_that_know_nothing_are_left_in_peace(random, task, rows):
    """A thousand columns of noise, numbers and categories with few and with many values, in small samples."""
    for _ in range(250):
        label = random.normal(size=rows) if task == "regression" else random.integers(0, 3 if task == "multiclass" else 2, rows)
        if task == "binary":
            label = (random.random(rows) < random.choice([0.1, 0.25, 0.5])).astype(int)
        for item, column in (
            (NUMBER, random.normal(size=rows)),
            (NUMBER, np.where(random.random(rows) < 0.5, np.nan, random.poisson(1, rows))),
            (category(2), random.integers(0, 2, rows)),
            (category(rows // 2), random.integers(0, rows // 2, rows)),
        ):
            assert found(item, column, label, task) == []
