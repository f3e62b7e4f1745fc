"""Models moved between databases: whole, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

import prisml
from prisml.errors import ConflictError, RegistryError
from prisml.registry import Registry, export, import_
from prisml.registry.tables import CHUNK_BYTES
from tests.artifacts import make_artifact
from tests.support.registry_v1 import make_registry_v1

SPAWN = multiprocessing.get_context("spawn")
ROW = {"age": 41, "country": "DE"}


@pytest.fixture
def source(tmp_path: Path) -> Registry:
    """A registry with a past: labels, a note, a rollback, a deleted version, experiments over and running, a model that never served."""
    registry = Registry(f"sqlite:///{tmp_path / 'source.db'}")
    for number in range(5):
        registry.publish(make_artifact(bias=float(number), padding=CHUNK_BYTES), author="Zoë 🦊", label=f"r{number}", why=f"night {number}")
    registry.describe("churn", 1, note="the first\none")
    registry.rollback("churn", why="worse", author="grace")
    registry.delete("churn", 3, author="ada")
    registry.experiments.start("churn", {4: 0.9, 1: 0.1}, name="spring", author="ada")
    registry.experiments.promote("churn", author="ada")
    registry.experiments.start("churn", {1: 0.5, 5: 0.5}, forced={"vip": 5}, author="ada")
    registry.publish(make_artifact("Zoë's 🦊", task="regression"), author="ada", activate=False)
    return registry


@pytest.fixture
def archive(source: Registry, tmp_path: Path) -> Path:
    """The whole of that registry as a file."""
    return export(source, tmp_path / "source.prisml").place


@pytest.fixture
def target(database_url: str) -> Registry:
    """A registry in an empty database."""
    return Registry(database_url)


def import_and_die(url: str, archive: str, table: str, count: int) -> None:
    """In a process of its own: an import that is killed right after it has written to ``table`` for the ``count``-th time."""
    engine = create_engine(url, poolclass=NullPool)
    written = 0

    @event.listens_for(engine, "after_cursor_execute")
    def die(connection, cursor, statement, parameters, context, executemany):
        nonlocal written
        written += statement.startswith(f"INSERT INTO {table}")
        if written == count:
            os.kill(os.getpid(), signal.SIGKILL)

    import_(Registry(engine), archive)


def test_a_registry_goes_round_three_databases(source: Registry, archive: Path, sqlite_url: str, postgresql_url: str, mysql_url: str):
    """From SQLite to PostgreSQL to MariaDB to SQLite: numbers, labels, notes, log and experiments stay, and so do the archive's bytes."""
    for url in (postgresql_url, mysql_url, sqlite_url):
        target = Registry(url)
        import_(target, archive)
        assert target.names() == source.names()
        for name in source.names():
            assert target.versions(name, deleted=True) == source.versions(name, deleted=True)
            assert [target.artifact(name, each.number) for each in target.versions(name)] == [
                source.artifact(name, each.number) for each in source.versions(name)
            ]
        assert target.history("churn") == source.history("churn")
        assert target.experiments.status("churn") == source.experiments.status("churn")
        assert not target.verify().problems
        again = export(target, archive.with_name(f"{target.database.engine.dialect.name}.prisml")).place
        assert again.read_bytes() == archive.read_bytes()
        archive = again


def test_an_imported_model_goes_on(archive: Path, target: Registry):
    """After an import, numbers, rollbacks and experiments go on where the source was: no number is taken twice, a way back is known."""
    import_(target, archive)
    assert target.publish(make_artifact(bias=9.0)).number == 6
    assert target.held("churn") is not None, "the experiment runs here too"
    target.experiments.stop("churn")
    assert target.rollback("churn").number == 4


def test_importing_again_changes_nothing(archive: Path, target: Registry, tmp_path: Path):
    """An import is idempotent, also with ``activate``: the second time nothing is new, and the registry exports the same bytes."""
    for activate in (False, True):
        first = import_(target, archive, activate=activate)
        before = export(target, tmp_path / "before.prisml").place.read_bytes()
        second = import_(target, archive, activate=activate)
        assert not any(each.is_new for each in second)
        assert [each.version for each in second] == [each.version for each in first]
        assert export(target, tmp_path / "after.prisml").place.read_bytes() == before


def test_activate_makes_a_model_serve_that_never_did(archive: Path, target: Registry):
    """A model whose log is empty serves with its newest version once it is imported with ``activate``; the log says import."""
    import_(target, archive, activate=True, author="ada", why="moved")
    (entry,) = target.history("Zoë's 🦊")
    assert (entry.action, entry.version, entry.author, entry.why) == ("import", 1, "ada", "moved")
    assert all(entry.action != "import" for entry in target.history("churn")), "what served there serves here by its own log"


def test_a_model_that_is_here_gets_the_versions_it_lacks(archive: Path, target: Registry):
    """Versions that are here by digest keep number and label, new ones get the next numbers, and log and serving version stay."""
    target.publish(make_artifact(bias=7.0), label="ours")
    target.publish(make_artifact(bias=4.0, padding=CHUNK_BYTES), label="same")
    history = target.history("churn")
    imported = import_(target, archive, name="churn")
    found = [(each.number_there, each.version.number, each.version.label, each.is_new) for each in imported]
    assert found == [(1, 3, "r0", True), (2, 4, "r1", True), (4, 5, "r3", True), (5, 2, "same", False)]
    assert target.history("churn") == history
    assert target.versions("churn")[2].author == "Zoë 🦊"
    imported = import_(target, archive, name="churn", activate=True, author="ada", why="moved")
    (entry, *older) = target.history("churn")
    assert (entry.action, entry.before, entry.version, entry.author, entry.why) == ("import", 2, 3, "ada", "moved")
    assert tuple(older) == history
    assert not target.verify().problems


def test_activate_ends_an_experiment_only_where_another_version_serves(archive: Path, target: Registry):
    """An import that moves the model ends the experiment that runs here; one after which the same version serves lets it run."""
    target.publish(make_artifact(bias=7.0))
    target.publish(make_artifact(bias=8.0), activate=False)
    target.experiments.start("churn", {1: 0.5, 2: 0.5})
    import_(target, archive, name="churn")
    assert target.experiments.status("churn") is not None
    import_(target, archive, name="churn", activate=True)
    assert target.experiments.status("churn") is None
    target.experiments.start("churn", {3: 0.5, 2: 0.5})
    import_(target, archive, name="churn", activate=True)
    assert target.experiments.status("churn") is not None


def test_a_label_that_is_taken_refuses_the_model(archive: Path, target: Registry):
    """Where a new version's label is another version's here, nothing of that model is written, and the error says whose it is."""
    target.publish(make_artifact(bias=7.0), label="r3")
    with pytest.raises(ConflictError, match="'churn' version 1 has the label 'r3' already"):
        import_(target, archive, name="churn")
    assert [version.number for version in target.versions("churn")] == [1]
    assert target.verify().orphans == ()
    target.describe("churn", 1, label=None)
    assert [each.version.label for each in import_(target, archive, name="churn")] == ["r0", "r1", "r3", "r4"]


def test_a_deleted_version_is_back_under_its_number(archive: Path, target: Registry):
    """A version that was deleted here is restored by an import that holds it."""
    import_(target, archive)
    target.delete("churn", 2)
    (back,) = [each for each in import_(target, archive) if each.is_new]
    assert (back.version.number, back.version.label) == (2, "r1")
    assert target.artifact("churn", 2) == make_artifact(bias=1.0, padding=CHUNK_BYTES)


def test_a_bundle_is_imported_as_a_version(source: Registry, target: Registry, tmp_path: Path):
    """A bundle becomes the next version, serves with ``activate``, keeps its number the second time, and answers as at its source."""
    export(source, tmp_path / "bundle", name="churn", which="r4")
    target.publish(make_artifact(bias=7.0))
    (first,) = import_(target, tmp_path / "bundle")
    assert (first.version.number, first.version.active, first.number_there, first.is_new) == (2, False, None, True)
    (second,) = import_(target, tmp_path / "bundle", activate=True, why="better")
    assert (second.version.number, second.version.active, second.is_new) == (2, True, False)
    assert [entry.action for entry in target.history("churn")] == ["import", "publish"]
    import_(target, tmp_path / "bundle", activate=True)
    assert len(target.history("churn")) == 2
    here, there = prisml.load("churn", registry=target, refresh=None), prisml.load(tmp_path / "bundle")
    assert here.predict(ROW).value == there.predict(ROW).value == prisml.load("churn", registry=source, version=5).predict(ROW).value


@pytest.mark.parametrize(
    ("table", "count"),
    [("prisml_blobs", 1), ("prisml_blobs", 4), ("prisml_versions", 2), ("prisml_deployments", 1), ("prisml_deployments", 9)],
)
def test_an_import_that_is_killed_leaves_no_half_model(archive: Path, database_url: str, tmp_path: Path, table: str, count: int):
    """After kill -9 in the middle of an import there is no version, no blob and no log of the model; the next import brings all."""
    victim = SPAWN.Process(target=import_and_die, args=(database_url, str(archive), table, count))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    registry = Registry(database_url)
    found = registry.verify()
    assert "churn" not in registry.names()
    assert (found.problems, found.orphans) == ((), ())
    import_(registry, archive)
    assert export(registry, tmp_path / "again.prisml").place.read_bytes() == archive.read_bytes()


def test_two_imports_at_once_are_one(archive: Path, database_url: str, tmp_path: Path):
    """Processes that import the same archive at the same time, into a registry that is not there yet, leave what one would."""
    workers = [SPAWN.Process(target=import_and_die, args=(database_url, str(archive), "none", -1)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert export(Registry(database_url), tmp_path / "again.prisml").place.read_bytes() == archive.read_bytes()


def test_a_registry_of_an_older_schema_is_exported_and_not_written(database_url: str, archive: Path, tmp_path: Path):
    """What an older release wrote goes into an archive, and from there into a registry of today; an import into it is refused."""
    make_registry_v1(create_engine(database_url, poolclass=NullPool), [make_artifact(), make_artifact(bias=1.0)])
    older = Registry(database_url)
    fresh = Registry(f"sqlite:///{tmp_path / 'fresh.db'}")
    import_(fresh, export(older, tmp_path / "older.prisml").place)
    assert [(entry.action, entry.version) for entry in fresh.history("churn")] == [("activate", 2), ("activate", 1)]
    assert [version.digest for version in fresh.versions("churn")] == [version.digest for version in older.versions("churn")]
    again = export(fresh, tmp_path / "again.prisml").place
    assert again.read_bytes() == (tmp_path / "older.prisml").read_bytes()
    with pytest.raises(RegistryError, match="prisml registry upgrade"):
        import_(older, archive)


def test_an_export_is_of_one_moment(target: Registry, tmp_path: Path):
    """What is published while an export runs is in it whole or not at all."""
    target.publish(make_artifact())
    other = Registry(target.database.engine.url)
    engine = target.database.engine
    seen = []

    @event.listens_for(engine, "after_cursor_execute")
    def publish(connection, cursor, statement, parameters, context, executemany):
        if "prisml_deployments" in statement and not seen:
            seen.append(statement)
            other.publish(make_artifact(bias=1.0))

    done = export(target, tmp_path / "moment.prisml")
    assert seen
    assert [version.number for version in done.versions] == [1]
    fresh = Registry(f"sqlite:///{tmp_path / 'fresh.db'}")
    import_(fresh, tmp_path / "moment.prisml")
    assert [entry.version for entry in fresh.history("churn")] == [1]


def test_a_database_that_cannot_be_reached_is_said_without_its_password(archive: Path):
    """An import into a server that is not there is a ``RegistryError`` without the secret."""
    with pytest.raises(RegistryError) as caught:
        import_(Registry("postgresql+psycopg://ada:hunter2@127.0.0.1:1/none"), archive)
    assert "hunter2" not in str(caught.value)
