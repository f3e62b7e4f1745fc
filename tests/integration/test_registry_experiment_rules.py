"""The rules of experiments, which no database has a part in."""

from __future__ import annotations

import traceback

import pytest

from prisml.errors import EncodingError, ExperimentError, ModelNotFoundError, VersionNotFoundError
from prisml.registry import Experiment, Registry, Variant
from tests.artifacts import make_artifact

KEYS = range(20_000)
HALVES = {1: 0.5, 2: 0.5}


@pytest.fixture
def local(sqlite_url: str) -> Registry:
    """A registry in a SQLite file, with four versions of one model, of which the first serves."""
    registry = Registry(sqlite_url)
    for bias in range(4):
        registry.publish(make_artifact(bias=float(bias)), activate=bias == 0)
    return registry


def shares(experiment: Experiment) -> dict[str, int]:
    """How many buckets each variant has."""
    return {variant.name: sum(end - start for start, end in variant.ranges) for variant in experiment.variants}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({1: 1.0}, "needs two versions or more"),
        ({}, "needs two versions or more"),
        ({1: 0.5, 2: 0.4}, "sum to 0.9, and not to 1"),
        ({1: 0.5, 2: 0.5 + 2e-9}, "sum to 1.000000002, and not to 1"),
        ({1: 0.99995, 2: 0.00005}, r"version 2 is 5e-05\. Give a share from 0\.0001"),
        ({1: 1.0, 2: 0.0}, "version 2 is 0"),
        ({1: 1.5, 2: -0.5}, r"version 1 is 1\.5"),
        ({1: float("nan"), 2: 0.5}, "version 1 is nan"),
        ({1: float("inf"), 2: 0.5}, "version 1 is inf"),
        ({1: "0.5", 2: 0.5}, "version 1 is a str"),
        ({1: True, 2: 0.5}, "version 1 is a bool"),
        ({"1": 0.5, 2: 0.5}, "name a version by a str"),
        ({2: 0.5, 3: 0.5}, "Version 1 of 'churn' is active, and the weights leave it out"),
    ],
)
def test_weights_that_cannot_be_are_refused(local: Registry, weights: dict[int, float], message: str):
    """Weights are shares of at least one bucket that sum to 1, and control has one; else nothing starts."""
    with pytest.raises(ExperimentError, match=message) as caught:
        local.experiments.start("churn", weights)
    assert "'churn'" in str(caught.value)
    assert caught.value.exit_code == 2
    assert local.experiments.status("churn") is None


def test_the_smallest_weight_and_the_tolerance_are_allowed(local: Registry):
    """One bucket of 10,000 is enough, and a sum that rounding moved by less than 1e-9 is 1."""
    started = local.experiments.start("churn", {1: 0.9999, 2: 0.0001})
    assert shares(started) == {"control": 9_999, "v2": 1}
    thirds = {1: 1 / 3, 2: 1 / 3, 3: 1 / 3 + 9e-10}
    assert sorted(shares(local.experiments.ramp("churn", thirds)).values()) == [3333, 3333, 3334]


def test_a_variant_that_a_ramp_leaves_out_is_refused(local: Registry):
    """A treatment does not vanish by being forgotten."""
    local.experiments.start("churn", {1: 0.4, 2: 0.3, 3: 0.3}, name="autumn")
    with pytest.raises(ExperimentError, match="'autumn' of 'churn' has version 3, and the weights leave it out"):
        local.experiments.ramp("churn", {1: 0.5, 2: 0.5})


def test_unknown_and_deleted_versions_are_refused(local: Registry):
    """A version of an experiment must be there, and so must the model, and one of its versions active."""
    local.delete("churn", 4)
    for number in (4, 9):
        with pytest.raises(VersionNotFoundError, match=f"'churn' (has no )?version {number}"):
            local.experiments.start("churn", {1: 0.5, number: 0.5})
    local.publish(make_artifact("idle"), activate=False)
    with pytest.raises(ModelNotFoundError, match="No version of 'idle' is active"):
        local.experiments.start("idle", HALVES)
    assert local.experiments.status("idle") is None
    for use in (local.experiments.status, local.experiments.stop, lambda name: local.experiments.start(name, HALVES)):
        with pytest.raises(ModelNotFoundError, match="Did you mean"):
            use("chrun")


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("entity", {"entity": "Account"}),
        ("output", {"output": "other"}),
        ("task", {"task": "regression"}),
        ("classes", {"classes": ("no", "yes")}),
    ],
)
def test_versions_that_answer_another_question_are_refused(local: Registry, what: str, other: dict[str, str]):
    """An experiment compares versions of one entity, output, task and set of classes, at start and at each ramp."""
    number = local.publish(make_artifact(bias=8.0, **other), activate=False).number
    with pytest.raises(ExperimentError, match=f"'churn' version {number} cannot be compared with control: it has another {what}"):
        local.experiments.start("churn", {1: 0.5, number: 0.5})
    local.experiments.start("churn", HALVES)
    with pytest.raises(ExperimentError, match="cannot be compared"):
        local.experiments.ramp("churn", {1: 0.4, 2: 0.4, number: 0.2})


def test_forced_keys_get_their_version_and_stay_unseen(local: Registry):
    """A forced key gets the version named for it, by its text; no error, and no text of the experiment, shows a key."""
    started = local.experiments.start("churn", {1: 0.9999, 2: 0.0001}, forced={"s3cret": 2, 7: 2, ("a|b", 1): 2})
    assert all(started.assign(key).name == "v2" for key in ("s3cret", 7, "7", ("a|b", 1)))
    assert started.assign_many(["s3cret", 7]).tolist() == [1, 1]
    assert started.assign(("a", "b|1")).name == "control"
    assert "s3cret" not in repr(started)
    assert local.experiments.status("churn").forced == started.forced
    local.experiments.stop("churn")
    refused = [
        ({"s3cret": 9}, ExperimentError, "forced to version 9, which has no weight"),
        ({"1331": 1, 1331: 2}, ExperimentError, "forced to two versions"),
        ({None: 2}, ExperimentError, "is None, which is no key"),
        ({1.5: 2}, EncodingError, "float"),
        ({("s3cret", None): 2}, EncodingError, "None"),
    ]
    for forced, error, message in refused:
        with pytest.raises(error, match=message) as caught:
            local.experiments.start("churn", HALVES, forced=forced)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.context)
        assert not any(secret in told for secret in ("'s3cret'", "'1331'"))


@pytest.mark.parametrize("name", ["", " autumn", "autumn ", "a\nb", "x" * 201])
def test_names_that_cannot_be_read_are_refused(local: Registry, name: str):
    """A name is one readable line."""
    with pytest.raises(ExperimentError, match="cannot have the name"):
        local.experiments.start("churn", HALVES, name=name)
    with pytest.raises(ExperimentError, match="salt of an experiment of 'churn' is empty or too long"):
        local.experiments.start("churn", HALVES, salt="")


def test_the_salt_decides_who_gets_what(local: Registry):
    """The same salt divides the same keys alike; another one, independently."""
    first = local.experiments.start("churn", HALVES, salt="one")
    local.experiments.stop("churn")
    second = local.experiments.start("churn", HALVES, salt="one")
    local.experiments.stop("churn")
    other = local.experiments.start("churn", HALVES, salt="two")
    assert (first.assign_many(KEYS) == second.assign_many(KEYS)).all()
    assert 0.48 < (first.assign_many(KEYS) == other.assign_many(KEYS)).mean() < 0.52


def test_values_compare_and_hash(local: Registry):
    """Experiments and variants are values."""
    started = local.experiments.start("churn", HALVES)
    assert {started, local.experiments.status("churn")} == {started}
    assert started.variants[1] == Variant("v2", 2, 0.5, ((5_000, 10_000),))
    assert started.of_version(2) == started.variants[1]
    assert started.of_version(3) is None
    assert started.treatments == started.variants[1:]
