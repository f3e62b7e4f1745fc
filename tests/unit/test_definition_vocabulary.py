"""What definitions accept by name is what training can do."""

from __future__ import annotations

from importlib import import_module

import pytest

from prisml.definition.algorithms import ALGORITHMS
from prisml.definition.gates import LOWER_IS_BETTER, METRICS, Gate
from prisml.training import metrics
from tests.support.training import TREES


@pytest.mark.parametrize("name", [name for name, found in ALGORITHMS.items() if found.extra is None or name in TREES])
def test_every_algorithm_names_classes_that_are_there(name):
    """Behind each name stands, for each of its tasks, a class whose parameters include the defaults that are documented."""
    algorithm = ALGORITHMS[name]
    classes = [known for known in (algorithm.classifier, algorithm.regressor) if known is not None]
    assert classes
    for known in classes:
        made = getattr(import_module(algorithm.module), known)()
        assert set(algorithm.defaults) <= {*made.get_params(), *algorithm.hidden}


def test_every_metric_that_a_gate_takes_is_measured():
    """The metrics of each task are the same where gates are defined and where they are judged."""
    assert {task: set(names) for task, names in METRICS.items()} == {task: set(found) for task, found in metrics.METRICS.items()}


@pytest.mark.parametrize("metric", sorted({metric for found in METRICS.values() for metric in found}))
def test_every_metric_can_be_gated_in_its_better_direction(metric):
    """Errors take a max=, everything else a min=, and each its baseline; the wanted text says which."""
    bound = Gate(metric, max=0.5) if metric in LOWER_IS_BETTER else Gate(metric, min=0.5)
    assert bound.wanted == ("<= 0.5" if metric in LOWER_IS_BETTER else ">= 0.5")
    assert Gate(metric, better_than="baseline").wanted == "better than baseline"
