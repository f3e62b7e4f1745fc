from __future__ import annotations

import pytest

from prisml.definition import Gate
from prisml.definition import gates as defined
from prisml.errors import NoDataError
from prisml.manifest import Interval
from prisml.training.evaluate import Evaluation
from prisml.training.gates import judge
from prisml.training.metrics import METRICS

FOUND = Evaluation({"accuracy": Interval(value=0.8), "log_loss": Interval(value=0.5)}, {"accuracy": 0.8, "log_loss": 0.6})


def passed(gate):
    """Whether what was found passes the gate."""
    (verdict,) = judge([gate], FOUND, model="m")
    return verdict.passed


def test_every_metric_that_a_gate_may_name_is_measured():
    """For each task, neither more nor less."""
    assert {task: tuple(metrics) for task, metrics in METRICS.items()} == defined.METRICS


@pytest.mark.parametrize(
    ("gate", "verdict"),
    [
        (Gate("accuracy", min=0.8), True),
        (Gate("accuracy", min=0.8000001), False),
        (Gate("log_loss", max=0.5), True),
        (Gate("log_loss", max=0.4999999), False),
        (Gate("accuracy", better_than="baseline"), False),
        (Gate("log_loss", better_than="baseline"), True),
    ],
)
def test_a_bound_itself_passes_and_the_baseline_must_be_beaten(gate, verdict):
    """In the direction in which the metric is better."""
    assert passed(gate) is verdict


def test_every_gate_gets_a_verdict():
    """A failed gate does not hide the next one."""
    verdicts = judge([Gate("accuracy", min=0.9), Gate("accuracy", min=0.1)], FOUND, model="m")
    assert [(verdict.passed, verdict.got.value) for verdict in verdicts] == [(False, 0.8), (True, 0.8)]


def test_the_baseline_stands_in_what_was_wanted():
    """A reader sees the number that had to be beaten."""
    (verdict,) = judge([Gate("log_loss", better_than="baseline")], FOUND, model="m")
    assert verdict.wanted == "< 0.6 (baseline)"


def test_a_gate_that_cannot_be_judged_is_an_error():
    """It is neither passed nor skipped."""
    with pytest.raises(NoDataError, match="the gate on r2 cannot be judged"):
        judge([Gate("r2", min=0.1)], FOUND, model="m")
