"""What a verdict says beside passed or not, and the edges of the conditions: each by numbers written down here."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from prisml.definition import Gate
from prisml.extraction.slices import Slices
from prisml.manifest import Interval
from prisml.training.active import Rival
from prisml.training.conditions import _bounded, _compared
from prisml.training.evaluate import guess_of, holdout_of
from prisml.training.gates import Evidence, judge
from prisml.training.intervals import difference, interval
from prisml.training.sliced import shown
from tests.support.training import Visit

TRUTH = np.array([0, 1] * 50)
SURE = np.where(TRUTH == 1, 0.9, 0.1)
FLIPPED = np.where(np.arange(100) < 20, 1 - SURE, SURE)
GOT = Interval(value=0.8, low=0.7, high=0.9)
BASELINE = {"better_than": "baseline"}
ACTIVE = {"not_worse_than": "active"}


def holdout(predicted, truth=TRUTH):
    """A binary hold-out with these probabilities."""
    return holdout_of(truth, np.asarray(predicted, dtype=np.float64), task="binary", threshold=0.5)


def verdict_of(gate, predicted=FLIPPED, truth=TRUTH, **more):
    """What is said of a gate on a model with these probabilities, beside a baseline of one half."""
    model = holdout(predicted, truth)
    guess = guess_of(model, TRUTH, "binary")
    (verdict,) = judge([gate], Evidence(model=model, guess=guess, size=2_000_000, p99=lambda: 0.5, **more))
    return verdict


@pytest.mark.parametrize(
    ("gate", "got", "margin"),
    [
        (Gate("accuracy", min=0.75), GOT, 0.05),
        (Gate("accuracy", min=0.75, confidence=0.95), GOT, -0.05),
        (Gate("accuracy", max=0.85), GOT, 0.05),
        (Gate("accuracy", max=0.85, confidence=0.95), GOT, -0.05),
    ],
)
def test_a_bound_holds_by_what_lies_between(gate, got, margin):
    """By the value, or with a confidence by its cautious end, counted the way in which more is safer."""
    found = _bounded(gate, got)
    assert (found.got, found.difference, found.passed) == (got, None, margin > 0)
    assert found.margin == pytest.approx(margin)


def test_a_bound_that_an_unknown_end_should_keep_is_not_judged():
    """Without the end that decides, nothing is passed in place of it."""
    assert _bounded(Gate("accuracy", min=0.1, confidence=0.95), Interval(value=0.8)) is None
    assert _bounded(Gate("accuracy", max=0.9, confidence=0.95), Interval(value=0.8)) is None


@pytest.mark.parametrize(
    ("gate", "apart", "margin"),
    [
        (Gate("accuracy", **BASELINE), Interval(value=0.1), 0.1),
        (Gate("accuracy", **BASELINE), Interval(value=-0.1), -0.1),
        (Gate("accuracy", **BASELINE, by=0.03), Interval(value=0.1), 0.07),
        (Gate("accuracy", **BASELINE, by=0.03, confidence=0.95), Interval(value=0.1, low=0.05, high=0.2), 0.02),
        (Gate("brier", **BASELINE), Interval(value=-0.1), 0.1),
        (Gate("brier", **BASELINE, by=0.03, confidence=0.95), Interval(value=-0.1, low=-0.2, high=-0.05), 0.02),
        (Gate("brier", **BASELINE, confidence=0.95), Interval(value=-0.1, low=-0.2, high=0.05), -0.05),
        (Gate("accuracy", **ACTIVE), Interval(value=-0.1), -0.1),
        (Gate("accuracy", **ACTIVE, by=0.3), Interval(value=-0.1), 0.2),
        (Gate("accuracy", **ACTIVE, by=0.3, confidence=0.95), Interval(value=-0.1, low=-0.2, high=0.1), 0.1),
        (Gate("brier", **ACTIVE, by=0.3, confidence=0.95), Interval(value=0.1, low=-0.1, high=0.2), 0.1),
    ],
)
def test_a_comparison_holds_by_what_lies_between(gate, apart, margin):
    """Better than the baseline by what is beyond ``by``, no worse than the active version by what is left of it."""
    found = _compared(gate, GOT, apart)
    assert (found.got, found.difference, found.passed) == (GOT, apart, margin > 0)
    assert found.margin == pytest.approx(margin)


@pytest.mark.parametrize("metric", ["accuracy", "brier"])
@pytest.mark.parametrize("way", [BASELINE, ACTIVE])
def test_a_comparison_of_which_nobody_knows_how_sure_it_is_does_not_pass_with_a_confidence(metric, way):
    """However large the difference, and as the worst of all slices; without a confidence the value decides."""
    apart = Interval(value=-0.3 if metric == "brier" else 0.3)
    found = _compared(Gate(metric, **way, confidence=0.95), GOT, apart)
    assert (found.got, found.difference, found.margin, found.passed) == (GOT, apart, -math.inf, False)
    assert _compared(Gate(metric, **way), GOT, apart).passed is True


@pytest.mark.parametrize(
    ("gate", "value", "passed"),
    [
        (Gate("accuracy", **BASELINE, by=0.3), 0.3 - 1e-9, True),
        (Gate("accuracy", **BASELINE, by=0.3), 0.3 - 2e-9, False),
        (Gate("accuracy", **BASELINE), 1e-9, False),
        (Gate("accuracy", **BASELINE), 2e-9, True),
        (Gate("accuracy", **ACTIVE, by=0.3), -0.3 - 1e-9, True),
        (Gate("accuracy", **ACTIVE, by=0.3), -0.3 - 2e-9, False),
    ],
)
def test_a_billionth_is_rounding(gate, value, passed):
    """It makes no model fail a difference that was allowed, and none better than the baseline."""
    assert _compared(gate, GOT, Interval(value=value)).passed is passed


def test_a_bound_is_judged_by_itself_whatever_serves():
    """A version that serves makes no comparison of it."""
    verdict = verdict_of(Gate("accuracy", min=0.9), rival=Rival(3, holdout=holdout(FLIPPED)))
    assert (verdict.passed, verdict.difference, verdict.reason) == (False, None, None)


def test_what_the_other_does_not_define_cannot_be_compared():
    """A version that gives no number for a row is neither better nor worse: the gate is not passed."""
    rival = Rival(3, holdout=holdout(np.where(np.arange(100) == 7, np.nan, SURE)))
    verdict = verdict_of(Gate("brier", **ACTIVE, by=0.9), rival=rival)
    assert (verdict.passed, verdict.got, verdict.difference, verdict.rows) == (False, None, None, 100)
    assert verdict.reason == "the hold-out's labels do not define it: make it larger or more varied, or gate on another metric"


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_intervals_are_those_of_the_gates_own_confidence(confidence):
    """Of the metric and of the difference, also where no version serves yet; 95 % where the gate names none."""
    model, other = holdout(FLIPPED), holdout(SURE)
    gate, plain = Gate("accuracy", **ACTIVE, confidence=confidence), Gate("accuracy", **ACTIVE)
    verdict = verdict_of(gate, rival=Rival(3, holdout=other))
    assert verdict.got == verdict_of(gate).got == interval("accuracy", model, confidence=confidence)
    assert verdict.difference == difference("accuracy", model, other, confidence=confidence)
    assert verdict_of(plain).got == interval("accuracy", model, confidence=0.95)
    assert verdict_of(plain).rows == 100


def test_a_measure_says_where_it_was_taken():
    """Milliseconds hang on the machine, megabytes on nothing."""
    assert verdict_of(Gate("p99_ms", max=1)).reason == "of single predictions on this machine"
    assert verdict_of(Gate("size_mb", max=1)).reason is None


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        (Gate("accuracy", **BASELINE), "> 0.5 (baseline)"),
        (Gate("accuracy", **BASELINE, by=0.01), ">= 0.5 + 0.01 (baseline)"),
        (Gate("brier", **BASELINE), "< 0.25 (baseline)"),
        (Gate("brier", **BASELINE, by=0.01), "<= 0.25 - 0.01 (baseline)"),
        (Gate("accuracy", **BASELINE, confidence=0.9), "> 0.5 (baseline), 90 % sure"),
    ],
)
def test_the_number_to_be_beaten_stands_in_what_was_wanted(gate, wanted):
    """In the direction that is better, and with how much more it had to be."""
    assert verdict_of(gate).wanted == wanted


def test_a_bound_by_its_value_needs_no_reason():
    """The table has the value and the bound."""
    assert verdict_of(Gate("accuracy", min=0.1)).reason is None


@pytest.mark.parametrize(("condition", "side"), [({"metric": "accuracy", "min": 0.1}, "low"), ({"metric": "brier", "max": 0.9}, "high")])
def test_the_end_that_decided_is_told(condition, side):
    """The low end beside a min, the high end beside a max, as the interval has it."""
    verdict = verdict_of(Gate(**condition, confidence=0.95))
    assert verdict.reason == f"the {side} end decides: {getattr(verdict.got, side):.4g}"


@pytest.mark.parametrize(("metric", "value", "side"), [("accuracy", "+0.3", "low"), ("brier", "-0.08", "high")])
def test_a_comparison_is_told_with_its_interval_and_the_end_that_decided(metric, value, side):
    """Of the baseline as of the version that serves, by its number; which end decided only where one did."""
    sure = verdict_of(Gate(metric, **BASELINE, confidence=0.95), rival=Rival(3, holdout=holdout(SURE)))
    told = f"{value} ({sure.difference.low:+.4g} to {sure.difference.high:+.4g}) beside the baseline"
    assert sure.reason == f"{told}; the {side} end decides: {getattr(sure.difference, side):+.4g}"
    assert verdict_of(Gate(metric, **BASELINE)).reason == told
    beside = verdict_of(Gate(metric, **ACTIVE), rival=Rival(3, holdout=holdout(FLIPPED)))
    assert beside.reason == "+0 (+0 to +0) beside version 3"


def test_a_difference_of_which_nobody_knows_how_sure_it_is_says_so():
    """Where every row differs alike; the warning stands only beside a gate that asks how sure, which is not passed."""
    better, worse = (holdout_of(np.zeros(9), np.full(9, number), task="regression", threshold=0.5) for number in (1.0, 2.0))
    shown_as = {}
    for gate in (Gate("mae", **ACTIVE, confidence=0.95), Gate("mae", **ACTIVE)):
        (verdict,) = judge([gate], Evidence(model=better, guess=better, size=1, p99=lambda: 0.5, rival=Rival(3, holdout=worse)))
        assert verdict.difference == Interval(value=-1.0)
        shown_as[verdict.passed] = verdict.reason
    assert shown_as == {False: "-1 (the rows do not tell how sure that is) beside version 3", True: "-1 beside version 3"}


def sliced(gate, codes, values, predicted=FLIPPED, **more):
    """What is said of a gate on slices of these codes."""
    return verdict_of(gate, predicted, slices={"country": Slices(np.array(codes, np.int32), values)}, **more)


def test_a_slice_that_does_not_define_the_metric_is_the_worst_and_not_passed():
    """Whatever the others give, it is the one that is shown, and it failed rather than went unjudged."""
    codes = np.where((TRUTH == 0) & (np.arange(100) < 40), 0, 1)
    verdict = sliced(Gate("roc_auc", min=0.99, slice=Visit.country, min_rows=10), codes.tolist(), ("none", "both"))
    undefined, defined = sorted(verdict.slices, key=lambda each: each.rows)
    assert (undefined.got, undefined.passed, defined.passed) == (None, False, False)
    assert (verdict.passed, verdict.got, verdict.difference) == (False, None, None)
    assert verdict.reason == ("fails in 2 of 2 slices judged; worst: 1 of 2 (20 rows), whose labels do not define it, see the table")


def test_the_difference_of_the_worst_slice_is_that_of_the_verdict():
    """Beside its metric, so that a table of one line tells what a comparison found where it is worst."""
    found = sliced(Gate("accuracy", **BASELINE, slice=Visit.country, min_rows=20), [0] * 30 + [1] * 70, ("FR", "DE"))
    worst = next(each for each in found.slices if each.value == "FR")
    assert (found.got, found.difference) == (worst.got, worst.difference)
    assert worst.difference.value == pytest.approx(1 / 3 - 0.5)


def test_a_value_that_no_row_has_is_no_slice():
    """Neither judged nor too small, wherever it stands among the values."""
    verdict = sliced(Gate("accuracy", min=0.1, slice=Visit.country, min_rows=30), [1] * 60 + [2] * 40, ("AT", "FR", "DE", "NZ"))
    assert [each.value for each in verdict.slices] == ["FR", "DE"]
    assert verdict.reason == "holds in all 2 slices judged; worst: 1 of 2 (60 rows), see the table"


def test_slices_of_as_many_rows_stand_by_value():
    """The same data gives the same table, in whatever order the database had the values; what is missing stands by that word."""
    codes = np.repeat(np.arange(4), 25).tolist()
    gate = Gate("accuracy", min=0.1, slice=Visit.country, min_rows=10)
    for values in (("FR", None, "AT", "DE"), ("DE", "AT", "FR", None)):
        assert [each.value for each in sliced(gate, codes, values, SURE).slices] == ["AT", "DE", "FR", None]


def test_a_slice_is_shown_as_its_value_or_as_missing():
    """A text is told from a number."""
    assert [shown(None), shown("FR"), shown(7), shown(True)] == ["missing", "'FR'", "7", "True"]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([0] * 96 + [1] * 4, "; 1 slice has fewer than 5 rows and was not judged"),
        ([0] * 93 + [1] * 4 + [2] * 3, "; 2 slices have fewer than 5 rows and were not judged"),
        ([0] * 100, ""),
    ],
)
def test_slices_that_were_not_judged_are_counted(codes, said):
    """Where there are any, and in the number that they have."""
    verdict = sliced(Gate("accuracy", min=0.1, slice=Visit.country, min_rows=5), codes, ("FR", "DE", "NZ"))
    assert verdict.reason == f"holds in all 1 slices judged; worst: 1 of 1 ({codes.count(0)} rows), see the table{said}"


def test_no_rows_at_all_are_told_as_such():
    """A smaller min_rows would not help."""
    empty = Evidence(
        model=holdout([], np.array([], dtype=np.intp)),
        guess=holdout([], np.array([], dtype=np.intp)),
        size=1,
        p99=lambda: 0.5,
        slices={"country": Slices(np.array([], np.int32), ())},
    )
    (verdict,) = judge([Gate("accuracy", min=0.1, slice=Visit.country)], empty)
    assert (verdict.passed, verdict.rows, verdict.reason) == (False, 0, "nothing was judged: no rows")


@pytest.mark.parametrize(
    ("slices", "more"),
    [
        (50, ""),
        (51, " of the worst 50; 1 other was judged and is not listed"),
        (52, " of the worst 50; 2 others were judged and are not listed"),
    ],
)
def test_how_many_judged_slices_are_not_listed_is_told(slices, more):
    """From the first one that is not."""
    codes = [min(row, slices - 1) for row in range(100)]
    verdict = sliced(Gate("accuracy", min=0.5, slice=Visit.country, min_rows=1), codes, tuple(range(slices)), SURE)
    assert len(verdict.slices) == 50
    assert verdict.reason.endswith(f"see the table{more}")


def test_the_verdict_of_slices_has_no_overlap_unless_versions_are_compared():
    """How the rows overlap with those of another version is told of comparisons with it alone."""
    gate = Gate("accuracy", min=0.1, slice=Visit.country, min_rows=5)
    assert sliced(gate, [0] * 100, ("FR",), overlap="All of it.").overlap is None
    compared = replace(gate, min=None, not_worse_than="active")
    assert sliced(compared, [0] * 100, ("FR",), overlap="All of it.", rival=Rival(3, holdout=holdout(SURE))).overlap == "All of it."
