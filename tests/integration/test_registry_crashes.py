"""The campaign of ``make verify-crashes``, short; and that what it looks with sees what is broken."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, event, update
from sqlalchemy.pool import NullPool

from benches.crash_checks import Inspector
from benches.crash_kills import Durations, moment
from benches.crash_writers import NAME, Phase, artifact, publish
from prisml import Registry
from prisml.errors import RegistryError
from prisml.registry.tables import blobs, deployments, versions

ROOT = Path(__file__).parents[2]
KILLS = 10
BROKEN = ("not_open", "not_loading", "half", "log_broken", "lost", "wrong_beside", "failed", "problems", "orphans_after_repair")


def rows_of(found: Path, *options: str) -> Mapping[str, list[Mapping[str, object]]]:
    """The rows of each report of the campaign with these options, which must keep all promises."""
    command = [sys.executable, "-m", "benches.verify_crashes", *options, "--json", str(found)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {file.stem.partition("-")[2]: json.loads(file.read_text())["rows"] for file in found.parent.glob("found-*.json")}


def test_publishers_may_be_killed_at_any_moment(database_url: str, tmp_path: Path):
    """Two publishers, one or both killed in the middle of a write, again and again, leave a registry that is whole and serves."""
    found = rows_of(tmp_path / "found.json", "--url", database_url, "--kills", str(KILLS))
    (row,) = found["kills"]
    assert row["killed"] in (KILLS, KILLS + 1)
    assert [row[what] for what in BROKEN] == [0] * len(BROKEN)
    assert int(str(row["predictions_beside"])) > 20
    assert all(start["killed"] for start in found["starts"])
    assert len({statement["statement"] for statement in found["moments"]}) >= 4


def test_a_server_may_be_killed(tmp_path: Path, postgresql_server: object):
    """PostgreSQL, killed while two publishers write, has all that it had acknowledged when it is back."""
    found = rows_of(tmp_path / "found.json", "--databases", "postgresql", "--kills", "0", "--crashes", "1")
    (row,) = found["servers"]
    assert row["crashes"] == 1
    assert [row[what] for what in BROKEN] == [0] * len(BROKEN)


@pytest.fixture
def inspector(sqlite_url: str) -> Inspector:
    """What looks at a registry of three versions, and has looked once."""
    registry = Registry(sqlite_url)
    for bias in (0.25, 0.5, 0.75):
        publish(artifact(bias, 0), bias, force=True, activate=True, registry=registry)
    looking = Inspector(registry)
    seen = looking.look(["version 3"])
    assert (seen.numbers, seen.active, seen.trying) == ((1, 2, 3), 3, False)
    assert looking.found.examples == []
    return looking


def break_with(looking: Inspector, statement) -> None:
    """Change the registry behind the library's back."""
    with create_engine(looking.registry.database.engine.url, poolclass=NullPool).begin() as connection:
        connection.execute(statement)


def test_a_lost_graph_is_seen(inspector: Inspector):
    """A version whose graph is not whole, and a serving one that cannot be loaded, are counted."""
    # One that this process has never loaded: what it holds already, it does not fetch again.
    bias = random.random()  # noqa: S311
    fourth = artifact(bias, 0)
    publish(fourth, bias, force=True, activate=True, registry=inspector.registry)
    break_with(inspector, delete(blobs).where(blobs.c.sha256 == fourth.manifest.model_sha256))
    inspector.look()
    assert (inspector.found.half, inspector.found.not_loading) == (1, 1)


def test_another_answer_is_seen(inspector: Inspector):
    """A version that predicts what another should is counted."""
    break_with(inspector, update(versions).where(versions.c.number == 3).values(note="0.5"))
    inspector.look()
    assert inspector.found.not_loading == 1


def test_a_changed_log_is_seen(inspector: Inspector):
    """A log that lost its last entry, or one that does not go on from the one before it, is counted."""
    break_with(inspector, delete(deployments).where(deployments.c.position == 3))
    inspector.look()
    assert inspector.found.log == 1
    break_with(inspector, update(deployments).where(deployments.c.position == 2).values(from_number=None))
    inspector.look()
    assert inspector.found.log >= 2


def test_a_lost_promise_is_seen(inspector: Inspector):
    """What was acknowledged and is not there is counted."""
    inspector.look(["version 4", "log never", ""])
    assert inspector.found.lost == 2


def test_moments_are_uniform():
    """The moments of kills are drawn evenly over what a write takes, and a little beyond."""
    source = random.Random(0)  # noqa: S311
    drawn = [moment(source, Durations(0.5), "publish", Phase.HOLDING) for _ in range(10_800)]
    assert all(0 <= delay <= 0.54 for delay, _ in drawn)
    counts = [sum(tenth == each for _, tenth in drawn) for each in range(11)]
    assert all(850 < count < 1150 for count in counts[:10])
    assert 700 < counts[10] < 900


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_connection_lost_before_its_first_statement(dialect: str, request: pytest.FixtureRequest):
    """A connection that the server ends as soon as it is open is a ``RegistryError``, whether it was to read or to write."""
    url: str = request.getfixturevalue(f"{dialect}_url")
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    registry = Registry(url)
    registry.publish(artifact(0.25, 0))

    def end(opened, record):
        statement = f"KILL {opened.thread_id()}" if dialect == "mysql" else f"SELECT pg_terminate_backend({opened.info.backend_pid})"
        with admin.connect() as connection:
            connection.exec_driver_sql(statement)

    event.listen(registry.database.engine, "connect", end)
    for call in (lambda: registry.versions(NAME), lambda: registry.positions([NAME]), lambda: registry.publish(artifact(0.5, 0))):
        with pytest.raises(RegistryError, match="cannot be used"):
            call()
    event.remove(registry.database.engine, "connect", end)
    assert [version.number for version in registry.versions(NAME)] == [1]
