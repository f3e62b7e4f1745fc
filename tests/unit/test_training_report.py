"""The report that training makes, beside what scikit-learn gives."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from prisml import Engine
from prisml.errors import ArtifactError
from prisml.report import Curve, read_report
from prisml.training.fit import fit
from prisml.training.holdout import Holdout
from prisml.training.parts import divide
from prisml.training.report.curves import MOST_POINTS, class_reports, confusion
from prisml.training.report.importance import MOST_PREDICTIONS, REPEATS, measure
from prisml.training.report.thin import corners
from tests.support.reports import FIRST_KEY, candidate, trained, wide, with_keys
from tests.support.training import extracted, visits

TASKS = ("binary", "multiclass", "regression")


def holdout(rows: int, *, distinct: int, seed: int = 0) -> Holdout:
    """Labels, and probabilities that know something of them, of which some are equal."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, rows)
    predicted = np.round(np.clip(random.normal(0.35 + 0.3 * truth, 0.2), 0.01, 0.99) * distinct) / distinct
    return Holdout(truth, predicted, (predicted > 0.5).astype(np.intp), 2)


@pytest.mark.parametrize(("rows", "distinct"), [(60, 20), (5_000, 100_000)])
def test_curves_are_scikit_learns(rows: int, distinct: int):
    """Every corner kept is one of scikit-learn's, with its threshold, and what is left out moves the area by less than 0.001."""
    held = holdout(rows, distinct=distinct)
    (made,) = class_reports(held, (False, True))
    assert made.roc is not None
    assert made.precision_recall is not None
    false, true, thresholds = roc_curve(held.truth, held.predicted, drop_intermediate=False)
    _is_part(made.roc, false, true, thresholds)
    assert auc(made.roc.x, made.roc.y) == pytest.approx(roc_auc_score(held.truth, held.predicted), abs=1e-3)
    precision, recall, cuts = precision_recall_curve(held.truth, held.predicted)
    _is_part(made.precision_recall, recall[::-1], precision[::-1], np.append(np.inf, cuts[::-1]))
    assert auc(made.precision_recall.x, made.precision_recall.y) == pytest.approx(auc(recall, precision), abs=1e-3)
    assert 5 < len(made.roc.x) <= MOST_POINTS
    assert (made.roc.x[0], made.roc.y[0], made.roc.x[-1], made.roc.y[-1]) == (0, 0, 1, 1)


def _is_part(curve: Curve, x: np.ndarray, y: np.ndarray, thresholds: np.ndarray) -> None:
    theirs = {round(float(cut), 5): (float(left), float(up)) for left, up, cut in zip(x, y, thresholds, strict=True)}
    for left, up, cut in zip(curve.x, curve.y, curve.thresholds, strict=True):
        assert theirs[round(np.inf if cut is None else cut, 5)] == pytest.approx((left, up), abs=2e-6)


def test_calibration_and_confusion_are_scikit_learns():
    """The bins of ``calibration_curve``, and the counts of ``confusion_matrix``."""
    held = holdout(3_000, distinct=100_000)
    (made,) = class_reports(held, (False, True))
    came_true, said = calibration_curve(held.truth, held.predicted, n_bins=10)
    assert made.calibration.said == pytest.approx(said, abs=2e-6)
    assert [share.value for share in made.calibration.came_true] == pytest.approx(came_true, abs=2e-6)
    assert sum(made.calibration.rows) == 3_000
    for share in made.calibration.came_true:
        assert share.low is not None
        assert share.high is not None
        assert share.low <= share.value <= share.high
    assert np.array_equal(confusion(held, (False, True)).counts, confusion_matrix(held.truth, held.labels))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=80), st.integers(2, 20))
@settings(max_examples=60, deadline=None)
def test_a_thinned_curve_keeps_its_ends(points: list[tuple[float, float]], most: int):
    """At most as many points as asked for, in their order, the first and the last among them; all where all are needed."""
    x, y = np.array(sorted(point[0] for point in points)), np.array([point[1] for point in points])
    kept = corners(x, y, most)
    assert len(kept) <= most
    assert kept[0] == 0
    assert kept[-1] == len(x) - 1
    assert np.all(np.diff(kept) > 0)
    straight = np.linspace(0, 1, 50)
    assert corners(straight, 2 * straight, most).tolist() == [0, 49]


@pytest.mark.parametrize("task", TASKS)
def test_equal_training_makes_an_equal_report(task):
    """The same text twice, which the manifest's SHA-256 is of and which is read back as it was."""
    made = candidate(task)
    again = trained(task)
    assert made.artifact.report_text is not None
    assert again.artifact.report_text == made.artifact.report_text
    assert again.artifact.digest == made.artifact.digest
    assert read_report(made.artifact.report_text) == made.report


@pytest.mark.parametrize("task", TASKS)
def test_everything_is_told_of_every_task(task):
    """Importances of all features, dependences of four, slices of those with categories, the worst rows and the data."""
    report = candidate(task).report
    assert report is not None
    assert report.importances is not None
    assert {each.feature for each in report.importances.features} == {"age", "income", "country", "zip", "member"}
    assert report.importances.features[0].feature == "income"
    assert [each.feature for each in report.dependences] == [each.feature for each in report.importances.features[:4]]
    assert report.slices is not None
    assert {each.feature for each in report.slices.features} == {"country", "zip", "member"}
    assert (report.residuals is not None) == (task == "regression")
    assert len(report.classes) == {"binary": 1, "multiclass": 3, "regression": 0}[task]
    assert len(report.worst) == 20


def test_the_worst_errors_are_told_by_key_alone():
    """The rows with the largest errors of the engine's own predictions, by their keys; nothing else of a row is there."""
    made, rows = candidate("binary"), with_keys(extracted("binary", 1_500))
    data = divide(visits("binary", "hist_gradient_boosting"), rows)
    predicted = np.asarray(Engine.from_artifact(made.artifact).predict_encoded(data.test.matrix).values)
    errors = np.abs(predicted - data.test.target.astype(float))
    worst = np.argsort(-errors, kind="stable")[:20]
    assert made.report is not None
    assert [miss.key for miss in made.report.worst] == [(str(FIRST_KEY + data.test.rows[place]),) for place in worst]
    assert [miss.error for miss in made.report.worst] == pytest.approx(errors[worst], abs=1e-5)
    assert set(json.loads(made.report.worst[0].model_dump_json())) == {"key", "error"}


def test_no_value_of_a_row_is_in_the_report():
    """Of 300 incomes held out, each with eight digits, none stands in the text, nor does any label."""
    rows = extracted("regression", 1_500)
    data = divide(visits("regression", "decision_tree"), rows)
    text = trained("regression", "decision_tree").artifact.report_text
    assert text is not None
    income = [item.name for item in data.inputs].index("income")
    private = [*data.test.matrix[:, income].tolist(), *data.test.target.tolist()]
    assert len(private) == 600
    assert not any(f"{value:.6g}" in text for value in private)


def test_a_report_of_many_features_is_small():
    """200 features with long names and long categories: below 150 KB, and what is not shown is counted."""
    made = fit(*wide(200))
    assert made.report is not None
    assert made.artifact.report_text is not None
    assert len(made.artifact.report_text.encode()) < 150_000
    assert made.report.profile.left_out == 150
    assert made.report.importances is not None
    assert made.report.importances.left_out == 150
    assert made.report.importances.features[0].feature.startswith("feature_0_")


def test_the_cost_of_importances_is_bounded():
    """However many features and rows there are, not many more rows are predicted than the bound."""
    asked: list[int] = []

    def predict(matrix):
        asked.append(len(matrix))
        return np.clip(matrix[:, 0].astype(np.float64), 0, 1)

    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 20_000)
    matrix = np.column_stack((truth * 0.5 + random.random(20_000) / 2, random.random((20_000, 39)))).astype(np.float32)
    held = Holdout(truth, predict(matrix), truth.astype(np.intp), 2)
    asked.clear()
    found = measure(predict, matrix, held, task="binary", seed=1)
    assert found is not None
    assert sum(asked) <= MOST_PREDICTIONS
    assert len(asked) == 40 * REPEATS
    assert found.order[0] == 0
    assert all(loss.value == 0 for loss in found.losses[1:])


def test_an_importance_holds_what_an_own_shuffle_gives():
    """What scikit-learn's AUC loses in 20 shuffles of another generator lies within the interval of the strongest feature."""
    made, rows = candidate("binary"), with_keys(extracted("binary", 1_500))
    data = divide(visits("binary", "hist_gradient_boosting"), rows)
    engine = Engine.from_artifact(made.artifact)
    place = [item.name for item in data.inputs].index("income")

    def score(matrix: np.ndarray) -> float:
        return float(roc_auc_score(data.test.target, np.asarray(engine.predict_encoded(matrix).values)))

    lost = []
    for seed in range(20):
        shuffled = data.test.matrix.copy()
        shuffled[:, place] = np.random.default_rng(seed).permutation(shuffled[:, place])
        lost.append(score(data.test.matrix) - score(shuffled))
    assert made.report is not None
    assert made.report.importances is not None
    loss = made.report.importances.features[0].loss
    assert loss.low is not None
    assert loss.high is not None
    assert loss.low < np.mean(lost) < loss.high


@pytest.mark.parametrize(
    ("text", "said"),
    [("nothing", "not a JSON object"), ('{"format": 2}', "has format 2; this release reads 1"), ('{"format": 1}', "damaged at name")],
)
def test_a_report_that_cannot_be_read_is_refused(text: str, said: str):
    """The error says what is wrong and names no value."""
    with pytest.raises(ArtifactError, match=said):
        read_report(text)


def test_rows_without_keys_have_no_worst_errors():
    """Where nobody kept the keys the rest is there."""
    report = fit(visits("binary", "decision_tree"), replace(extracted("binary", 600), keys=None)).report
    assert report is not None
    assert report.worst == ()
    assert report.importances is not None
