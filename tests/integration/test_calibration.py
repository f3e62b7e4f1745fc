"""Weighted classes, calibrated probabilities and chosen thresholds, from extracted rows to what the engine answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import numpy_helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from prisml import Cost, DefinitionError, Engine, NoDataError, Precision, Registry
from prisml.cli.main import cli
from prisml.errors import ConfigurationError, ParityError, TrainingError
from prisml.registry import write_bundle
from prisml.serving.foreign import register
from prisml.training.calibration import calibrate
from prisml.training.edges import make_edges
from prisml.training.estimators import choose_estimator
from prisml.training.export import export
from prisml.training.fit import fit
from prisml.training.parity import slack_of, verify
from prisml.training.parts import divide
from prisml.training.pipeline import Column, fit_pipeline
from prisml.training.production import predict
from prisml.training.reliability import reliability
from prisml.training.vocabulary import code_count
from tests.artifacts import make_artifact
from tests.support.foreign import golden, logistic
from tests.support.foreign import model as foreign_model
from tests.support.training import CLASSIFIERS, extracted, visits

OF_LEAVES, BOOSTED = ("decision_tree", "random_forest", "extra_trees"), ("gradient_boosting", "hist_gradient_boosting")
ROW = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}


def rare(rows=2_000):
    """Visits of which one in ten buys."""
    found = extracted("binary", rows)
    bought = np.random.default_rng(3).random(rows) < 0.2
    return replace(found, labels=np.where((found.labels == 0) & ~bought, 1, found.labels).astype(np.int32))


@pytest.mark.parametrize(
    ("task", "algorithm", "method"),
    [
        *(("binary", name, "isotonic") for name in CLASSIFIERS),
        *(("binary", name, "sigmoid") for name in ("logistic_regression", "random_forest", "gradient_boosting")),
        *(("multiclass", name, method) for name in ("logistic_regression", "lightgbm") for method in ("sigmoid", "isotonic")),
    ],
)
def test_calibrated_models_equal_scikit_learn_and_are_scored_natively(task, algorithm, method):
    """Every algorithm, on the hold-out and on edge rows, with golden rows that the native scorer gives too."""
    artifact = fit(visits(task, algorithm, calibrate=method), extracted(task)).artifact
    manifest, engine = artifact.manifest, Engine.from_artifact(artifact)
    assert manifest.parity.max_difference <= 1e-6
    assert manifest.parity.label_flips == 0
    assert (engine.info().scorer, engine.health().notes) == ("native", ())
    assert len(manifest.golden) == 16
    assert (manifest.rows.train, manifest.rows.validation, manifest.rows.test) == (384, 96, 120)
    assert manifest.calibration is not None
    assert (manifest.calibration.method, manifest.calibration.rows) == (method, 96)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("algorithm", ["logistic_regression", "hist_gradient_boosting", "random_forest"])
def test_the_calibrator_is_that_of_calibrated_classifier_cv(algorithm, method):
    """Fitted by scikit-learn's public class on the frozen pipeline and the same rows; steps within what the grid of scores moves."""
    definition = visits("binary", algorithm, calibrate=method)
    data = divide(definition, extracted(), validation_size=0.2)
    choice = choose_estimator(algorithm, params=definition.params, task="binary", seed=7, model="m")
    columns = [Column(item.name, None if item.categories is not None else item.imputation, code_count(item)) for item in data.inputs]
    fitted = fit_pipeline(choice, columns, data.train.matrix, data.train.target, task="binary", classes=data.classes, model="m")
    found = calibrate(fitted, export(fitted, classes=2, model="m"), data, method=method, model="m")
    kind = np.float32 if choice.algorithm.trees else np.float64
    outer = CalibratedClassifierCV(FrozenEstimator(fitted.pipeline), method=method)
    outer.fit(data.validation.matrix.astype(kind), data.validation.target)
    theirs = outer.predict_proba(data.test.matrix.astype(kind))[:, 1]
    ours = found.fitted.predict(data.test.matrix)[:, 1]
    if method == "sigmoid":
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    else:
        assert np.mean(np.abs(ours - theirs)) < 0.01


@pytest.mark.parametrize("algorithm", ["logistic_regression", *OF_LEAVES, *BOOSTED])
def test_a_weighted_models_probabilities_have_the_base_rate(algorithm):
    """That of the leaves exactly, others nearly; before, it was much higher. Nothing is added to a graph of trees."""
    definition, data = visits("binary", algorithm, class_weight="balanced"), rare()
    artifact = fit(definition, data).artifact
    calibration, parts = artifact.manifest.calibration, divide(definition, data)
    assert calibration is not None
    assert (calibration.method, calibration.rows) == ("prior", len(parts.train))
    base = float(np.mean(parts.train.target == 1))
    assert calibration.class_weights == pytest.approx((0.5 / (1 - base), 0.5 / base))
    mean = predict(artifact.onnx, artifact.manifest, parts.train.matrix).mean()
    # What boosting learns by heart of so few rows is a little off.
    assert mean == pytest.approx(base, rel=1e-6 if algorithm in OF_LEAVES else 0.25)
    if algorithm != "logistic_regression":
        assert [node.op_type for node in onnx.load_from_string(artifact.onnx).graph.node][-1] == "TreeEnsembleClassifier"
    before = sum(each.count * each.predicted for each in calibration.before.bins if each.count) / len(parts.test)
    assert before > 1.5 * base
    assert calibration.after.ece < calibration.before.ece


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_weights_of_several_classes_are_taken_back(algorithm):
    """Each class's mean probability is its share of the training part."""
    definition, data = visits("multiclass", algorithm, class_weight={"low": 1, "mid": 5, "high": 2}), extracted("multiclass", 1_500)
    artifact, parts = fit(definition, data).artifact, divide(definition, data)
    shares = np.bincount(parts.train.target) / len(parts.train)
    means = predict(artifact.onnx, artifact.manifest, parts.train.matrix).mean(axis=0)
    assert means == pytest.approx(shares, abs=0.03)
    assert artifact.manifest.calibration is not None
    assert artifact.manifest.calibration.class_weights == (2.0, 1.0, 5.0)


def test_weights_of_the_estimator_itself_are_treated_alike():
    """Whether they stand in the definition, in params, or in an instance: the same model, brought back."""
    data, weights = rare(), {False: 1.0, True: 9.0}
    ways = (
        visits("binary", "logistic_regression", class_weight=weights),
        visits("binary", "logistic_regression", params={"class_weight": weights}),
        visits("binary", LogisticRegression(max_iter=1000, class_weight=weights)),
    )
    artifacts = [fit(way, data).artifact for way in ways]
    assert len({artifact.onnx for artifact in artifacts}) == 1
    assert {artifact.manifest.calibration.method for artifact in artifacts} == {"prior"}
    scaled = fit(visits("binary", "xgboost", params={"n_estimators": 5, "scale_pos_weight": 9.0}), data).artifact.manifest
    assert scaled.calibration is not None
    assert scaled.calibration.class_weights == (1.0, 9.0)


def test_weights_that_do_not_fit_are_refused_by_name():
    """A label that is none, a label without a weight, weights given twice, an estimator that takes none."""
    with pytest.raises(TrainingError, match="'maybe' is no class of the label; 1 of them have no weight"):
        fit(visits(class_weight={True: 2, "maybe": 1}), extracted())
    with pytest.raises(TrainingError, match="class_weight does not fit the label's 2 classes: 1 of them have no weight"):
        fit(visits(class_weight={True: 2}), extracted())
    with pytest.raises(DefinitionError, match='Write class_weight="balanced"'):
        fit(visits(algorithm="lightgbm", params={"is_unbalance": True}), extracted())
    with pytest.raises(DefinitionError, match="beside that of DecisionTreeClassifier itself"):
        fit(visits(class_weight="balanced", params={"class_weight": "balanced"}), extracted())


def test_reliability_is_measured_on_the_hold_out_in_the_production_engine():
    """The figures after are those of the engine's own probabilities."""
    definition, data = visits("binary", "random_forest", calibrate="isotonic"), extracted()
    artifact = fit(definition, data).artifact
    test = divide(definition, data, validation_size=0.2).test
    found = Engine.from_artifact(artifact).predict_encoded(test.matrix).values
    assert artifact.manifest.calibration is not None
    assert artifact.manifest.calibration.after == reliability(test.target, found)
    assert artifact.manifest.calibration.after.brier == pytest.approx(artifact.manifest.metrics["brier"].value)


def test_equal_training_gives_equal_digests():
    """With a calibrator and a chosen threshold too."""
    definition = visits("binary", "hist_gradient_boosting", calibrate="isotonic", threshold="f1", class_weight="balanced")
    assert fit(definition, rare()).artifact.digest == fit(definition, rare()).artifact.digest


def test_folds_are_weighted_calibrated_and_divided_as_the_model_is():
    """What cross-validation judges is what will serve, and not the weighted model before its way back."""
    options = {"algorithm": "logistic_regression", "class_weight": "balanced", "cv": 3}
    for way in ({}, {"calibrate": "sigmoid", "threshold": "f1"}):
        manifest = fit(visits(**options, **way), rare()).artifact.manifest
        assert manifest.cross_validation is not None
        folded = manifest.cross_validation.metrics
        assert folded["ece"].mean < 0.05
        assert manifest.calibration.before.ece > 0.2
        assert folded["brier"].mean == pytest.approx(manifest.metrics["brier"].value, abs=0.03)
    # The threshold of one half would find next to nothing.
    assert folded["recall"].mean > 0.2


def test_a_damaged_calibration_is_refused():
    """A step that is a thousandth too high is found by the comparison with scikit-learn's own calibrator."""
    definition = visits("binary", "hist_gradient_boosting", calibrate="isotonic")
    data = divide(definition, extracted(), validation_size=0.2)
    choice = choose_estimator("hist_gradient_boosting", params=definition.params, task="binary", seed=7, model="m")
    columns = [Column(item.name, item.imputation if item.categories is None else None, code_count(item)) for item in data.inputs]
    fitted = fit_pipeline(choice, columns, data.train.matrix, data.train.target, task="binary", classes=data.classes, model="m")
    found = calibrate(fitted, export(fitted, classes=2, model="m"), data, method="isotonic", model="m")
    manifest = fit(definition, extracted()).artifact.manifest
    edges = make_edges(data.inputs, data.train.matrix, {}, seed=7)
    proved = verify(found.onnx, found.fitted, manifest=manifest, holdout=data.test.matrix, edges=edges, golden=edges.rows)
    # Golden rows are those on which two right answers hardly differ.
    slack = slack_of(found.fitted, edges.matrix, ulps=2.0)
    assert 0 < len(proved.golden) < len(edges)
    assert [row.features for row in proved.golden] == [row for row, far in zip(edges.rows, slack, strict=True) if far <= 5e-7][:16]
    proto = onnx.load_from_string(found.onnx)
    floors = next(tensor for tensor in proto.graph.initializer if tensor.name == "floors")
    floors.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(floors) + 0.001, "floors"))
    with pytest.raises(ParityError, match="Nothing was published"):
        verify(proto.SerializeToString(), found.fitted, manifest=manifest, holdout=data.test.matrix, edges=edges)


def test_a_chosen_threshold_is_stored_and_divides_the_labels():
    """Chosen by rows that are neither fitted on nor judged by, from what the engine predicts; metrics and labels go by it."""
    definition, data = visits("binary", "logistic_regression", threshold="f1"), rare()
    artifact = fit(definition, data).artifact
    manifest, parts = artifact.manifest, divide(definition, data, validation_size=0.2)
    assert manifest.threshold is not None
    assert manifest.threshold != 0.5
    kept = predict(artifact.onnx, manifest, parts.validation.matrix)
    assert manifest.threshold_rule is not None
    assert (manifest.threshold_rule.rule, manifest.threshold_rule.rows) == ("f1", len(parts.validation)) == ("f1", manifest.rows.validation)
    assert manifest.threshold_rule.value == pytest.approx(f1_score(parts.validation.target, kept > manifest.threshold))
    judged = Engine.from_artifact(artifact).predict_encoded(parts.test.matrix)
    assert judged.labels.tolist() == (judged.values > manifest.threshold).tolist()
    assert manifest.metrics["f1"].value == pytest.approx(f1_score(parts.test.target, judged.labels.astype(bool)))


def test_costs_move_the_threshold():
    """The dearer a miss, the more is called positive."""
    cheap, dear = (fit(visits(algorithm="logistic_regression", threshold=Cost(fp=1, fn=fn)), rare()).artifact.manifest for fn in (1, 20))
    assert dear.threshold < cheap.threshold
    assert dear.threshold_rule.parameters == {"fp": 1.0, "fn": 20.0}
    assert dear.metrics["recall"].value > cheap.metrics["recall"].value


def test_a_rule_that_cannot_be_met_says_what_can():
    """Nothing is published, and the best that was reached is named."""
    data = extracted()
    noise = replace(data, labels=np.random.default_rng(5).integers(0, 2, len(data.labels)).astype(np.int32))
    with pytest.raises(NoDataError, match=r"no threshold reaches a precision of 0\.99"):
        fit(visits(params={"max_depth": 1}, threshold=Precision(0.99)), noise)


def test_a_threshold_may_be_given_for_one_call():
    """By each way to predict; the value is the same, and the next call has the stored threshold again."""
    engine = Engine.from_artifact(make_artifact())
    rows = [{"age": age, "country": "US"} for age in range(-40, 60, 10)]
    plain = engine.predict_many(rows)
    for given in (0.2, 0.9):
        found = engine.predict_many(rows, threshold=given)
        assert found.values.tolist() == plain.values.tolist()
        assert found.labels.tolist() == (plain.values > given).tolist()
        assert asyncio.run(engine.apredict_many(rows, threshold=given)).labels.tolist() == found.labels.tolist()
        assert engine.predict_encoded(engine.encode(rows), threshold=given).labels.tolist() == found.labels.tolist()
        one = engine.predict(rows[5], threshold=given)
        assert (one.value, one.label, one) == (plain[5].value, plain[5].value > given, found[5])
        assert asyncio.run(engine.apredict(rows[5], threshold=given)) == one
    assert engine.predict(rows[5]).label == (plain[5].value > 0.5)


def test_a_threshold_for_one_call_goes_for_every_variant(tmp_path):
    """Whichever version of an experiment answers."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    for bias, threshold in ((0.0, 0.5), (0.01, 0.9)):
        registry.publish(make_artifact(bias=bias, threshold=threshold), activate=bias == 0)
    registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    engine = Engine.following(registry, "churn")
    rows = [{"age": 20, "country": "US", "id": key} for key in range(40)]
    plain, found = engine.predict_many(rows), engine.predict_many(rows, threshold=0.3)
    assert set(plain.labels) == {True, False}
    assert set(found.labels) == {True}
    assert found.variants.tolist() == plain.variants.tolist()
    assert {engine.predict(row, threshold=0.3).label for row in rows} == {True}


@pytest.mark.parametrize("given", [1.5, -0.1, float("nan"), True, "0.3"])
def test_what_is_no_threshold_is_refused(given):
    """A probability, or nothing."""
    with pytest.raises(ConfigurationError, match=f"is an? {type(given).__name__} that is no probability"):
        Engine.from_artifact(make_artifact()).predict_many([], threshold=given)


def test_only_a_binary_model_takes_a_threshold():
    """The label of several classes is the likeliest."""
    engine = Engine.from_artifact(make_artifact(task="multiclass"))
    with pytest.raises(ConfigurationError, match="which is a multiclass model"):
        engine.predict({"age": 1, "country": "US"}, threshold=0.3)


def test_the_command_line_takes_a_threshold(tmp_path):
    """The label of each line goes by it; what is no probability is wrong usage."""
    bundle = str(write_bundle(make_artifact(), tmp_path / "bundle"))
    lines = "".join(json.dumps({"age": age, "country": "US"}) + "\n" for age in (-20, 0, 20))

    def labels(*words):
        done = CliRunner().invoke(cli, ["predict", bundle, *words], input=lines)
        assert done.exit_code == 0, done.output
        return [json.loads(line)["label"] for line in done.stdout.splitlines()]

    assert labels() == [False, False, True]
    assert labels("--threshold", "0.2") == [True, True, True]
    assert CliRunner().invoke(cli, ["predict", bundle, "--threshold", "2"], input=lines).exit_code == 2


def test_a_foreign_graph_leaves_nothing_to_choose(tmp_path):
    """No rows are there to choose a threshold by."""
    pipeline, graph = logistic()
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    with pytest.raises(DefinitionError, match="a threshold to be chosen, or probabilities to be calibrated"):
        register(registry, foreign_model(threshold="f1"), graph.SerializeToString(), golden(pipeline))


def test_older_manifests_have_none_of_it():
    """The keys are optional: what was stored before is read as it was."""
    text = json.loads(make_artifact().manifest_text)
    for name in ("calibration", "threshold_rule"):
        del text[name]
    del text["rows"]["validation"]
    found = type(make_artifact().manifest).model_validate_json(json.dumps(text))
    assert (found.calibration, found.threshold_rule, found.rows.validation) == (None, None, 0)
