"""What definitions accept by name is what training can do."""

from __future__ import annotations

import pytest

from prisml.definition.algorithms import ALGORITHMS, takes_nan
from prisml.definition.gates import LOWER_IS_BETTER, METRICS, Gate
from prisml.training import estimators, metrics


def test_every_algorithm_that_a_definition_takes_can_be_trained():
    """The names, tasks and treatment of missing numbers are the same where models are defined and where they are trained."""
    trained = {
        name: (algorithm.class_name("binary") is not None, algorithm.class_name("regression") is not None, algorithm.takes_nan)
        for name, algorithm in estimators.ALGORITHMS.items()
    }
    defined = {name: ("binary" in tasks, "regression" in tasks, takes_nan(name)) for name, tasks in ALGORITHMS.items()}
    assert defined == trained


def test_every_metric_that_a_gate_takes_is_measured():
    """The metrics of each task are the same where gates are defined and where they are judged."""
    assert {task: set(names) for task, names in METRICS.items()} == {task: set(found) for task, found in metrics.METRICS.items()}


@pytest.mark.parametrize("metric", sorted({metric for found in METRICS.values() for metric in found}))
def test_every_metric_can_be_gated_in_its_better_direction(metric):
    """Errors take a max=, everything else a min=, and each its baseline; the wanted text says which."""
    bound = Gate(metric, max=0.5) if metric in LOWER_IS_BETTER else Gate(metric, min=0.5)
    assert bound.wanted == ("<= 0.5" if metric in LOWER_IS_BETTER else ">= 0.5")
    assert Gate(metric, better_than="baseline").wanted == "better than baseline"
