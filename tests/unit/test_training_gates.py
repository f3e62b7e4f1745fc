from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as peers

from prisml.definition import Gate
from prisml.definition import gates as defined
from prisml.errors import FeatureExtractionError
from prisml.extraction.slices import Slices, Slicing
from prisml.training.active import Rival
from prisml.training.evaluate import guess_of, holdout_of
from prisml.training.gates import Evidence, judge, stored
from prisml.training.metrics import METRICS
from tests.support.training import Visit

TRUTH = np.array([0, 1] * 50)
SURE = np.where(TRUTH == 1, 0.9, 0.1)
FLIPPED = np.where(np.arange(100) < 20, 1 - SURE, SURE)


def holdout(predicted, truth=TRUTH):
    """A binary hold-out with these probabilities."""
    return holdout_of(truth, predicted, task="binary", threshold=0.5)


def evidence(predicted=FLIPPED, **more):
    """A model that is wrong in the first 20 of 100 rows, beside a baseline of one half."""
    model = holdout(predicted)
    return Evidence(model=model, guess=guess_of(model, TRUTH, "binary"), size=2_000_000, p99=lambda: 0.5, **more)


def verdict_of(gate, found=None):
    """What is said of one gate."""
    (verdict,) = judge([gate], evidence() if found is None else found)
    return verdict


def test_every_metric_that_a_gate_may_name_is_measured():
    """For each task, neither more nor less."""
    assert {task: tuple(metrics) for task, metrics in METRICS.items()} == defined.METRICS


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (Gate("accuracy", min=0.8), True),
        (Gate("accuracy", min=0.8000001), False),
        (Gate("brier", max=0.17000001), True),
        (Gate("brier", max=0.1699999), False),
        (Gate("accuracy", better_than="baseline"), True),
        (Gate("accuracy", better_than="baseline", by=0.3), True),
        (Gate("accuracy", better_than="baseline", by=0.3001), False),
        (Gate("brier", better_than="baseline", by=0.08), True),
        (Gate("brier", better_than="baseline", by=0.0801), False),
        (Gate("size_mb", max=2), True),
        (Gate("size_mb", max=1.99), False),
        (Gate("p99_ms", max=0.5), True),
        (Gate("p99_ms", max=0.49), False),
    ],
)
def test_a_bound_itself_passes(gate, passed):
    """In the direction in which the metric is better, to the last digit that a difference of floats has."""
    assert verdict_of(gate).passed is passed


def test_equal_to_the_baseline_is_not_better():
    """It has to be beaten, by however little."""
    guess = evidence(np.full(100, 0.5))
    assert not verdict_of(Gate("log_loss", better_than="baseline"), guess).passed
    assert verdict_of(Gate("log_loss", better_than="baseline"), evidence(np.where(TRUTH == 1, 0.500001, 0.499999))).passed


def test_with_a_confidence_the_cautious_end_decides():
    """The low end against a min, the high end against a max, that of the difference against a baseline; each is shown."""
    low = verdict_of(Gate("accuracy", min=0.1, confidence=0.99)).got.low
    high = verdict_of(Gate("brier", max=1, confidence=0.99)).got.high
    beside = verdict_of(Gate("accuracy", better_than="baseline", confidence=0.99)).difference.low
    assert low < 0.8 < 0.8 + beside < 1.2
    for gate, end in (
        ({"metric": "accuracy", "min": low - 1e-6}, True),
        ({"metric": "accuracy", "min": low + 1e-6}, False),
        ({"metric": "brier", "max": high + 1e-6}, True),
        ({"metric": "brier", "max": high - 1e-6}, False),
        ({"metric": "accuracy", "better_than": "baseline", "by": beside - 1e-6}, True),
        ({"metric": "accuracy", "better_than": "baseline", "by": beside + 1e-6}, False),
    ):
        assert verdict_of(Gate(**gate, confidence=0.99)).passed is end
    assert verdict_of(Gate("accuracy", min=0.8)).got.low > low
    assert "99 % sure" in verdict_of(Gate("accuracy", min=0.1, confidence=0.99)).wanted


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (Gate("accuracy", not_worse_than="active"), False),
        (Gate("accuracy", not_worse_than="active", by=0.1), True),
        (Gate("accuracy", not_worse_than="active", by=0.0999), False),
        (Gate("brier", not_worse_than="active", by=0.08), True),
        (Gate("brier", not_worse_than="active", by=0.0799), False),
        (Gate("accuracy", not_worse_than="active", by=0.1, confidence=0.95), False),
        (Gate("accuracy", not_worse_than="active", by=0.2, confidence=0.95), True),
    ],
)
def test_no_worse_than_the_active_version_by_more_than_allowed(gate, passed):
    """The active version is wrong in 10 rows more seldom; the difference and how the rows overlap are told."""
    better = holdout(np.where(np.arange(100) < 10, 1 - SURE, SURE))
    verdict = verdict_of(gate, evidence(rival=Rival(3, holdout=better), overlap="None of the rows trained it."))
    assert (verdict.passed, verdict.overlap) == (passed, "None of the rows trained it.")
    assert verdict.difference.value == pytest.approx(0.08 if gate.metric == "brier" else -0.1)
    assert "beside version 3" in verdict.reason


def test_without_an_active_version_nothing_is_worse():
    """The gate passes, and says why."""
    verdict = verdict_of(Gate("accuracy", not_worse_than="active"))
    assert (verdict.passed, verdict.got.value) == (True, 0.8)
    assert "no version serves yet" in verdict.reason


def test_what_cannot_be_compared_is_not_passed():
    """With the reason and the way out."""
    verdict = verdict_of(Gate("accuracy", not_worse_than="active"), evidence(rival=Rival(3, problem="it is of another world")))
    assert not verdict.passed
    assert verdict.reason.startswith("version 3 cannot be compared with: it is of another world. Take the gate out")


def test_a_gate_that_cannot_be_judged_is_not_passed_and_hides_no_other():
    """All are judged, in order, so that one run tells everything."""
    ones = holdout(SURE[1::2], TRUTH[1::2])
    gates = [Gate("roc_auc", min=0.5), Gate("accuracy", min=0.9), Gate("accuracy", min=0.1)]
    verdicts = judge(gates, replace(evidence(), model=ones))
    assert [(each.metric, each.passed) for each in verdicts] == [("roc_auc", False), ("accuracy", True), ("accuracy", True)]
    assert verdicts[0].got is None
    assert "labels do not define it" in verdicts[0].reason


def sliced(gate, codes, values, predicted=FLIPPED):
    """What is said of a gate on the slices of Visit.country."""
    return verdict_of(gate, evidence(predicted, slices={"country": Slices(np.array(codes, np.int32), values)}))


COUNTRIES = [0] * 30 + [1] * 65 + [2] * 5


def test_the_condition_holds_in_every_slice_that_is_large_enough():
    """Each slice's metric is scikit-learn's for its rows; the worst is named, and is what the gate got."""
    gate = Gate("accuracy", min=0.3, slice=Visit.country, min_rows=30)
    verdict = sliced(gate, COUNTRIES, ("FR", None, "NZ"))
    found = {each.value: each for each in verdict.slices}
    assert {value: each.passed for value, each in found.items()} == {None: True, "FR": True, "NZ": None}
    for value, code in (("FR", 0), (None, 1)):
        rows = np.array(COUNTRIES) == code
        assert found[value].got.value == peers.accuracy_score(TRUTH[rows], FLIPPED[rows] > 0.5)
        assert found[value].rows == rows.sum()
    assert (verdict.passed, verdict.got, verdict.rows) == (True, found["FR"].got, 95)
    assert verdict.reason == (
        "holds in all 2 slices judged; worst: 1 of 2 (30 rows), see the table; 1 slice has fewer than 30 rows and was not judged"
    )
    failed = sliced(replace(gate, min=0.34), COUNTRIES, ("FR", None, "NZ"))
    assert (failed.passed, failed.name) == (False, "accuracy by country")
    assert failed.reason.startswith("fails in 1 of 2 slices judged; worst: 1 of 2 (30 rows)")
    assert "FR" not in failed.reason


def test_a_slice_that_does_not_define_the_metric_is_not_passed():
    """Nothing is known of it, so it cannot hold there."""
    verdict = sliced(Gate("roc_auc", min=0.1, slice=Visit.country, min_rows=50), TRUTH.tolist(), ("FR", "US"))
    assert (verdict.passed, verdict.got) == (False, None)
    assert "whose labels do not define it" in verdict.reason


@pytest.mark.parametrize("metric", [each for each in METRICS["binary"] if each not in defined.LOWER_IS_BETTER])
@pytest.mark.parametrize("predicted", [FLIPPED, np.full(100, 0.1), np.full(100, 0.9)])
def test_slices_of_one_class_are_judged_by_every_metric(metric, predicted):
    """Passed or failed by name; where there is no positive, what counts positives is not defined."""
    verdict = sliced(Gate(metric, min=0.1, slice=Visit.country, min_rows=20), TRUTH.tolist(), ("none", "all"), predicted)
    got = {each.value: each.got for each in verdict.slices}
    assert (got["none"] is None) == (metric in {"precision", "recall", "f1", "roc_auc", "average_precision"})
    assert got["none"] is not None or not verdict.passed


def test_a_gate_that_judged_no_slice_is_not_passed():
    """What was looked at nowhere holds nowhere."""
    verdict = sliced(Gate("accuracy", min=0.1, slice=Visit.country), COUNTRIES, ("FR", None, "NZ"))
    assert (verdict.passed, verdict.rows) == (False, 0)
    assert "3 slices have fewer than 100 rows" in verdict.reason


def test_slices_that_are_too_small_are_named_up_to_a_limit():
    """The largest of them, so that a column of many values does not fill the verdict."""
    postal = Slices(np.arange(100, dtype=np.int32), tuple(range(100)))
    verdict = verdict_of(Gate("accuracy", min=0.1, slice=Visit.zip), evidence(slices={"zip": postal}))
    assert len(verdict.slices) == 20
    assert "100 slices have" in verdict.reason


def test_judged_slices_are_named_up_to_a_limit():
    """Those that are the worst, and a count of the others."""
    postal = Slices(np.arange(100, dtype=np.int32), tuple(range(100)))
    verdict = verdict_of(Gate("accuracy", min=0.5, slice=Visit.zip, min_rows=1), evidence(slices={"zip": postal}))
    assert len(verdict.slices) == 50
    assert {each.value for each in verdict.slices if not each.passed} == set(range(20))
    assert "fails in 20 of 100 slices judged; worst: 1 of 100 (1 row)" in verdict.reason
    assert "50 others were judged and are not listed" in verdict.reason


def test_comparisons_hold_in_every_slice():
    """With the baseline and the active version taken for the slice's rows alone."""
    found = evidence(slices={"country": Slices(np.array(COUNTRIES, np.int32), ("FR", "DE", "NZ"))}, rival=Rival(2, holdout=holdout(SURE)))
    worse = verdict_of(Gate("accuracy", not_worse_than="active", slice=Visit.country, min_rows=30), found)
    assert [(each.value, round(each.difference.value, 6), each.passed) for each in worse.slices if each.difference] == [
        ("DE", 0.0, True),
        ("FR", round(-2 / 3, 6), False),
    ]
    assert not verdict_of(Gate("accuracy", better_than="baseline", slice=Visit.country, min_rows=30), found).passed
    assert verdict_of(Gate("accuracy", better_than="baseline", slice=Visit.country, min_rows=60), found).passed


def test_what_hangs_on_the_machine_or_the_active_version_is_not_stored():
    """Equal training gives equal digests, whatever served and wherever it ran."""
    active = Gate("accuracy", not_worse_than="active", by=0.9)
    gates = [Gate("p99_ms", max=9), Gate("size_mb", max=9), active, replace(active, slice=Visit.country, min_rows=30)]
    alone = evidence(slices={"country": Slices(np.array(COUNTRIES, np.int32), ("FR", "DE", "NZ"))})
    one = judge(gates, alone)
    other = judge(gates, replace(alone, rival=Rival(3, holdout=holdout(SURE)), overlap="All of it.", p99=lambda: 0.7))
    assert one != other
    kept = [[stored(gate, verdict) for gate, verdict in zip(gates, verdicts, strict=True)] for verdicts in (one, other)]
    assert kept[0] == kept[1]
    assert [each.got and each.got.value for each in kept[0]] == [None, 2.0, 0.8, None]


def test_the_baseline_stands_in_what_was_wanted():
    """A reader sees the number that had to be beaten, and by how much."""
    assert verdict_of(Gate("accuracy", better_than="baseline")).wanted == "> 0.5 (baseline)"
    assert verdict_of(Gate("brier", better_than="baseline", by=0.01)).wanted == "<= 0.25 - 0.01 (baseline)"
    assert verdict_of(Gate("accuracy", not_worse_than="active", by=0.01)).wanted == "not worse than active by more than 0.01"


def test_gates_are_equal_by_the_path_of_their_slices():
    """As other conditions are, by what they say."""
    gate = Gate("accuracy", min=0.3, slice=Visit.country)
    assert gate == Gate("accuracy", min=0.3, slice=Visit.country)
    assert gate != Gate("accuracy", min=0.3, slice=Visit.zip)
    assert gate != Gate("accuracy", min=0.3)


def test_a_slice_of_another_type_is_refused_before_anything_is_fitted():
    """By its name and the type, without the value."""
    with pytest.raises(FeatureExtractionError, match=r"slice 'zip' .* some row gives a float") as refused:
        Slicing(2, "zip").put(0, [1, 1.5])
    assert "1.5" not in str(refused.value)
