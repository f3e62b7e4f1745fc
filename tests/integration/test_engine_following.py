"""Engines that follow their registry: what changes there is served here, and what goes wrong there stops nothing here."""

from __future__ import annotations

import gc
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import prisml
from prisml.errors import ArtifactError, ConfigurationError, RegistryError
from prisml.registry import Registry
from prisml.registry.tables import blobs, deployments
from tests.artifacts import expected, make_artifact

ROW = {"age": 41, "country": "DE"}
SOON = 0.1


def two_versions(url: str) -> Registry:
    """A registry in which version 1 of churn serves, and version 2 waits."""
    registry = Registry(url)
    registry.publish(make_artifact())
    registry.publish(make_artifact(bias=1.0), activate=False)
    return registry


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return when ``what`` holds; fail when it does not for so long."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def serves(engine: prisml.Engine, version: int) -> bool:
    """Whether the engine serves that version."""
    return engine.version == version


def followers() -> list[threading.Thread]:
    """The threads that follow registries."""
    return [thread for thread in threading.enumerate() if thread.name == "prisml-follow"]


def test_an_engine_follows_its_registry(database_url: str):
    """What is activated and rolled back elsewhere is served here within the time given, without a call."""
    registry = two_versions(database_url)
    engine = prisml.load("churn", registry=database_url, refresh=SOON)
    assert (engine.version, engine.health().following, engine.health().problem) == (1, True, None)
    registry.activate("churn", 2)
    wait_for(lambda: engine.version == 2)
    assert engine.predict(ROW).version == 2
    assert engine.predict(ROW).value == pytest.approx(expected(ROW, bias=1.0), abs=1e-6)
    registry.rollback("churn")
    wait_for(lambda: engine.predict(ROW).version == 1)
    engine.close()


def test_postgresql_notifies(postgresql_url: str):
    """On PostgreSQL a change arrives at once, long before an engine would have asked."""
    registry = two_versions(postgresql_url)
    engine = prisml.load("churn", registry=postgresql_url, refresh=600.0)
    # The thread listens from its first look on.
    time.sleep(1.0)
    registry.activate("churn", 2)
    wait_for(lambda: engine.version == 2, seconds=5.0)
    engine.close()


def test_an_engine_that_does_not_follow_can_be_told_to_look(sqlite_url: str):
    """With ``refresh=None`` nothing changes until ``refresh()``, which says whether something did; no thread is made."""
    registry = two_versions(sqlite_url)
    before = followers()
    engine = prisml.load("churn", registry=sqlite_url, refresh=None)
    assert followers() == before
    registry.activate("churn", 2)
    assert (engine.version, engine.health().following) == (1, False)
    assert engine.refresh() is True
    assert engine.version == 2
    assert engine.refresh() is False


def test_a_version_that_was_named_stays(sqlite_url: str, tmp_path: Path):
    """An engine of a named version, and one of a bundle, follow nothing and have nothing to look at."""
    registry = two_versions(sqlite_url)
    pinned = prisml.load("churn", registry=sqlite_url, version=1)
    bundled = prisml.load(prisml.registry.write_bundle(make_artifact(), tmp_path / "churn"))
    registry.activate("churn", 2)
    for engine in (pinned, bundled):
        assert (engine.refresh(), engine.health().following) == (False, False)
    assert (pinned.version, bundled.version) == (1, None)


@pytest.mark.parametrize("refresh", [0, -1.0, float("nan"), 1e9, True, "2"])
def test_what_is_no_time_to_wait_is_refused(refresh: object, sqlite_url: str):
    """``refresh`` is a number of seconds or None."""
    two_versions(sqlite_url)
    with pytest.raises(ConfigurationError, match="refresh"):
        prisml.load("churn", registry=sqlite_url, refresh=refresh)


def test_engines_of_one_registry_share_a_thread(sqlite_url: str):
    """However many engines follow a registry, one thread asks it; it ends with the last of them."""
    registry = two_versions(sqlite_url)
    registry.publish(make_artifact("ltv"))
    before = set(followers())
    engines = [prisml.load(name, registry=sqlite_url, refresh=SOON) for name in ("churn", "ltv", "churn")]
    mine = set(followers()) - before
    assert len(mine) == 1
    registry.activate("churn", 2)
    for engine, version in zip(engines, (2, 1, 2), strict=True):
        wait_for(partial(serves, engine, version))
    engines[0].close()
    del engines, engine
    gc.collect()
    wait_for(lambda: not mine & set(followers()))
    again = prisml.load("churn", registry=sqlite_url, refresh=SOON)
    registry.activate("churn", 1)
    wait_for(lambda: again.version == 1)
    again.close()


def test_a_closed_engine_stays_as_it_is(sqlite_url: str):
    """After ``close()`` an engine predicts on with what served, and follows no more."""
    registry = two_versions(sqlite_url)
    engine = prisml.load("churn", registry=sqlite_url, refresh=SOON)
    engine.close()
    registry.activate("churn", 2)
    time.sleep(5 * SOON)
    assert (engine.predict(ROW).version, engine.health().following) == (1, False)


def test_a_registry_that_is_gone_stops_no_prediction(postgresql_url: str, caplog: pytest.LogCaptureFixture):
    """While the registry cannot be reached the engine serves on, says so in ``health()`` and once in the log, and recovers by itself."""
    registry = two_versions(postgresql_url)
    engine = prisml.load("churn", registry=postgresql_url, refresh=SOON)
    first = engine.health().refreshed_at
    wait_for(lambda: engine.health().refreshed_at != first)
    admin = create_engine(postgresql_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with caplog.at_level(logging.WARNING, logger="prisml"), admin.connect() as connection:
        connection.execute(text("ALTER TABLE prisml_deployments RENAME TO hidden"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        )
        wait_for(lambda: engine.health().problem is not None)
        assert engine.predict(ROW).version == 1
        with pytest.raises(RegistryError):
            engine.refresh()
        time.sleep(5 * SOON)
        connection.execute(text("ALTER TABLE hidden RENAME TO prisml_deployments"))
    wait_for(lambda: engine.health().problem is None)
    assert 1 <= len([record for record in caplog.records if "serves on" in record.message]) <= 3
    registry.activate("churn", 2)
    wait_for(lambda: engine.version == 2)
    engine.close()


def test_a_version_that_cannot_be_served_leaves_the_one_before(sqlite_url: str):
    """Where the new version is damaged, the old one serves on and ``health()`` says why; a later good one is served."""
    registry = two_versions(sqlite_url)
    engine = prisml.load("churn", registry=sqlite_url, refresh=SOON)
    damaged = make_artifact(bias=7.0)
    with create_engine(sqlite_url, poolclass=NullPool).begin() as connection:
        registry.publish(damaged, activate=False)
        connection.execute(blobs.update().where(blobs.c.sha256 == damaged.manifest.model_sha256).values(data=b"nothing"))
    registry.activate("churn", 3)
    wait_for(lambda: engine.health().problem is not None)
    assert "damaged" in str(engine.health().problem)
    assert engine.predict(ROW).version == 1
    with pytest.raises(ArtifactError):
        engine.refresh()
    registry.activate("churn", 2)
    wait_for(lambda: engine.version == 2 and engine.health().problem is None)
    engine.close()


def test_a_look_is_one_statement(database_url: str):
    """Asking whether anything has changed is one statement, and no table is written."""
    two_versions(database_url)
    database = create_engine(database_url, poolclass=NullPool)
    engine = prisml.load("churn", registry=database, refresh=SOON)
    time.sleep(3 * SOON)
    sent: list[str] = []
    listen = lambda connection, cursor, statement, *rest: sent.append(statement)  # noqa: E731
    from sqlalchemy import event

    event.listen(database, "before_cursor_execute", listen)
    first = engine.health().refreshed_at
    wait_for(lambda: engine.health().refreshed_at != first)
    wait_for(lambda: len(sent) >= 3)
    engine.close()
    assert {statement.split()[0] for statement in sent} == {"SELECT"}
    assert all(deployments.name in statement for statement in sent)


PROGRAM = """
import os, sys, time, warnings
import prisml
from prisml.registry import Registry

warnings.simplefilter("ignore", DeprecationWarning)
url, times = sys.argv[1], int(sys.argv[2])
registry = Registry(url)
engine = prisml.load("churn", registry=url, refresh=0.05)

def reaches(version):
    end = time.monotonic() + 20
    while engine.predict({"age": 41, "country": "DE"}).version != version:
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True

children = []
for turn in range(times):
    pid = os.fork()
    if pid == 0:
        # Seen in the child of a child too.
        if turn == 0 and os.fork():
            os.wait()
        print("ready", flush=True)
        os._exit(0 if reaches(2) else 1)
    children.append(pid)
time.sleep(0.5)
registry.activate("churn", 2)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
assert reaches(2)
registry.activate("churn", 1)
assert reaches(1)
print(codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_children_follow_too(database_url: str):
    """Children made by fork follow on connections of their own, and the parent's goes on; nobody hangs at the end."""
    two_versions(database_url)
    run = subprocess.run([sys.executable, "-c", PROGRAM, database_url, "6"], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == str([0] * 6), run.stdout


def test_a_process_that_follows_ends_at_once(database_url: str):
    """A program that never closes its engine ends without waiting for the next look, and without a word."""
    two_versions(database_url)
    program = "import sys, prisml; engine = prisml.load('churn', registry=sys.argv[1], refresh=60.0); print(engine.version)"
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program, database_url], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout.strip()) == (0, "1"), run.stderr
    assert "Traceback" not in run.stderr
    assert time.monotonic() - started < 30


def test_more_files_than_select_can_hold(sqlite_url: str):
    """A process with thousands of open sockets follows as any other."""
    registry = two_versions(sqlite_url)
    sockets = [socket.socket() for _ in range(1100)]
    try:
        engine = prisml.load("churn", registry=sqlite_url, refresh=SOON)
        registry.activate("churn", 2)
        wait_for(lambda: engine.version == 2)
        engine.close()
    finally:
        for each in sockets:
            each.close()
