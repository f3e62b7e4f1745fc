"""What is too far apart, what is said of it, and what comes back of what is not: by numbers written down here, and on real graphs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import helper

from prisml.errors import ParityError
from prisml.progress import silent
from prisml.training import parity
from prisml.training.calibration.calibration import Calibration
from prisml.training.edges import EdgeRows
from prisml.training.estimators import choose_estimator
from prisml.training.parity import Truth, _Asked, _compare, _Comparison, _judged, _likely_cause, _reference_rounding, _refused, slack_of
from prisml.training.pipeline import Column, fit_pipeline
from prisml.training.production import engine_of, numbers_of
from tests.support.exported import Exported

REINSTALL = 'Install the versions that belong together: pip install "prisml[train]"; or choose another algorithm.'


def compared(engine, reference, *, task="binary", held=None, slack=0.0, tolerance=0.125):
    """The comparison of these numbers; the first ``held`` are the hold-out's."""
    one, other = np.array(engine, dtype=np.float64), np.array(reference, dtype=np.float64)
    held = len(other) if held is None else held
    return _compare(one, other, task=task, threshold=0.5, held=held, tolerance=tolerance, slack=np.array(slack))


def test_a_probability_may_differ_by_the_tolerance_and_no_more():
    """To either side; a number that is none fails."""
    found = compared([0.25, 0.375, 0.380, 0.120, math.nan], [0.25, 0.25, 0.25, 0.25, 0.25])
    assert found.failed.tolist() == [False, False, True, True, True]
    assert found.distance[:4].tolist() == pytest.approx([0, 0.125, 0.13, 0.13])
    assert (found.tolerance, found.flips) == (0.125, 0)


def test_a_calibrated_probability_may_differ_by_its_slack_besides():
    """The distance is told in units of the tolerance, so that one number says what is too far."""
    found = compared([0.75, 0.75], [0.25, 0.25], slack=[0.375, 0.125])
    assert found.failed.tolist() == [False, True]
    assert found.distance.tolist() == [0.125, 0.25]


@pytest.mark.parametrize(
    ("engine", "reference", "slack", "flips"),
    [
        ([0.75, 0.25], [0.25, 0.75], 0.0, 2),
        ([0.75, 0.25], [0.75, 0.25], 0.0, 0),
        ([0.5], [0.75], 0.0, 1),
        ([0.75], [0.5], 0.0, 0),
        ([0.51], [0.375], 0.0, 0),
        ([0.51], [0.37], 0.0, 1),
        ([0.51], [0.37], [0.125], 0),
    ],
)
def test_a_label_differs_where_scikit_learns_is_sure_of_the_other(engine, reference, slack, flips):
    """Above the threshold is positive, the threshold itself is not; within what a probability may differ, either label is right."""
    assert compared(engine, reference, slack=slack).flips == flips


def test_a_regression_is_held_to_its_largest_number():
    """That of the hold-out, at least 1; an edge row beyond it to its own."""
    found = compared([1000, 8, -125, 2600], [1000, 0, 0, 2000], task="regression", held=2, tolerance=0.125)
    assert (found.tolerance, found.flips) == (125.0, 0)
    assert found.distance.tolist() == [0, 8, 125, 300]
    assert found.failed.tolist() == [False, False, False, True]
    assert compared([0.25], [0.5], task="regression").tolerance == 0.125
    assert compared([-1000], [-1000], task="regression").tolerance == 125.0
    assert compared([9], [8], task="regression", held=0).tolerance == 0.125


@pytest.mark.parametrize(
    ("engine", "reference", "slack", "flips"),
    [
        ([[0.75, 0.125, 0.125]], [[0.125, 0.75, 0.125]], 0.0, 1),
        ([[0.75, 0.125, 0.125]], [[0.75, 0.125, 0.125]], 0.0, 0),
        ([[0.5, 0.375, 0.125]], [[0.375, 0.5, 0.125]], 0.0, 0),
        ([[0.5, 0.375, 0.125]], [[0.3, 0.5, 0.2]], 0.0, 1),
        ([[0.5, 0.375, 0.125]], [[0.3, 0.5, 0.2]], [[0.0, 0.125, 0.0]], 0),
        ([[0.125, 0.125, 0.75], [0.75, 0.125, 0.125]], [[0.75, 0.125, 0.125], [0.125, 0.125, 0.75]], 0.0, 2),
        ([[0.5, 0.375, 0.125]] * 2, [[0.3, 0.5, 0.2]] * 2, [[0.0, 0.0, 0.0], [0.0, 0.125, 0.0]], 1),
    ],
)
def test_a_class_differs_where_scikit_learn_has_another_that_is_surely_likelier(engine, reference, slack, flips):
    """By more than any of the row's probabilities may differ."""
    assert compared(engine, reference, task="multiclass", slack=slack).flips == flips


def test_a_row_is_as_far_as_its_farthest_class():
    """One number for a row."""
    found = compared([[0.5, 0.25, 0.25], [0.5, 0.5, 0.0]], [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]], task="multiclass")
    assert found.distance.tolist() == [0, 0.25]
    assert (found.tolerance, found.largest, found.failed.tolist()) == (0.125, 0.25, [False, True])


def test_no_rows_are_no_distance():
    """A model may be proved by edge rows alone."""
    assert compared([], []).largest == 0.0


def small(algorithm="random_forest", task="binary", **params):
    """A model of one number, fitted in no time."""
    matrix = np.arange(30, dtype=np.float32).reshape(-1, 1)
    target = (
        matrix[:, 0].astype(np.float64) if task == "regression" else (np.arange(30) % 3 if task == "multiclass" else np.arange(30) // 15)
    )
    classes = () if task == "regression" else tuple(range(3 if task == "multiclass" else 2))
    choice = choose_estimator(algorithm, params=params, task=task, seed=7, model="m")
    return fit_pipeline(choice, [Column("x", None, 0)], matrix, target, task=task, classes=classes, model="m")


@pytest.mark.parametrize(("trees", "more"), [(1, 1.0), (100, 1.0), (150, 1.5)])
def test_onnx_runtime_may_differ_by_as_much_for_each_hundred_trees(trees, more):
    """It adds them up in float32; what has no trees has nothing to add up."""
    assert _reference_rounding(small(n_estimators=trees, max_depth=1)) == more
    assert _reference_rounding(small("logistic_regression")) == 1.0


@pytest.mark.parametrize(("task", "shape"), [("binary", (4,)), ("multiclass", (4, 3))])
def test_slack_is_that_of_the_calibration(task, shape):
    """For the positive class, or for each; of a model that is not calibrated there is none."""
    fitted, rows = small("logistic_regression", task), np.array([[1.0], [9.0], [20.0], [29.0]], dtype=np.float32)
    assert slack_of(fitted, rows).tolist() == 0.0
    weights = (0.5, 4.0, 1.0)[: 2 if task == "binary" else 3]
    weighted = replace(fitted, calibration=Calibration("prior", "decision", weights, (), 30))
    scores = weighted.scores(rows, of="decision")
    for ulps in (2.0, 8.0):
        wanted = weighted.calibration.slack(scores, ulps)
        assert slack_of(weighted, rows, ulps=ulps).tolist() == (wanted[:, 1] if task == "binary" else wanted).tolist()
    assert slack_of(weighted, rows).tolist() == slack_of(weighted, rows, ulps=8.0).tolist()
    assert slack_of(weighted, rows).shape == shape


def failed(distances, tolerance=1.0, flips=0):
    """A comparison of rows so far apart."""
    return _Comparison(np.array(distances, dtype=np.float64), tolerance, flips)


FEW = [50.0, *[0.0] * 9]


@pytest.mark.parametrize(
    ("distances", "gaps", "native", "cause", "way"),
    [
        ([2.0, 0.0, 0.0], [1, 1, 0], False, "Only rows with a missing number differ", 'Give those features missing="median".'),
        ([2.0, 2.0, 0.0], [1, 1, 0], True, "Only rows with a missing number differ", 'Give those features missing="median".'),
        ([2.0, 2.0, 0.0], [1, 0, 0], False, "Most rows differ: the graph is not this model.", REINSTALL),
        ([2.0, 2.0, 0.0, 0.0], [1, 0, 1, 1], False, "The differences are small", "Fit fewer trees: lower n_estimators."),
        (FEW, [0] * 10, False, "The differences are small", "Fit fewer trees: lower n_estimators."),
        (FEW, [0] * 10, True, "A few rows differ by much", REINSTALL),
        ([99.0, *FEW[1:]], [0] * 10, False, "The differences are small", "Fit fewer trees: lower n_estimators."),
        ([100.0, *FEW[1:]], [0] * 10, False, "A few rows differ by much", REINSTALL),
    ],
)
def test_the_likely_cause_follows_from_which_rows_differ(distances, gaps, native, cause, way):
    """Those with a missing number, most, few by little or few by much; the native scorer adds up trees in float64."""
    said, suggested = _likely_cause(failed(distances), small(n_estimators=2), np.array(gaps, dtype=bool), is_native=native)
    assert said.startswith(cause)
    assert suggested == way


def test_small_is_what_lies_within_a_hundred_tolerances():
    """Whatever the tolerance is."""
    gaps = np.zeros(10, dtype=bool)
    causes = [_likely_cause(failed([far, *FEW[1:]], 0.25), small(n_estimators=2), gaps, is_native=False)[0] for far in (24.0, 26.0)]
    assert [cause.partition(":")[0] for cause in causes] == ["The differences are small", "A few rows differ by much"]


@pytest.mark.parametrize("gaps", [[0, 0, 0], [1, 1, 0], [1, 1, 1]])
def test_where_only_labels_differ_no_missing_number_is_blamed(gaps):
    """Two classes may change places though each is within what it may differ by."""
    said, _ = _likely_cause(failed([0.9, 0.0, 0.0], flips=1), small(n_estimators=2), np.array(gaps, dtype=bool), is_native=False)
    assert said.startswith("The differences are small")


def test_only_trees_that_are_added_up_are_too_many():
    """A model without a number of trees is told to choose another; a number may be scaled down besides."""
    gaps = np.zeros(10, dtype=bool)
    assert _likely_cause(failed(FEW), small("decision_tree"), gaps, is_native=False)[1] == REINSTALL
    regression = small(task="regression", n_estimators=2)
    way = _likely_cause(failed(FEW), regression, gaps, is_native=False)[1]
    assert way == "Fit fewer trees: lower n_estimators; or scale the label down."


@pytest.mark.parametrize(("native", "where", "scorer"), [(False, "in ONNX Runtime", "onnxruntime"), (True, "natively", "native")])
def test_a_refusal_counts_rows_and_names_what_predicts_otherwise(native, where, scorer):
    """The hold-out's and the edge rows apart, in the message as in the context."""
    found = failed([2.0, 0.0, 0.0, 3.0, 4.0], flips=2)
    matrix = np.array([[0.0], [np.nan], [0.0], [0.0], [0.0]], dtype=np.float32)
    error = _refused(found, small("decision_tree"), matrix, 3, "churn", is_native=native)
    assert isinstance(error, ParityError)
    assert error.message == (
        f"Model 'churn': the exported graph does not predict {where} what scikit-learn does: 1 of 3 hold-out rows and 2 of 2 edge rows "
        "are too far apart, by up to 4 where 1 is allowed; 2 labels differ. Nothing was published. "
        "Most rows differ: the graph is not this model."
    )
    assert error.context == {
        "model": "churn",
        "rows": 1,
        "edge_rows": 2,
        "largest": 4.0,
        "tolerance": 1.0,
        "label_flips": 2,
        "scorer": scorer,
    }
    assert error.suggestions == (REINSTALL,)


def test_a_refusal_knows_the_rows_with_a_missing_number():
    """One that is missing anywhere in the row."""
    matrix = np.array([[0.0, np.nan], [0.0, 0.0]], dtype=np.float32)
    assert "Only rows with a missing number differ" in _refused(failed([2.0, 0.0]), small(), matrix, 1, "churn", is_native=False).message


def test_a_refusal_knows_which_engine_it_is_of():
    """The native scorer adds up trees in float64, so fewer of them would not help it."""
    matrix = np.zeros((10, 1), dtype=np.float32)
    ways = [_refused(failed(FEW), small(n_estimators=2), matrix, 5, "churn", is_native=native).suggestions for native in (False, True)]
    assert ways == [("Fit fewer trees: lower n_estimators.",), (REINSTALL,)]


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def sound(request) -> Exported:
    """A model of each task whose graph is right."""
    return Exported(request.param)


def test_what_comes_back_is_what_the_production_engine_predicts(sound, monkeypatch):
    """To the bit, however many rows are asked for at once, with the number of rows and what was found of them."""
    every = sound.verify(sound.graph)
    assert (
        every.predictions.tobytes()
        == numbers_of(engine_of(sound.graph, sound.manifest, native=True).predict_encoded(sound.holdout), sound.manifest.task).tobytes()
    )
    monkeypatch.setattr(parity, "_CHUNK", 50)
    told = []
    parts = sound.verify(sound.graph, progress=lambda *step: told.append(step))
    assert parts.predictions.tobytes() == every.predictions.tobytes()
    assert parts.parity == every.parity
    assert (every.parity.rows, every.parity.edge_rows, every.parity.label_flips) == (120, len(sound.edges), 0)
    assert 0 <= every.parity.max_difference <= every.parity.tolerance
    total = 3 * (120 + len(sound.edges))
    steps = [120 + len(sound.edges), *2 * (50, 50, 20, len(sound.edges))]
    assert told == [("parity", done, total) for done in np.cumsum(steps).tolist()]


def judged(model, apart, *, slack=0.0, native=False, **changed):
    """What is found where scikit-learn predicts as much more as ``apart`` for each row than this engine does."""
    manifest = model.manifest.model_copy(update=changed)
    engine = engine_of(model.graph, manifest, native=native)
    every = np.concatenate((model.holdout, model.edges.matrix))
    truth = Truth(numbers_of(engine.predict_encoded(every), manifest.task) + apart, np.array(slack))
    asked = _Asked(silent, 1)
    return _judged(engine, model.fitted, manifest, model.holdout, model.edges, truth, asked)[1]


def test_onnx_runtime_is_held_to_less_than_the_native_scorer(monkeypatch):
    """For many trees: where it may differ by twice as much, a calibration's slack counts twice, and the native scorer's once."""
    model = Exported(algorithm="random_forest")
    monkeypatch.setattr(parity, "_PRECISE_TREES", 5)
    assert _reference_rounding(model.fitted) == 2.0
    assert judged(model, 1.5e-5).tolerance == 2e-5
    assert judged(model, 0.9e-5, native=True).tolerance == 1e-5
    assert judged(model, 1.5e-3, slack=1e-3).flips == 0
    for apart, slack, native in ((2.5e-5, 0.0, False), (1.5e-5, 0.0, True), (2.5e-3, 1e-3, False), (1.5e-3, 1e-3, True)):
        with pytest.raises(ParityError) as caught:
            judged(model, apart, slack=slack, native=native)
        assert caught.value.context["scorer"] == ("native" if native else "onnxruntime")
        assert caught.value.context["model"] == "visits"
        assert (caught.value.context["rows"], caught.value.context["edge_rows"]) == (120, len(model.edges))


@pytest.mark.parametrize("threshold", [0.3, 0.7, None])
def test_labels_are_those_of_the_versions_own_threshold(threshold):
    """One half where it has none."""
    model, at = Exported(), threshold or 0.5
    engine = engine_of(model.graph, model.manifest, native=False)
    found = engine.predict_encoded(np.concatenate((model.holdout, model.edges.matrix))).values
    flips = int(np.count_nonzero((found > at) != (found + 0.2 > at)))
    with pytest.raises(ParityError) as caught:
        judged(model, 0.2, threshold=threshold)
    assert caught.value.context["label_flips"] == flips > 0


def test_the_largest_number_is_that_of_the_holdout():
    """An edge row of a size that no row has makes room for none."""
    model = Exported("regression")
    apart = np.zeros(120 + len(model.edges))
    apart[120] = 1e9
    numbers = numbers_of(engine_of(model.graph, model.manifest, native=False).predict_encoded(model.holdout), "regression")
    with pytest.raises(ParityError) as caught:
        judged(model, apart)
    assert caught.value.context["tolerance"] == pytest.approx(1e-5 * np.abs(numbers).max())
    assert (caught.value.context["rows"], caught.value.context["edge_rows"]) == (0, 1)


def test_golden_rows_come_back_with_what_onnx_runtime_gives(sound):
    """Each as a list of its numbers: one, or one for each class."""
    rows = sound.edges.rows[:5]
    golden = sound.verify(sound.graph, golden=rows).golden
    engine = engine_of(sound.graph, sound.manifest, native=False)
    assert [each.features for each in golden] == list(rows)
    expected = numbers_of(engine.predict_many(rows), sound.manifest.task)
    assert [list(each.expected) for each in golden] == np.reshape(expected, (5, -1)).tolist()
    assert sound.verify(sound.graph).golden == ()


def test_without_a_holdout_edge_rows_prove_a_graph_and_without_edge_rows_a_holdout(sound):
    """Whichever there is, a graph that is another's is refused."""
    none = EdgeRows((), sound.edges.matrix[:0])
    assert sound.verify(sound.graph, edges=none).parity.edge_rows == 0
    assert sound.verify(sound.graph, holdout=sound.holdout[:0]).parity.rows == 0


def test_onnx_runtime_alone_is_asked_where_the_native_scorer_does_not_take_the_graph():
    """It is then what serves, and is asked for each row once."""
    model = Exported()
    proto = onnx.load_from_string(model.graph)
    (node,) = [each for each in proto.graph.node if "probabilities" in each.output]
    node.output[:] = ["inner" if name == "probabilities" else name for name in node.output]
    # It changes nothing above 0, and has no native form.
    proto.graph.node.append(helper.make_node("Elu", ["inner"], ["probabilities"]))
    graph = proto.SerializeToString()
    assert engine_of(graph, model.manifest, native=True).info().scorer == "onnxruntime"
    told = []
    verified = model.verify(graph, progress=lambda *step: told.append(step))
    assert (
        verified.predictions.tobytes()
        == numbers_of(engine_of(graph, model.manifest, native=False).predict_encoded(model.holdout), "binary").tobytes()
    )
    assert told[-1] == ("parity", *2 * [2 * (120 + len(model.edges))])
