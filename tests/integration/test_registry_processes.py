"""Publishers at the same time, and publishers that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import create_engine, event, func, inspect, select
from sqlalchemy.pool import NullPool

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
