"""Following where something is in its way: a pool of one connection, a database that hangs, no file descriptors, another registry."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import StaticPool, create_engine, make_url, text
from sqlalchemy.pool import NullPool

import prisml
from prisml.registry import Registry
from prisml.registry.tables import deployments
from prisml.serving.follow import _locked, follow
from tests.artifacts import make_artifact
from tests.integration.test_engine_following import SOON, two_versions, wait_for
from tests.support.servers import Server, as_user, free_port


def admin(url: str) -> DatabaseEngine:
    """An engine whose every statement is committed at once."""
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def test_what_others_are_in_the_middle_of_stays(sqlite_url: str):
    """Where all threads share one connection, none asks beside a caller's transaction: ``refresh()`` does, and ``health()`` says so."""
    shared = create_engine(sqlite_url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    registry = two_versions(sqlite_url)
    engine = prisml.load("churn", registry=shared, refresh=SOON)
    with shared.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER)"))
    with shared.begin() as connection:
        connection.execute(text("INSERT INTO orders VALUES (1)"))
        time.sleep(5 * SOON)
    with shared.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 1
    assert engine.health().following is False
    registry.activate("churn", 2)
    assert (engine.refresh(), engine.version) == (True, 2)


def test_nobody_waits_for_a_registry_that_hangs(postgresql_url: str):
    """While the thread waits for its database, engines are loaded and closed without waiting, however many."""
    two_versions(postgresql_url)
    registry = Registry(postgresql_url)
    first = prisml.load("churn", registry=registry, refresh=SOON)
    engines = [prisml.Engine(first.deployed, registry=registry) for _ in range(2_000)]
    with create_engine(postgresql_url, poolclass=NullPool).begin() as connection:
        connection.execute(text(f"LOCK TABLE {deployments.name} IN ACCESS EXCLUSIVE MODE"))
        time.sleep(5 * SOON)
        started = time.monotonic()
        for engine in engines:
            follow(engine, registry, SOON)
            engine.close()
        assert time.monotonic() - started < 5
    wait_for(lambda: first.health().problem is None)
    first.close()


OUT_OF_FILES = """
import resource, socket, sys, time
import prisml
from prisml.registry import Registry

engine = prisml.load("churn", registry=sys.argv[1], refresh=0.02)
time.sleep(0.3)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
sockets, end = [], time.monotonic() + 1.0
while time.monotonic() < end:
    try:
        sockets.append(socket.socket())
    except OSError:
        time.sleep(0)
del sockets
Registry(sys.argv[1]).activate("churn", 2)
end = time.monotonic() + 20
while engine.version != 2 and time.monotonic() < end:
    time.sleep(0.01)
print(engine.version, engine.health().problem)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this platform has no limit to set")
def test_following_outlives_a_lack_of_file_descriptors(sqlite_url: str):
    """After a time in which the process could open nothing, its engine follows again."""
    two_versions(sqlite_url)
    run = subprocess.run([sys.executable, "-c", OUT_OF_FILES, sqlite_url], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "2 None\n", run.stderr
    assert "Traceback" not in run.stderr


def test_an_engine_may_be_closed_in_the_middle_of_anything(sqlite_url: str):
    """To close an engine waits for nothing: a finalizer may do it, in a thread that is about to follow another engine."""
    two_versions(sqlite_url)
    engine = prisml.load("churn", registry=sqlite_url, refresh=SOON)
    closer = threading.Thread(target=engine.close, daemon=True)
    with _locked():
        closer.start()
        closer.join(5)
        assert not closer.is_alive()
    assert engine.health().following is False


def test_another_registry_in_the_same_place_is_noticed(tmp_path: Path):
    """A registry's file that is replaced by another, whose log is as long, is served from then on."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    Registry(f"sqlite:///{old}").publish(make_artifact())
    Registry(f"sqlite:///{new}").publish(make_artifact(bias=1.0))
    with create_engine(f"sqlite:///{new}", poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine = prisml.load("churn", registry=f"sqlite:///{old}", refresh=SOON)
    digest = engine.digest
    shutil.move(new, old)
    wait_for(lambda: engine.digest != digest)
    assert (engine.version, engine.health().problem) == (1, None)
    engine.close()


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_lost_connection_is_opened_again_at_once(dialect: str, request: pytest.FixtureRequest):
    """A connection that was ended between two looks is no problem of the registry: the look opens another."""
    url = request.getfixturevalue(f"{dialect}_url")
    watch = two_versions(url).watch()
    before = watch.marks(["churn"])
    with admin(url).connect() as connection:
        if dialect == "postgresql":
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        else:
            others = "FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
            for row in connection.execute(text(f"SELECT id {others}")).all():
                connection.execute(text(f"KILL {row.id}"))
    assert watch.marks(["churn"]) == before
    watch.close()


def test_a_notification_that_comes_during_a_look_is_heard(postgresql_url: str):
    """What PostgreSQL tells while the log is read is not slept over."""
    registry = two_versions(postgresql_url)
    watch = registry.watch()
    watch.marks(["churn"])
    registry.activate("churn", 2)
    # The answer to this brings the notification with it.
    watch.marks(["churn"])
    ends = socket.socketpair()
    started = time.monotonic()
    watch.wait(20.0, ends[0])
    assert time.monotonic() - started < 10
    watch.close()
    for end in ends:
        end.close()


@pytest.fixture
def standby_port(postgresql_server: Server, tmp_path: Path) -> Iterator[int]:
    """The port of a copy of the server that follows it, and can be read alone."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None or not (programs / "pg_basebackup").exists():
        pytest.skip("pg_basebackup is not installed")
    folder, port = postgresql_server.folder / "standby", free_port()
    copy: list[str | Path] = [programs / "pg_basebackup", "-h", "127.0.0.1", "-p", str(postgresql_server.admin.port), "-U", "postgres"]
    subprocess.run(as_user("postgres", [*copy, "-D", folder, "-R", "-c", "fast"]), check=True, capture_output=True)
    serve = [programs / "postgres", "-D", folder, "-p", str(port), "-c", f"unix_socket_directories={postgresql_server.folder}"]
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))
        process = subprocess.Popen(as_user("postgres", serve), stdout=log, stderr=log)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(process.wait, 60)
        stack.callback(process.kill)
        yield port


def test_a_standby_is_followed(postgresql_url: str, standby_port: int):
    """A standby of PostgreSQL, which lets nobody listen, is asked each time instead."""
    registry = two_versions(postgresql_url)
    url = make_url(postgresql_url).set(port=standby_port)

    def is_there() -> bool:
        try:
            return Registry(url).positions(["churn"]) != {}
        except prisml.RegistryError:
            return False

    wait_for(is_there)
    engine = prisml.load("churn", registry=url, refresh=SOON)
    registry.activate("churn", 2)
    wait_for(lambda: engine.version == 2)
    assert engine.health().problem is None
    engine.close()


FORGOTTEN = """
import os, sys, time
import prisml
from prisml.registry import Registry

url = sys.argv[1]
gone = [prisml.load("churn", registry=url, refresh=100.0 + number) for number in range(40)]
time.sleep(1.0)
del gone
sys.setswitchinterval(1e-6)
engine = prisml.load("churn", registry=url, refresh=0.05)
pid = os.fork()
if pid == 0:
    sys.setswitchinterval(0.005)
    Registry(url).activate("churn", 2)
    end = time.monotonic() + 20
    while engine.version != 2 and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(engine.version)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_child_follows_beside_engines_that_are_gone(sqlite_url: str):
    """Threads that have nothing to follow any more end in a forked child, and keep none of the others from beginning."""
    two_versions(sqlite_url)
    run = subprocess.run([sys.executable, "-c", FORGOTTEN, sqlite_url], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "2\n", run.stderr
    assert "Exception" not in run.stderr
