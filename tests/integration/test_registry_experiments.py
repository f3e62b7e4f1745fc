"""Experiments in the registry, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import copy
import multiprocessing
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from prisml.errors import ConflictError, ExperimentError
from prisml.registry import Experiment, Registry
from tests.artifacts import make_artifact

SPAWN = multiprocessing.get_context("spawn")
KEYS = range(20_000)
HALVES = {1: 0.5, 2: 0.5}


@pytest.fixture
def registry(database_url: str) -> Registry:
    """A registry with four versions of one model, of which the first serves."""
    registry = Registry(database_url)
    for bias in range(4):
        registry.publish(make_artifact(bias=float(bias)), activate=bias == 0)
    return registry


def shares(experiment: Experiment) -> dict[str, int]:
    """How many buckets each variant has."""
    return {variant.name: sum(end - start for start, end in variant.ranges) for variant in experiment.variants}


def assign_elsewhere(url: str, keys: list[object], answers) -> None:
    """In a process of its own: the variants that the registry's experiment gives the keys."""
    experiment = Registry(url).experiments.status("churn")
    answers.put([variant.name if (variant := experiment.assign(key)) else None for key in keys])


def test_an_experiment_divides_the_keys(registry: Registry):
    """From start on the log says which versions share the keys, and control, the active version, gets what its weight says."""
    started = registry.experiments.start("churn", {1: 0.9, 2: 0.1}, author="ann", why="try it")
    assert [(variant.name, variant.version, variant.weight) for variant in started.variants] == [("control", 1, 0.9), ("v2", 2, 0.1)]
    assert shares(started) == {"control": 9_000, "v2": 1_000}
    assert started.control == started.variants[0]
    assert registry.experiments.status("churn") == started
    entry = registry.deployment("churn")
    assert (entry.action, entry.before, entry.version, entry.author, entry.why) == ("start", 1, 1, "ann", "try it")
    assert entry.experiment == started
    assert registry.active("churn").number == 1
    assert registry.positions(["churn"]) == {"churn": 2}


def test_every_process_assigns_alike(registry: Registry, database_url: str):
    """What a key gets is the same here, in another process, one by one and many at once, before and after a restart."""
    started = registry.experiments.start("churn", {1: 0.4, 2: 0.3, 3: 0.3}, forced={"vip": 3})
    keys = [*range(200), "vip", "Zoë", str(uuid.uuid4()), uuid.uuid4(), (1, "a"), None]
    here = [variant.name if (variant := started.assign(key)) else None for key in keys]
    answers = SPAWN.Queue()
    process = SPAWN.Process(target=assign_elsewhere, args=(database_url, keys, answers))
    process.start()
    assert answers.get(timeout=60) == here
    process.join(60)
    assert set(here) == {"control", "v2", "v3", None}
    assert here[200] == "v3"
    assert here[-1] is None
    places = started.assign_many(keys)
    assert places.dtype == np.int16
    assert [None if place < 0 else started.variants[place].name for place in places] == here
    again = copy.deepcopy(started)
    assert again == started
    assert again.assign_many(keys).tolist() == places.tolist()


def test_a_ramp_moves_keys_from_control_to_a_treatment_alone(registry: Registry):
    """Ramping up takes from control and moves nobody else; ramping down gives back to control."""
    before = registry.experiments.start("churn", {1: 0.9, 2: 0.1})
    after = registry.experiments.ramp("churn", {1: 0.8, 2: 0.2})
    assert (after.name, after.salt, after.started_at) == (before.name, before.salt, before.started_at)
    assert shares(after) == {"control": 8_000, "v2": 2_000}
    moved = Counter(zip(before.assign_many(KEYS).tolist(), after.assign_many(KEYS).tolist(), strict=True))
    assert moved[1, 0] == 0
    assert 1_700 < moved[0, 1] < 2_300
    back = registry.experiments.ramp("churn", {1: 0.9, 2: 0.1})
    assert Counter(zip(after.assign_many(KEYS).tolist(), back.assign_many(KEYS).tolist(), strict=True))[0, 1] == 0
    assert [entry.action for entry in registry.history("churn")] == ["ramp", "ramp", "start", "publish"]


def test_a_third_variant_takes_from_control_alone(registry: Registry):
    """A version that is added while the experiment runs gets its keys from control."""
    before = registry.experiments.start("churn", {1: 0.8, 2: 0.2}, forced={"vip": 2})
    after = registry.experiments.ramp("churn", {1: 0.5, 2: 0.2, 4: 0.3})
    assert [variant.name for variant in after.variants] == ["control", "v2", "v4"]
    moved = Counter(zip(before.assign_many(KEYS).tolist(), after.assign_many(KEYS).tolist(), strict=True))
    assert {pair for pair in moved if pair[0] != pair[1]} == {(0, 2)}
    assert after.assign("vip").name == "v2", "forced keys stay"


def test_a_ramp_that_changes_nothing_is_not_logged(registry: Registry):
    """The same weights again are no entry of the log."""
    started = registry.experiments.start("churn", HALVES)
    assert registry.experiments.ramp("churn", HALVES) == started
    assert len(registry.history("churn")) == 2


def test_stop_leaves_control_and_promote_lets_the_treatment_serve(registry: Registry):
    """Stop ends the experiment with control active; promote ends it with the treatment active, in one entry each."""
    registry.experiments.start("churn", HALVES)
    entry = registry.experiments.stop("churn", author="ann", why="no difference")
    assert (entry.action, entry.version, entry.experiment, entry.author, entry.why) == ("stop", 1, None, "ann", "no difference")
    assert registry.experiments.status("churn") is None
    registry.experiments.start("churn", HALVES)
    promoted = registry.experiments.promote("churn", author="bob")
    assert (promoted.number, promoted.active) == (2, True)
    last = registry.history("churn")[0]
    assert (last.action, last.before, last.version, last.experiment, last.author) == ("promote", 1, 2, None, "bob")
    assert registry.rollback("churn").number == 1, "what was promoted can be gone back from"


def test_promote_asks_which_of_several(registry: Registry):
    """With several treatments the version is named; control, a stranger or no experiment are refused with the way out."""
    registry.experiments.start("churn", {1: 0.4, 2: 0.3, 3: 0.3}, name="three")
    with pytest.raises(ExperimentError, match=r"'three' of 'churn' has several treatments\. Say which version to promote: 2, 3"):
        registry.experiments.promote("churn")
    with pytest.raises(ExperimentError, match="Version 1 is the control"):
        registry.experiments.promote("churn", 1)
    with pytest.raises(ExperimentError, match=r"has no version 4\. Its treatments are 2, 3"):
        registry.experiments.promote("churn", 4)
    assert registry.experiments.promote("churn", 3).number == 3
    for end in (registry.experiments.promote, registry.experiments.stop, lambda name: registry.experiments.ramp(name, HALVES)):
        with pytest.raises(ExperimentError, match="No experiment of 'churn' runs"):
            end("churn")


@pytest.mark.parametrize("end", ["activate another", "activate control", "rollback", "force"])
def test_whatever_moves_the_active_version_ends_the_experiment(registry: Registry, end: str):
    """Activate, rollback and a forced publish end a running experiment in the same entry of the log."""
    registry.activate("churn", 2)
    registry.activate("churn", 1)
    registry.experiments.start("churn", HALVES)
    position = registry.positions(["churn"])["churn"]
    {
        "activate another": lambda: registry.activate("churn", 3),
        "activate control": lambda: registry.activate("churn", 1),
        "rollback": lambda: registry.rollback("churn"),
        "force": lambda: registry.publish(make_artifact(bias=9.0), force=True),
    }[end]()
    assert registry.experiments.status("churn") is None
    assert registry.positions(["churn"]) == {"churn": position + 1}


def test_publishing_while_an_experiment_runs_does_not_activate(registry: Registry):
    """A new version waits until the experiment is over, and is told so."""
    registry.experiments.start("churn", HALVES, name="autumn")
    assert registry.held("churn") == "experiment 'autumn' runs"
    assert not registry.publish(make_artifact(bias=9.0)).active
    assert registry.experiments.status("churn").name == "autumn"
    registry.experiments.stop("churn")
    assert registry.held("churn") is None


def test_a_version_in_an_experiment_is_kept(registry: Registry):
    """Neither delete nor prune takes a variant away."""
    registry.experiments.start("churn", {1: 0.5, 3: 0.5}, name="autumn")
    for number in (1, 3):
        with pytest.raises(ConflictError, match=f"'churn' version {number} is in the experiment 'autumn'"):
            registry.delete("churn", number)
    assert [version.number for version in registry.prune("churn", keep=0)] == [2, 4]
    registry.experiments.stop("churn")
    assert registry.delete("churn", 3).number == 3


def test_one_experiment_at_a_time(registry: Registry):
    """A second start is refused with the running one's name; of two at once, one wins."""
    registry.experiments.start("churn", HALVES, name="autumn")
    with pytest.raises(ExperimentError, match="The experiment 'autumn' of 'churn' runs already"):
        registry.experiments.start("churn", HALVES)
    registry.experiments.stop("churn")

    def start(index: int) -> str | None:
        try:
            return registry.experiments.start("churn", HALVES).name
        except ExperimentError:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert len([name for name in pool.map(start, range(4)) if name]) == 1


def test_names_are_made_up_and_never_used_twice(registry: Registry):
    """An experiment without a name gets the model's and the place in the log; a name is refused where one had it before."""
    registry.experiments.start("churn", HALVES, name="churn-4")
    registry.experiments.stop("churn")
    assert registry.experiments.start("churn", HALVES).name == "churn-5"
    registry.experiments.stop("churn")
    with pytest.raises(ExperimentError, match="'churn' has had an experiment 'churn-4'"):
        registry.experiments.start("churn", HALVES, name="churn-4")
    salts = {entry.experiment.salt for entry in registry.history("churn") if entry.experiment}
    assert len(salts) == 2
    assert all(len(salt) == 16 for salt in salts)
