"""Registries that an older release made: read as they are, written after an upgrade, and upgraded whatever happens meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from prisml.errors import RegistryError
from prisml.registry import Artifact, Registry
from prisml.registry.tables import blobs, metadata, schema, versions
from tests.artifacts import make_artifact
from tests.support.registry_v1 import make_registry_v1, make_tables_v1

SPAWN = multiprocessing.get_context("spawn")
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Engine:
    """The database, to look behind the registry."""
    return create_engine(database_url, poolclass=NullPool)


@pytest.fixture
def artifacts() -> list[Artifact]:
    """Three versions, the second with a graph of several parts."""
    return [make_artifact(bias=float(bias), padding=600_000 if bias == 1 else 0) for bias in range(3)]


@pytest.fixture
def old(database: Engine, artifacts: list[Artifact]) -> Registry:
    """A registry of schema 1."""
    make_registry_v1(database, artifacts)
    return Registry(database.url)


def columns(database: Engine) -> dict[str, list[tuple[str, str, bool]]]:
    """Each table's columns with their types, and whether they may be NULL."""
    inspector = inspect(database)
    return {
        table: sorted((column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table))
        for table in metadata.tables
    }


def number(database: Engine) -> int:
    """The schema's number as it is stored."""
    with database.connect() as connection:
        return connection.execute(select(schema.c.version)).scalar_one()


def upgrade_and_die(url: str, statement: int) -> None:
    """In a process of its own: an upgrade that is killed right after the so many-th statement that changes something."""
    engine, seen = create_engine(url, poolclass=NullPool), []

    @event.listens_for(engine, "after_cursor_execute")
    def die(connection, cursor, text, parameters, context, executemany):
        if text.startswith(("ALTER", "CREATE", "UPDATE")):
            seen.append(text)
            if len(seen) == statement:
                os.kill(os.getpid(), signal.SIGKILL)

    Registry(engine).upgrade()


def upgrade_together(url: str, barrier: Barrier) -> None:
    """In a process of its own: an upgrade at the same moment as others."""
    registry = Registry(url)
    barrier.wait(60)
    registry.upgrade()


def test_a_registry_of_schema_1_is_read_and_served(old: Registry, database: Engine, artifacts: list[Artifact]):
    """Everything that reads and serves works on an older registry, which stays as it is; what it lacks is None."""
    assert old.names() == ("churn",)
    assert [version.number for version in old.versions("churn")] == [1, 2, 3]
    active = old.active("churn")
    assert (active.number, active.author, active.created_at, active.label, active.note, active.commit, active.size, active.deleted_at) == (
        (3, "ann", MOMENT) + (None,) * 5
    )
    assert [old.artifact("churn", each) for each in (1, 2, 3)] == artifacts
    assert old.positions(["churn", "nobody"]) == {"churn": 3}
    entry = old.deployment("churn")
    assert (entry.position, entry.action, entry.before, entry.version, entry.experiment, entry.at) == (3, "activate", 2, 3, None, MOMENT)
    assert len(old.history("churn")) == 3
    assert old.experiments.status("churn") is None
    assert old.held("churn") is None
    assert old.verify().problems == old.verify().orphans == ()
    assert old.verify().versions == 3
    assert old.schema() == number(database) == 1


def test_a_registry_of_schema_1_is_not_written(old: Registry, database: Engine):
    """Whatever would write to an older registry is refused with the way out, and changes nothing."""
    before = columns(database)
    writers = [
        lambda: old.publish(make_artifact(bias=7.0)),
        lambda: old.activate("churn", 1),
        lambda: old.rollback("churn"),
        lambda: old.describe("churn", 1, label="first"),
        lambda: old.delete("churn", 1),
        lambda: old.prune("churn", keep=0),
        lambda: old.experiments.start("churn", {3: 0.5, 1: 0.5}),
    ]
    for write in writers:
        with pytest.raises(RegistryError, match=r"has schema 1; this release writes 3\. .*prisml registry upgrade"):
            write()
    assert columns(database) == before
    assert old.active("churn").number == 3


def test_an_upgraded_registry_has_everything(old: Registry, database: Engine, artifacts: list[Artifact], tmp_path):
    """An upgrade adds what is new, says of each version how large it is, keeps the log, and may be done again."""
    assert old.upgrade() == old.upgrade() == old.schema() == 3
    assert [version.size for version in old.versions("churn")] == [len(artifact.onnx) for artifact in artifacts]
    with database.connect() as connection:
        graphs = connection.execute(select(versions.c.graph_sha256).order_by(versions.c.number)).scalars().all()
    assert graphs == [artifact.manifest.model_sha256 for artifact in artifacts]
    assert [old.artifact("churn", each) for each in (1, 2, 3)] == artifacts
    assert [entry.action for entry in old.history("churn")] == ["activate"] * 3
    assert old.rollback("churn").number == 2
    assert old.publish(make_artifact(bias=7.0), label="new").number == 4
    assert old.experiments.start("churn", {2: 0.5, 1: 0.5}).control.version == 2
    assert old.verify().problems == ()


def test_an_upgraded_registry_is_as_a_new_one(old: Registry, database: Engine, tmp_path):
    """After an upgrade the tables have the columns of a registry that was made by this release, and labels are unique in them too."""
    old.upgrade()
    upgraded = columns(database)
    with database.begin() as connection:
        connection.execute(update(versions).where(versions.c.number == 1).values(label="same"))
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(update(versions).where(versions.c.number == 2).values(label="same"))
    metadata.drop_all(database)
    Registry(database.url).publish(make_artifact())
    assert upgraded == columns(database)


def test_a_registry_that_is_not_there_needs_no_upgrade(database: Engine):
    """Upgrading where nothing was published makes nothing."""
    assert Registry(database.url).upgrade() == 3
    assert Registry(database.url).schema() is None
    assert inspect(database).get_table_names() == []


@pytest.mark.parametrize("statement", [1, 5, 11, 12, 14, 15])
def test_an_upgrade_that_is_killed_is_done_again(old: Registry, database: Engine, artifacts: list[Artifact], statement: int):
    """After kill -9 at any point of an upgrade the registry serves as before, and the next upgrade completes it."""
    victim = SPAWN.Process(target=upgrade_and_die, args=(database.url.render_as_string(hide_password=False), statement))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    assert old.schema() == 1
    assert old.artifact("churn") == artifacts[2]
    with pytest.raises(RegistryError, match="prisml registry upgrade"):
        old.activate("churn", 1)
    assert old.upgrade() == old.schema() == 3
    assert [version.size for version in old.versions("churn")] == [len(artifact.onnx) for artifact in artifacts]
    assert old.activate("churn", 1).active


def test_upgrades_at_the_same_time_all_end_well(old: Registry, database: Engine, artifacts: list[Artifact]):
    """Processes that upgrade one registry at once leave it upgraded once."""
    barrier = SPAWN.Barrier(3)
    url = database.url.render_as_string(hide_password=False)
    workers = [SPAWN.Process(target=upgrade_together, args=(url, barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 3
    assert old.schema() == 3
    assert old.publish(make_artifact(bias=9.0), label="v2").number == 4


def test_upgrades_in_several_threads_all_end_well(old: Registry):
    """Threads that upgrade at once end well too."""
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: old.upgrade(), range(6))) == [3] * 6


def test_a_version_whose_manifest_is_damaged_does_not_stop_an_upgrade(old: Registry, database: Engine, artifacts: list[Artifact]):
    """What nothing can be said of stays unsaid; while it hides which graph it needs, no blob counts as an orphan."""
    with database.begin() as connection:
        connection.execute(update(blobs).where(blobs.c.sha256 == artifacts[0].digest).values(data=b"?"))
    assert old.upgrade() == 3
    assert [version.size is None for version in old.versions("churn")] == [True, False, False]
    found = old.verify(repair=True)
    assert [(problem.name, problem.version) for problem in found.problems] == [("churn", 1)]
    old.delete("churn", 2)
    with database.connect() as connection:
        left = set(connection.execute(select(blobs.c.sha256)).scalars())
    assert {artifacts[0].manifest.model_sha256, artifacts[1].manifest.model_sha256} <= left
    assert old.publish(artifacts[0], activate=False).size == len(artifacts[0].onnx)
    found = old.verify(repair=True)
    assert (found.problems, len(found.orphans)) == ((), 2)


def test_an_older_release_that_died_before_it_numbered_its_tables(database: Engine):
    """Tables of schema 1 without a number are no registry yet: the first publish completes them."""
    with database.begin() as connection:
        make_tables_v1(connection)
    registry = Registry(database.url)
    assert registry.names() == ()
    assert registry.publish(make_artifact(), label="v1.0").label == "v1.0"
    assert registry.schema() == 3
