"""Entries about experiments: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import pytest

import prisml
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.guide import refused

ROW = {"age": 41, "country": "US", "mail_domain": "a.org"}


@pytest.fixture
def two(empty: Registry) -> Registry:
    """The registry with two versions of ``churn``, of which the second serves."""
    for bias in range(2):
        empty.publish(make_artifact(bias=float(bias)))
    return empty


def test_weights_do_not_sum(told, two: Registry):
    """The weights are shares of all keys."""
    told(refused(lambda: two.experiments.start("churn", {2: 0.9, 1: 0.2})))
    assert len(two.experiments.start("churn", {2: 0.8, 1: 0.2}).variants) == 2


def test_control_has_no_weight(told, two: Registry):
    """The active version takes part."""
    two.publish(make_artifact(bias=5.0), activate=False)
    told(refused(lambda: two.experiments.start("churn", {3: 0.5, 1: 0.5})))
    assert two.experiments.start("churn", {2: 0.4, 3: 0.3, 1: 0.3}).control.version == 2


def test_experiment_runs_already(told, two: Registry):
    """The one that runs is ramped, or ended before another begins."""
    two.experiments.start("churn", {2: 0.9, 1: 0.1}, name="spring")
    told(refused(lambda: two.experiments.start("churn", {2: 0.5, 1: 0.5}, name="summer")))
    two.experiments.stop("churn")
    assert two.experiments.start("churn", {2: 0.5, 1: 0.5}, name="summer").name == "summer"


def test_version_of_another_task(told, two: Registry):
    """Only versions that answer the same question are compared."""
    two.publish(make_artifact(task="regression", threshold=0.5, output="churn_value"), activate=False)
    told(refused(lambda: two.experiments.start("churn", {2: 0.5, 3: 0.5})))
    assert two.experiments.start("churn", {2: 0.5, 1: 0.5}).control.version == 2


def test_variant_is_none(told, two: Registry):
    """A row with its key is assigned; without one the active version answers."""
    two.experiments.start("churn", {2: 0.5, 1: 0.5})
    engine = prisml.load("churn", registry=two, refresh=None)
    assert {engine.predict(ROW).variant for _ in range(20)} == {None}
    assert {engine.predict({**ROW, "id": key}).variant for key in range(40)} == {"control", "v1"}
    assert {engine.predict(ROW, key=key).variant for key in range(40)} == {"control", "v1"}


def test_publishing_during_an_experiment(told, two: Registry):
    """A version that is published meanwhile waits for the end of the experiment."""
    two.experiments.start("churn", {2: 0.5, 1: 0.5})
    told(two.held("churn"))
    waiting = two.publish(make_artifact(bias=9.0))
    assert not waiting.active
    two.experiments.stop("churn")
    assert two.activate("churn", waiting.number).active
