"""Training through the production engine, from extracted rows to a candidate."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import onnx
import pytest

from prisml import Engine
from prisml.definition import Feature, Gate, GroupSplit, TimeSplit, days_since, define_model, hour_of, resolver
from prisml.errors import NoDataError, ParityError, PrisMLError
from prisml.manifest import Rows
from prisml.training.fit import fit
from tests.support.exported import Exported
from tests.support.shop import Customer
from tests.support.training import EVERY, OTHERS, Visit, extracted, visits

ROOT = Path(__file__).parents[2]
ROW = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}


@pytest.mark.parametrize(("task", "algorithm"), EVERY)
def test_each_algorithm_equals_scikit_learn_in_the_production_engine(task, algorithm):
    """Hold-out and edge rows within the tolerance, no label flipped, and the manifest says so."""
    manifest = fit(visits(task, algorithm), extracted(task)).artifact.manifest
    assert manifest.parity.rows == manifest.rows.test == 120
    assert manifest.parity.edge_rows > 250
    assert manifest.parity.max_difference <= manifest.parity.tolerance
    assert manifest.parity.label_flips == 0
    if task != "regression":
        assert manifest.parity.max_difference < 1e-6


@pytest.mark.parametrize(("task", "algorithm"), EVERY)
def test_golden_rows_are_what_onnx_runtime_answers(task, algorithm, monkeypatch: pytest.MonkeyPatch):
    """16 made-up rows that any later engine can be held against: every feature missing in one, categories unseen in another."""
    artifact = fit(visits(task, algorithm), extracted(task)).artifact
    golden = artifact.manifest.golden
    assert len(golden) == 16
    for name in ROW:
        assert any(row.features[name] is None for row in golden)
    assert any(row.features["country"] == "unseen" for row in golden)
    assert len({row.expected for row in golden}) > 2
    for scorer, tolerance in (("onnx", 0.0), ("auto", 1e-6)):
        monkeypatch.setenv("PRISML_SCORER", scorer)
        engine = Engine.from_artifact(artifact)
        assert engine.health().notes == ()
        for row in golden:
            prediction = engine.predict(row.features)
            answer = tuple(prediction.probabilities.values()) if task == "multiclass" else (prediction.value,)
            largest = max(1.0, *(abs(number) for each in golden for number in each.expected))
            assert answer == pytest.approx(row.expected, rel=0, abs=tolerance * largest)


@pytest.mark.parametrize("algorithm", ["logistic_regression", "hist_gradient_boosting"])
def test_golden_rows_hold_no_number_of_the_training_rows_that_the_graph_does_not_hold(algorithm):
    """Scaled data gives golden rows that are not found in it: they follow from weights and thresholds alone."""
    rows = extracted()
    rows.matrix[:, 1] += np.random.default_rng(5).random(len(rows.matrix), dtype=np.float32)
    artifact = fit(visits(algorithm=algorithm), rows).artifact
    incomes = {float(income) for income in rows.matrix[:, 1]}
    thresholds = {
        float(value) for node in onnx.load_from_string(artifact.onnx).graph.node for each in node.attribute for value in each.floats
    }
    told = {row.features["income"] for row in artifact.manifest.golden} - thresholds
    assert not told & incomes


def test_a_large_forest_passes_and_is_held_against_its_golden_rows():
    """What ONNX Runtime rounds of 400 trees keeps nobody from publishing, and no engine from answering natively."""
    definition = visits(algorithm="random_forest", params={"n_estimators": 400, "max_depth": 6})
    artifact = fit(definition, extracted()).artifact
    assert artifact.manifest.parity.label_flips == 0
    assert Engine.from_artifact(artifact).health().notes == ()


def test_a_transform_with_a_zone_is_trained():
    """The clock of a time zone stands in the manifest, and is none of the graph that is compared with scikit-learn."""
    data = extracted()
    one = replace(data, matrix=data.matrix[:, :1], categories=(None,))
    artifact = fit(visits(features={"hour": hour_of(Visit.at, tz="Asia/Tokyo")}), one).artifact
    assert artifact.manifest.inputs[0].zone == "Asia/Tokyo"


def test_a_uuid_is_trained():
    """The made-up rows of a UUID feature hold UUIDs, one of which training has not seen."""
    data, tokens = extracted(), tuple(str(UUID(int=number)) for number in range(5))
    one = replace(data, matrix=data.matrix[:, 2:3], categories=(tokens,))
    definition = define_model(Customer, output="p", label=Customer.churned, features={"token": Customer.token}, name="tokens")
    assert set(fit(definition, one).artifact.manifest.inputs[0].categories or ()) <= set(tokens)


def test_the_key_of_the_entity_is_kept():
    """The manifest names the primary key by its attributes, so that an engine without the definition can assign a row."""
    assert fit(visits(), extracted("binary")).artifact.manifest.key == visits().key == ("id",)


def test_the_value_is_the_probability_of_the_positive_class():
    """Whichever class appeared first, and whichever is named positive."""
    rows = extracted("binary")
    bought = fit(visits(), rows).artifact
    assert bought.manifest.classes == (False, True)
    words = replace(rows, label_values=("yes", "no"), split_values=np.arange(len(rows.matrix), dtype=np.int64))
    options = {"label": Visit.grade, "algorithm": "logistic_regression", "split": TimeSplit(Visit.at)}
    chosen = {positive: fit(visits(positive=positive, **options), words).artifact for positive in ("yes", "no")}
    assert {positive: artifact.manifest.classes for positive, artifact in chosen.items()} == {"yes": ("no", "yes"), "no": ("yes", "no")}
    values = {positive: Engine.from_artifact(artifact).predict(ROW).value for positive, artifact in chosen.items()}
    assert values["yes"] > 0.5
    assert values["yes"] + values["no"] == pytest.approx(1)


def test_the_manifest_tells_how_it_was_trained():
    """Rows, split, parameters, metrics with intervals beside the baseline, versions of the libraries."""
    definition = visits(algorithm="random_forest", gates=[Gate("roc_auc", min=0.5)], threshold=0.4)
    manifest = fit(definition, extracted()).artifact.manifest
    assert manifest.rows == Rows(extracted=603, dropped_null_label=3, train=480, test=120)
    assert manifest.split == {"kind": "random", "test_size": 0.2}
    assert (manifest.estimator, manifest.parameters["n_estimators"], manifest.parameters["random_state"]) == (
        "RandomForestClassifier",
        10,
        7,
    )
    assert (manifest.threshold, manifest.entity, manifest.output) == (0.4, "Visit", "predicted")
    assert manifest.metrics["roc_auc"].value > 0.7 > manifest.baseline["roc_auc"]
    assert all(each.low <= each.value <= each.high for each in manifest.metrics.values())
    assert {"scikit-learn", "onnx", "numpy"} <= manifest.libraries.keys()


def test_metrics_are_those_of_the_engines_labels():
    """At the definition's threshold, not at one half."""
    rows = extracted()
    low, high = (fit(visits(threshold=threshold, algorithm="logistic_regression"), rows).artifact.manifest for threshold in (0.1, 0.9))
    assert low.model_sha256 == high.model_sha256
    assert low.metrics["recall"].value > high.metrics["recall"].value


def test_a_failed_gate_is_a_verdict_and_hides_no_other():
    """The candidate did not pass; what it reached is told for every gate."""
    candidate = fit(visits(gates=[Gate("accuracy", min=0.999), Gate("accuracy", better_than="baseline")]), extracted())
    assert [verdict.passed for verdict in candidate.verdicts] == [False, True]
    assert not candidate.passed
    assert candidate.artifact.manifest.gates == candidate.verdicts


def test_what_is_held_out_leaves_no_trace_in_the_graph():
    """Other numbers, other categories and other labels in the hold-out: the same bytes are fitted."""
    rows = extracted()
    times = np.arange(len(rows.matrix), dtype=np.int64)
    rows = replace(rows, split_values=times)
    matrix, labels = rows.matrix.copy(), rows.labels.copy()
    matrix[480:] = np.array([1e6, -5.0, 3, 0, 1], dtype=np.float32)
    labels[480:] = np.arange(120) % 2
    for algorithm in ("logistic_regression", "hist_gradient_boosting"):
        definition = visits(algorithm=algorithm, split=TimeSplit(Visit.at, test_size=0.2))
        one, other = (fit(definition, each).artifact.manifest for each in (rows, replace(rows, matrix=matrix, labels=labels)))
        assert one.metrics != other.metrics
        assert one.model_sha256 == other.model_sha256
        assert one.inputs == other.inputs


FRESH = """
import sys
from prisml.training.fit import fit
from tests.support.exported import Exported
from tests.support.shop import Customer
from tests.support.training import extracted, visits
for algorithm in sys.argv[1:]:
    print(fit(visits(algorithm=algorithm), extracted()).artifact.digest)
"""


def test_the_same_data_and_seed_give_the_same_digest_in_another_process():
    """Nothing of the day, the process or the order of its memory stands in an artifact."""
    algorithms = ("logistic_regression", "random_forest", "hist_gradient_boosting", *OTHERS)
    here = [fit(visits(algorithm=algorithm), extracted()).artifact.digest for algorithm in algorithms]
    again = subprocess.run([sys.executable, "-c", FRESH, *algorithms], capture_output=True, text=True, check=True, cwd=ROOT)
    assert again.stdout.split() == here
    assert fit(visits(algorithm="random_forest", seed=8), extracted()).artifact.digest != here[1]


def test_params_with_tuples_inside_lists_are_recorded():
    """As scikit-learn's documentation writes them."""
    definition = visits(algorithm="hist_gradient_boosting", params={"interaction_cst": [(0, 1), {2, 4, 3}], "max_iter": 5})
    assert fit(definition, extracted()).artifact.manifest.parameters["interaction_cst"] == [[0, 1], [2, 3, 4]]


@pytest.mark.parametrize(
    ("task", "algorithm"), [("binary", "logistic_regression"), ("regression", "linear_regression"), ("regression", "ridge")]
)
def test_a_category_of_many_values_is_looked_up_alike_alone_and_in_batches(task, algorithm):
    """Parity holds, and a row's bits do not hang on its batch."""
    rows = extracted(task, 3_000)
    random = np.random.default_rng(1)
    rows.matrix[:, 3] = random.integers(0, 900, len(rows.matrix))
    rows = replace(rows, categories=(None, None, rows.categories[2], tuple(range(1_000, 1_900)), None))
    artifact = fit(visits(task, algorithm), rows).artifact
    assert len(artifact.manifest.inputs[3].categories) > 800
    engine = Engine.from_artifact(artifact)
    given = [
        {**ROW, "age": int(age), "zip": int(postal)}
        for age, postal in zip(random.integers(18, 90, 1_000), random.integers(990, 1_910, 1_000), strict=True)
    ]
    whole = engine.predict_many(given).values
    for size in (1, 2, 33):
        parts = [engine.predict_many(given[start : start + size]).values for start in range(0, 99, size)]
        joined = np.concatenate(parts)
        assert joined.tobytes() == whole[: len(joined)].tobytes()


@pytest.mark.parametrize("code", [-1, 0.5, 99, np.nan, np.inf])
def test_a_code_that_no_value_has_never_reaches_the_graph(code):
    """The engine names the feature; a lookup would have failed, or given another row's weight."""
    engine = Engine.from_artifact(fit(visits(algorithm="logistic_regression"), extracted()).artifact)
    matrix = np.array([[41, 51_000, 0, 0, 1], [41, 51_000, code, 0, 1]], dtype=np.float32)
    assert engine.predict_encoded(matrix[:1]).values.shape == (1,)
    with pytest.raises(PrisMLError) as caught:
        engine.predict_encoded(matrix)
    assert caught.value.context["feature"] == "country"


def test_splits_by_time_and_group_are_recorded():
    """With their column and their bound."""
    rows = extracted()
    times = replace(rows, split_values=np.arange(len(rows.matrix), dtype=np.int64) * 86_400_000_000)
    by_time = fit(visits(split=TimeSplit(Visit.at, test_from=datetime(1971, 1, 1, tzinfo=UTC))), times).artifact.manifest
    assert by_time.split == {"kind": "time", "column": "at", "test_from": "1971-01-01T00:00:00+00:00"}
    assert by_time.rows.train == 365
    groups = replace(rows, split_values=(np.arange(len(rows.matrix)) // 3).astype(np.int32))
    by_group = fit(visits(split=GroupSplit(Visit.household)), groups).artifact.manifest
    assert by_group.split == {"kind": "group", "column": "household", "test_size": 0.2}


def test_resolvers_and_transforms_are_verified_under_their_own_names():
    """Edge rows give what they would have computed; the stored inputs keep what they read."""
    features = {
        "days": days_since(Visit.at),
        "word": resolver(lambda visit: (visit.country or "")[:1], type=str, uses=[Visit.country], missing="error"),
        "country": Feature(Visit.zip, categorical=True, unseen="error"),
        "zip": Visit.age,
    }
    rows = extracted()
    rows = replace(
        rows,
        matrix=np.ascontiguousarray(np.abs(rows.matrix[:, [1, 3, 3, 0]])),
        categories=(None, ("a", "b", "c"), (100, 20, 3000), None),
    )
    manifest = fit(visits(features=features, algorithm="gradient_boosting"), rows).artifact.manifest
    assert [item.by_name for item in manifest.inputs] == [True, True, False, False]
    assert manifest.inputs[0].sources[0].path == ("at",)
    assert manifest.fingerprints.resolvers.keys() == {"word"}


def test_constant_and_single_features_can_be_trained():
    """A feature that says nothing is no error; the model then guesses."""
    rows = extracted()
    rows = replace(rows, matrix=np.full((len(rows.matrix), 1), 3, dtype=np.float32), categories=(None,))
    for algorithm in ("logistic_regression", "decision_tree", "hist_gradient_boosting"):
        manifest = fit(visits(features={"age": Visit.age}, algorithm=algorithm), rows).artifact.manifest
        assert manifest.metrics["roc_auc"].value == 0.5


def test_a_feature_without_any_value_in_training_is_named():
    """There is nothing to fill it with."""
    rows = extracted()
    rows.matrix[:, 1] = np.nan
    with pytest.raises(NoDataError, match="feature 'income' has no value in the 480 rows of the training part"):
        fit(visits(), rows)


def test_one_class_is_refused():
    """Whether the other never occurs, or is not the positive one."""
    rows = extracted()
    with pytest.raises(NoDataError, match="all 600 rows have one class"):
        fit(visits(), replace(rows, labels=np.zeros_like(rows.labels), label_values=(True,)))
    with pytest.raises(NoDataError, match="no row has the positive class"):
        fit(visits(label=Visit.grade, positive="fraud"), replace(rows, label_values=("a", "b")))


def test_progress_names_each_step():
    """Begun and done, in order; in between parity counts its rows, once each for scikit-learn, ONNX Runtime and the native scorer."""
    told: list[tuple[str, int, int | None]] = []
    fit(visits(), extracted(), progress=lambda *step: told.append(step))
    steps = ("split", "leakage", "fit", "export", "parity", "evaluate", "gates", "report")
    assert [each for each in told if each[2] == 1] == [(name, done, 1) for name in steps for done in (0, 1)]
    counted = [each for each in told if each[2] != 1]
    assert {step for step, _, _ in counted} == {"parity"}
    done = [rows for _, rows, _ in counted]
    total = counted[0][2]
    assert done == sorted(done)
    assert done[-1] == total
    assert total % 3 == 0


@pytest.fixture(scope="module")
def sound() -> Exported:
    """A model whose graph is right."""
    return Exported()


def test_an_unchanged_graph_is_verified(sound):
    """The refusals below are due to what they change."""
    verified = sound.verify(sound.graph)
    assert verified.predictions.shape == (120,)
    assert verified.parity.rows == 120


def nudge_leaf(weights):
    """Change what the heaviest leaf says."""
    weights[np.argmax(np.abs(np.array(weights)))] += 0.5


def nudge_thresholds(values):
    """Move every threshold to the next float32."""
    values[:] = np.nextafter(np.array(values, dtype=np.float32), np.float32(np.inf)).tolist()


def move_root(values):
    """Move the first tree's first threshold."""
    values[0] += 5


@pytest.mark.parametrize(
    ("attribute", "change"), [("class_weights", nudge_leaf), ("nodes_values", nudge_thresholds), ("nodes_values", move_root)]
)
def test_a_broken_export_is_refused(sound, attribute, change):
    """A leaf, a threshold, or all thresholds by one float32, which edge rows alone can show."""
    with pytest.raises(ParityError, match="Nothing was published") as caught:
        sound.verify(sound.changed(attribute, change))
    context = caught.value.context
    assert context["rows"] + context["edge_rows"] > 0
    assert context["largest"] > context["tolerance"] == 1e-5
    assert "scikit-learn does: " in caught.value.message


def test_a_graph_that_sends_missing_numbers_astray_is_refused_with_that_cause():
    """The message says what to do about it."""
    model = Exported(algorithm="hist_gradient_boosting")

    def turn(directions):
        directions[:] = [1 - direction for direction in directions]

    with pytest.raises(ParityError, match="Only rows with a missing number differ") as caught:
        model.verify(model.changed("nodes_missing_value_tracks_true", turn))
    assert 'missing="median"' in str(caught.value)


def test_another_models_graph_is_refused_as_such(sound):
    """Most rows differ."""
    with pytest.raises(ParityError, match="Most rows differ: the graph is not this model"):
        sound.verify(Exported(algorithm="random_forest").graph)


@pytest.mark.parametrize(
    ("task", "algorithm", "weights", "way"),
    [
        ("binary", "random_forest", "class_weights", "Fit fewer trees: lower n_estimators."),
        ("binary", "gradient_boosting", "class_weights", "Fit fewer trees: lower n_estimators."),
        ("binary", "hist_gradient_boosting", "class_weights", "Fit fewer trees: lower max_iter."),
        ("regression", "random_forest", "target_weights", "Fit fewer trees: lower n_estimators; or scale the label down."),
    ],
)
def test_small_differences_of_many_trees_are_answered_with_fewer_trees(task, algorithm, weights, way):
    """By the parameter that counts them; only a number can be scaled."""
    model = Exported(task, algorithm)
    tolerance = model.verify(model.graph).parity.tolerance

    def nudge(values):
        values[0] += 20 * tolerance

    with pytest.raises(ParityError, match="The differences are small: ONNX Runtime adds up the trees in float32") as caught:
        model.verify(model.changed(weights, nudge))
    assert caught.value.suggestions == (way,)


def test_a_regression_is_held_to_a_hundred_thousandth_of_its_largest_number():
    """Also where the largest number is large."""
    model = Exported("regression", "gradient_boosting")
    assert model.verify(model.graph).parity.tolerance == pytest.approx(1e-5 * np.abs(model.fitted.predict(model.holdout)).max())

    def add(base):
        base[0] += 1

    with pytest.raises(ParityError):
        model.verify(model.changed("base_values", add))


def test_parity_is_stored_without_a_nan():
    """The manifest is strict JSON."""
    text = fit(visits(), extracted()).artifact.manifest_text
    assert json.loads(text, parse_constant=pytest.fail)["parity"]["label_flips"] == 0
