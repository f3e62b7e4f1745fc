"""Publishers at the same time, and publishers that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.synchronize import Barrier

import numpy as np
import pytest
from sqlalchemy import create_engine, event, func, inspect, select
from sqlalchemy.pool import NullPool

from prisml.errors import ConflictError, ExperimentError, VersionNotFoundError
from prisml.registry import Registry
from prisml.registry.tables import CHUNK_BYTES, blobs, deployments
from tests.artifacts import make_artifact

PROCESSES, EACH, SHARED = 4, 3, 100.0
SPAWN = multiprocessing.get_context("spawn")


def publish_several(url: str, worker: int, barrier: Barrier) -> None:
    """In a process of its own: versions nobody else has, and one that everybody publishes."""
    registry = Registry(url)
    barrier.wait(60)
    for index in range(EACH):
        registry.publish(make_artifact(bias=float(worker * EACH + index)))
    registry.publish(make_artifact(bias=SHARED))


def publish_and_die(url: str, table: str) -> None:
    """In a process of its own: a publisher that is killed right after it has written to ``table``."""
    engine = create_engine(url, poolclass=NullPool)

    @event.listens_for(engine, "after_cursor_execute")
    def die(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(f"INSERT INTO {table}"):
            os.kill(os.getpid(), signal.SIGKILL)

    Registry(engine).publish(make_artifact(bias=9.0, padding=3 * CHUNK_BYTES))


def numbers_and_log(url: str) -> tuple[list[int], list[tuple[int | None, int]]]:
    """The numbers of the versions, and each move of the active one, in order."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        moves = connection.execute(select(deployments.c.from_number, deployments.c.to_number).order_by(deployments.c.position))
        return [version.number for version in Registry(url).versions("churn")], [(row.from_number, row.to_number) for row in moves]


def test_publishers_in_several_processes_all_land(database_url: str):
    """Processes that publish at once, into a registry that is not there yet, get numbers without gap or double; one digest, one version."""
    barrier = SPAWN.Barrier(PROCESSES)
    workers = [SPAWN.Process(target=publish_several, args=(database_url, worker, barrier)) for worker in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    numbers, moves = numbers_and_log(database_url)
    assert numbers == list(range(1, PROCESSES * EACH + 2))
    assert len({version.digest for version in Registry(database_url).versions("churn")}) == len(numbers)
    assert [before for before, _ in moves] == [None, *(after for _, after in moves[:-1])], "each move starts where the last one ended"


def test_publishers_in_several_threads_all_land(database_url: str):
    """Threads that share a registry and publish at once get numbers without gap or double."""
    registry, barrier = Registry(database_url), threading.Barrier(8)

    def publish(index: int) -> int:
        barrier.wait(60)
        return registry.publish(make_artifact(bias=float(index))).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(publish, range(8))) == list(range(1, 9))


@pytest.mark.parametrize("table", ["prisml_blobs", "prisml_versions", "prisml_deployments"])
def test_a_publisher_killed_half_way_leaves_no_half_version(database_url: str, table: str):
    """After kill -9 in the middle of publishing, the registry is as before, and the next publisher goes on at once."""
    registry = Registry(database_url)
    first = registry.publish(make_artifact())
    victim = SPAWN.Process(target=publish_and_die, args=(database_url, table))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert registry.versions("churn") == (first,)
    assert registry.artifact("churn") == make_artifact()
    assert registry.publish(make_artifact(bias=9.0, padding=3 * CHUNK_BYTES)).number == 2
    assert registry.artifact("churn", 2) == make_artifact(bias=9.0, padding=3 * CHUNK_BYTES)


def test_the_very_first_publisher_may_die(database_url: str):
    """A registry whose first publisher was killed is empty, and is used as if it had never been."""
    victim = SPAWN.Process(target=publish_and_die, args=(database_url, "prisml_versions"))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    registry = Registry(database_url)
    assert registry.names() == ()
    assert registry.publish(make_artifact()).number == 1
    with (engine := create_engine(database_url, poolclass=NullPool)).connect() as connection:
        assert connection.execute(select(func.count()).select_from(blobs)).scalar_one() == 2
    assert len(inspect(engine).get_table_names()) == 4


VERBS: dict[str, Callable[[Registry], object]] = {
    "activate": lambda registry: registry.activate("churn", 1),
    "rollback": lambda registry: registry.rollback("churn"),
    "delete": lambda registry: registry.delete("churn", 1),
    "prune": lambda registry: registry.prune("churn", keep=0),
    "describe": lambda registry: registry.describe("churn", 1, label="late"),
    "start": lambda registry: registry.experiments.start("churn", {3: 0.5, 2: 0.5}),
    "revive": lambda registry: registry.publish(make_artifact(bias=3.0)),
}


def change_and_die(url: str, verb: str) -> None:
    """In a process of its own: a change that is killed right before it would be committed."""
    engine = create_engine(url, poolclass=NullPool)

    @event.listens_for(engine, "commit")
    def die(connection):
        if changed:
            os.kill(os.getpid(), signal.SIGKILL)

    changed = []

    @event.listens_for(engine, "after_cursor_execute")
    def note(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            changed.append(statement)

    VERBS[verb](Registry(engine))


@pytest.mark.parametrize("verb", VERBS)
def test_a_change_killed_before_its_commit_has_never_been(database_url: str, verb: str):
    """After kill -9 at the last moment of a change the registry is as before, whole, and the same change can be made."""
    registry = Registry(database_url)
    for bias in range(4):
        registry.publish(make_artifact(bias=float(bias)))
    registry.activate("churn", 3)
    registry.delete("churn", 4)
    before = registry.versions("churn", deleted=True), registry.history("churn"), registry.verify()
    victim = SPAWN.Process(target=change_and_die, args=(database_url, verb))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert (registry.versions("churn", deleted=True), registry.history("churn"), registry.verify()) == before
    VERBS[verb](registry)
    assert (registry.versions("churn", deleted=True), registry.history("churn")) != before[:2]
    found = registry.verify()
    assert (found.problems, found.orphans) == ((), ())


def change_at_random(url: str, seed: int, barrier: Barrier) -> None:
    """In a process of its own: changes of every kind, in an order of its own, refused or not; whatever serves can be read between them."""
    chance, registry = np.random.default_rng(seed), Registry(url)

    def number() -> int:
        return int(chance.integers(1, 6))

    verbs = [
        lambda: registry.publish(make_artifact(bias=float(chance.integers(8)))),
        lambda: registry.activate("churn", number()),
        lambda: registry.rollback("churn"),
        lambda: registry.delete("churn", number()),
        lambda: registry.prune("churn", keep=2),
        lambda: registry.experiments.start("churn", {registry.active("churn").number: 0.5, number(): 0.5}),
        lambda: registry.experiments.promote("churn"),
    ]
    barrier.wait(60)
    for _ in range(15):
        with suppress(ConflictError, ExperimentError, VersionNotFoundError):
            verbs[chance.integers(len(verbs))]()
        assert registry.artifact("churn").manifest.name == "churn"


def test_changes_of_every_kind_at_once_leave_a_sound_registry(database_url: str):
    """Processes that publish, activate, roll back, delete and experiment at once never see or leave anything half done."""
    registry = Registry(database_url)
    for bias in range(4):
        registry.publish(make_artifact(bias=float(bias)))
    barrier = SPAWN.Barrier(3)
    workers = [SPAWN.Process(target=change_at_random, args=(database_url, seed, barrier)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 3
    found = registry.verify()
    assert (found.problems, found.orphans) == ((), ())
    assert [version.active for version in registry.versions("churn")].count(True) == 1
