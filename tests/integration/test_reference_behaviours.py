"""Ten behaviours of versions and seven of experiments: in the registry, and in the predictions of a process that was running before."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prisml.errors import ConflictError, ExperimentError, VersionNotFoundError
from prisml.manifest import Interval
from prisml.registry import Artifact, Registry
from prisml.registry.compare import compare
from prisml.registry.transfer import export, import_
from tests.artifacts import expected, make_artifact
from tests.support.serving import ROW, Seen, Serving, serving

KEYS = list(range(10_000))


@dataclass(frozen=True)
class Place:
    """A registry with one version of churn, which serves, and the process that serves it."""

    registry: Registry
    process: Serving

    def publish(self, number: int, *, activate: bool = False, **metrics: float) -> None:
        """The version of that number, which predicts as no other does."""
        version = self.registry.publish(artifact(number, **metrics), activate=activate)
        assert version.number == number


def artifact(number: int, **metrics: float) -> Artifact:
    """What version ``number`` is made of."""
    made = make_artifact(bias=float(number))
    intervals = {metric: Interval(value=value) for metric, value in metrics.items()}
    return Artifact(made.manifest.model_copy(update={"metrics": intervals or made.manifest.metrics}).to_json(), made.onnx)


def by(number: int, variant: str | None = None) -> Seen:
    """What a process answers that serves by that version."""
    return Seen(pytest.approx(expected(ROW, bias=float(number)), abs=1e-6), number, variant)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Version 1 serves, and another process has begun to answer by it before the test changes anything."""
    url = request.getfixturevalue(f"{request.param}_url")
    registry = Registry(url)
    registry.publish(artifact(1))
    with serving("churn", url) as process:
        assert process.one() == by(1)
        yield Place(registry, process)


def test_a_registered_version_waits_until_it_is_activated(place: Place) -> None:
    """What is registered has the next number and is not active, and the other process goes on as before."""
    place.publish(2)
    assert [(each.number, each.active) for each in place.registry.versions("churn")] == [(1, True), (2, False)]
    assert place.process.one(refresh=True) == by(1)


def test_an_activated_version_serves(place: Place) -> None:
    """After activate the version is the active one, and the other process predicts by it without being told."""
    place.publish(2)
    place.registry.activate("churn", 2)
    assert place.registry.active("churn").number == 2
    assert place.process.until_version(2) == by(2)


def test_one_version_is_active_at_a_time(place: Place) -> None:
    """Whichever is activated, it alone is active, and it alone answers all keys in the other process."""
    for number in (2, 3):
        place.publish(number, activate=True)
    for number in (1, 3, 2):
        place.registry.activate("churn", number)
        assert [each.number for each in place.registry.versions("churn") if each.active] == [number]
        place.process.until_version(number)
        assert set(map(by_version, place.process.many(KEYS[:100]))) == {(number, None)}


def by_version(seen: Seen) -> tuple[int, str | None]:
    """By which version and variant a key was answered."""
    return seen.version, seen.variant


def test_versions_are_listed_in_order(place: Place) -> None:
    """Versions are listed by number, oldest first, which is the order in which the other process saw them come."""
    seen = [place.process.one().version]
    for number in (2, 3, 4):
        place.publish(number, activate=True)
        seen.append(place.process.until_version(number).version)
    assert [each.number for each in place.registry.versions("churn")] == seen == [1, 2, 3, 4]


def test_compare_gives_differences_of_accuracy_precision_and_recall(place: Place) -> None:
    """Compare says how much better the second is in each metric, and changes nothing: the other process goes on by the first."""
    place.publish(2, activate=True, accuracy=0.75, precision=0.5, recall=0.625)
    place.publish(3, accuracy=0.875, precision=0.75, recall=0.5)
    found = compare(place.registry, "churn", 2, 3)
    assert {each.metric: (each.difference, each.better) for each in found.metrics} == {
        "accuracy": (0.125, True),
        "precision": (0.25, True),
        "recall": (-0.125, False),
    }
    assert place.process.until_version(2) == place.process.one(refresh=True) == by(2)


def test_a_rollback_brings_the_version_before_back(place: Place) -> None:
    """After rollback the version that served before is active again, and the other process predicts what it predicted then."""
    before = place.process.one()
    place.publish(2, activate=True)
    assert place.process.until_version(2) == by(2)
    assert place.registry.rollback("churn", why="too keen").number == 1
    assert place.process.until_version(1) == before == by(1)


def test_the_active_version_cannot_be_deleted(place: Place) -> None:
    """Deleting what serves is refused, and the other process goes on predicting by it."""
    place.publish(2)
    with pytest.raises(ConflictError):
        place.registry.delete("churn", 1)
    assert [each.number for each in place.registry.versions("churn")] == [1, 2]
    assert place.process.one(refresh=True) == by(1)


def test_a_version_that_does_not_serve_can_be_deleted(place: Place) -> None:
    """A version that served once is gone when it is deleted, and the other process goes on by the active one and never by it."""
    place.publish(2, activate=True)
    assert place.process.until_version(2) == by(2)
    place.registry.delete("churn", 1)
    assert [each.number for each in place.registry.versions("churn")] == [2]
    with pytest.raises(VersionNotFoundError):
        place.registry.activate("churn", 1)
    assert place.process.one(refresh=True) == by(2)


def test_history_is_newest_first(place: Place) -> None:
    """The history tells, newest first, by which versions the other process answered, one after another."""
    seen = [place.process.one().version]
    for number in (2, 3):
        place.publish(number, activate=True)
        seen.append(place.process.until_version(number).version)
    place.registry.activate("churn", 2)
    seen.append(place.process.until_version(2).version)
    assert [entry.version for entry in place.registry.history("churn")] == seen[::-1] == [2, 3, 2, 1]


def test_an_exported_version_is_imported_and_serves(place: Place, tmp_path: Path) -> None:
    """A model that is exported from one registry and imported into another serves there, bit for bit, in a process that was running."""
    elsewhere = Registry(f"sqlite:///{tmp_path}/elsewhere.db")
    elsewhere.publish(artifact(1))
    elsewhere.publish(artifact(2))
    export(elsewhere, tmp_path / "churn.prisml", name="churn")
    import_(place.registry, tmp_path / "churn.prisml", activate=True)
    assert [each.digest for each in place.registry.versions("churn")] == [each.digest for each in elsewhere.versions("churn")]
    assert place.process.until_version(2) == by(2)


def test_a_valid_split_runs(place: Place) -> None:
    """An experiment with a valid split runs, and the other process answers each key by the variant that the registry gives it."""
    place.publish(2)
    experiment = place.registry.experiments.start("churn", {1: 0.9, 2: 0.1})
    assert place.registry.experiments.status("churn") == experiment
    key = next(key for key in KEYS if experiment.assign(key).version == 2)
    assert place.process.until(lambda seen: seen.variant is not None, key) == by(2, "v2")
    answered = [by_version(seen) for seen in place.process.many(KEYS[:200])]
    assigned = [experiment.assign(key) for key in KEYS[:200]]
    assert answered == [(variant.version, variant.name) for variant in assigned]
    assert set(answered) == {(1, "control"), (2, "v2")}


def test_a_split_must_sum_to_one(place: Place) -> None:
    """Weights that do not sum to 1 are refused, and in the other process everybody is served by the active version."""
    place.publish(2)
    for weights in ({1: 0.9, 2: 0.2}, {1: 0.5, 2: 0.4}):
        with pytest.raises(ExperimentError, match="sum"):
            place.registry.experiments.start("churn", weights)
    assert place.registry.experiments.status("churn") is None
    assert place.process.one("somebody", refresh=True) == by(1)


def test_a_split_names_versions_that_are_there(place: Place) -> None:
    """An experiment with a version that is not there is refused, and in the other process everybody is served by the active one."""
    with pytest.raises(VersionNotFoundError):
        place.registry.experiments.start("churn", {1: 0.5, 7: 0.5})
    assert place.registry.experiments.status("churn") is None
    assert place.process.one("somebody", refresh=True) == by(1)


def test_a_key_keeps_its_variant(place: Place, request: pytest.FixtureRequest) -> None:
    """A key gets the same variant each time it is asked for, in the other process and in one that is started later."""
    place.publish(2)
    experiment = place.registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    place.process.until(lambda seen: seen.variant is not None, 0)
    keys = [*KEYS[:200], "ada", "grace"]
    first = [by_version(seen) for seen in place.process.many(keys)]
    assert first == [(variant.version, variant.name) for variant in map(experiment.assign, keys)]
    assert [by_version(seen) for seen in place.process.many(keys[::-1], refresh=True)] == first[::-1]
    url = place.registry.database.engine.url.render_as_string(hide_password=False)
    with serving("churn", url) as later:
        assert [by_version(seen) for seen in later.many(keys)] == first


def test_keys_are_distributed_as_the_split_says(place: Place) -> None:
    """Of 10,000 keys the other process gives a tenth to the variant with weight 0.1, within four standard deviations."""
    place.publish(2)
    experiment = place.registry.experiments.start("churn", {1: 0.9, 2: 0.1}, salt="distribution")
    place.process.until(lambda seen: seen.variant is not None, 0)
    answered = [by_version(seen) for seen in place.process.many(KEYS)]
    treated = answered.count((2, "v2"))
    assert abs(treated - 1_000) < 4 * math.sqrt(10_000 * 0.1 * 0.9)
    assert treated == int((experiment.assign_many(KEYS) == 1).sum())
    assert answered.count((1, "control")) == 10_000 - treated


def test_promoting_ends_the_experiment(place: Place) -> None:
    """After promote no experiment runs and its version is active, and in the other process it serves every key, as no variant."""
    place.publish(2)
    place.registry.experiments.start("churn", {1: 0.9, 2: 0.1})
    place.process.until(lambda seen: seen.variant is not None, 0)
    assert place.registry.experiments.promote("churn").number == 2
    assert place.registry.experiments.status("churn") is None
    place.process.until(lambda seen: seen.variant is None, 0)
    assert set(map(by_version, place.process.many(KEYS[:200]))) == {(2, None)}
    assert place.process.one("somebody") == by(2)


def test_without_an_experiment_the_active_version_serves(place: Place) -> None:
    """Where no experiment runs, before one and after it was stopped, the active version serves in the other process, key or no key."""
    place.publish(2)
    assert place.process.many([None, 1, "ada"], refresh=True) == [by(1)] * 3
    place.registry.experiments.start("churn", {1: 0.5, 2: 0.5}, forced={"ada": 2})
    assert place.process.until(lambda seen: seen.variant is not None, "ada") == by(2, "v2")
    place.registry.experiments.stop("churn")
    assert place.process.until(lambda seen: seen.variant is None, "ada") == by(1)
    assert place.process.many([None, 1, "ada"]) == [by(1)] * 3
