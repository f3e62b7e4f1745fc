"""Where a registry may be, and what is said of a place that cannot be used."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from prisml.errors import ArtifactError, ConfigurationError, ModelNotFoundError, RegistryError
from prisml.registry import Registry, sqlite
from tests.artifacts import make_artifact

SECRET = "s3cr3t-p4ss"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/registry?sslpassword={SECRET}",
        f"mysql+pymysql://ann:{SECRET}@127.0.0.1:1/registry?ssl_key={SECRET}",
    ],
)
def test_a_registry_that_cannot_be_reached_tells_no_secret(url: str):
    """A server that does not answer is a ``RegistryError`` with exit code 3, and no traceback of it holds the password or the query."""
    registry = Registry(url)
    for use in (registry.names, lambda: registry.publish(make_artifact())):
        with pytest.raises(RegistryError, match=r"cannot be used: \w+") as caught:
            use()
        assert caught.value.exit_code == 3
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.context) + repr(registry)
        assert SECRET not in told
        assert "127.0.0.1:1/registry" in told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/registry", "OperationalError: connection failed: .*refused"),
        (f"postgresql+psycopg://ann:x@127.0.0.1:1/registry?sslmode={SECRET}", 'sslmode value: "[*]{3}"'),
        (f"mysql+pymysql://ann:{SECRET}@127.0.0.1:1/registry", "OperationalError: .*Can't connect to MySQL server"),
    ],
)
def test_why_a_registry_cannot_be_reached_is_told(url: str, words: str):
    """What the driver says of the connection is told, so that a wrong password is not taken for a wrong host; secrets are left out."""
    with pytest.raises(RegistryError, match=words) as caught:
        Registry(url).names()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"{SECRET} is no URL", "registry's URL cannot be read"),
        (f"postgresql+psycopg://ann:p@ss#{SECRET}@localhost:1/registry", "part of its password stands where the host should be"),
        (f"postgresql+psycopg://ann:p@ss/{SECRET}@localhost:1/registry", "part of its password stands where the host should be"),
        (f"postgresql+psycopg://ann:p@ss:{SECRET}@localhost:1/registry", "registry's URL cannot be read"),
        (f"postgresql+psycopg://ann@localhost:{SECRET}/registry", "registry's URL cannot be read"),
        (f"postgres://ann:{SECRET}@host/registry", "knows no dialect 'postgres'"),
        (f"nosuchdialect://ann:{SECRET}@host/registry", "knows no dialect 'nosuchdialect'"),
        ("sqlite://", "in-memory registry forgets"),
        ("sqlite:///:memory:", "in-memory registry forgets"),
    ],
)
def test_a_url_that_cannot_serve_is_refused_at_once(url: str, message: str):
    """A URL that no registry can be at is a ``ConfigurationError`` before anything is opened, without its secrets."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        Registry(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_reading_makes_no_file(tmp_path: Path):
    """Reading a SQLite registry that is not there makes neither file nor folder."""
    registry = Registry(f"sqlite:///{tmp_path / 'deep' / 'registry.db'}")
    assert registry.names() == ()
    for read in (registry.active, registry.versions, registry.artifact):
        with pytest.raises(ModelNotFoundError):
            read("churn")
    with pytest.raises(ModelNotFoundError):
        registry.activate("churn", 1)
    assert list(tmp_path.iterdir()) == []


def test_publishing_makes_the_folder_and_a_file_in_wal(tmp_path: Path):
    """The first publish makes what is missing, in the mode in which readers and the writer do not wait for each other."""
    path = tmp_path / "deep" / "registry.db"
    Registry(f"sqlite:///{path}").publish(make_artifact())
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_relative_registry_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A relative SQLite path is resolved once: changing the working directory does not move the registry."""
    monkeypatch.chdir(tmp_path)
    registry = Registry("sqlite:///registry.db")
    registry.publish(make_artifact())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert registry.active("churn").number == 1


def test_readers_do_not_wait_for_a_writer(tmp_path: Path):
    """While one publishes, others read what was there before."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    Registry(url).publish(make_artifact())
    engine = create_engine(url)
    seen: list[int] = []

    @event.listens_for(engine, "after_cursor_execute")
    def read_meanwhile(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("INSERT INTO prisml_versions"):
            reader = threading.Thread(target=lambda: seen.append(Registry(url).active("churn").number))
            reader.start()
            reader.join(10)

    Registry(engine).publish(make_artifact(bias=1.0))
    engine.dispose()
    assert seen == [1]


def test_a_writer_that_waits_too_long_is_told_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where another writer does not finish, publishing gives up with an error that says so."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    path = tmp_path / "registry.db"
    registry = Registry(f"sqlite:///{path}")
    registry.publish(make_artifact())
    holder = sqlite3.connect(path)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RegistryError, match="is held by another writer"):
        registry.publish(make_artifact(bias=1.0))
    holder.close()
    assert registry.publish(make_artifact(bias=1.0)).number == 2


@pytest.mark.parametrize("begins", [False, True])
def test_a_sqlite_engine_of_the_callers_own_is_written_in_one_transaction(tmp_path: Path, begins: bool):
    """An ``Engine`` that keeps one connection, or sends BEGIN by itself as SQLAlchemy recommends, publishes all or nothing too."""
    engine = create_engine(f"sqlite:///{tmp_path / 'registry.db'}", poolclass=StaticPool)
    if begins:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    registry = Registry(engine)
    assert [registry.publish(make_artifact(bias=bias)).number for bias in (0.0, 1.0)] == [1, 2]
    assert registry.artifact("churn") == make_artifact(bias=1.0)
    engine.dispose()


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    """A file of another kind at the registry's place is a ``RegistryError``, and is not overwritten."""
    path = tmp_path / "registry.db"
    path.write_text("a diary, not a database" * 100)
    for use in (Registry(f"sqlite:///{path}").names, lambda: Registry(f"sqlite:///{path}").publish(make_artifact())):
        with pytest.raises(RegistryError, match="is no SQLite database"):
            use()
    assert path.read_text().startswith("a diary")


@pytest.mark.parametrize("name", ["", " churn", "churn ", "x" * 201])
def test_a_name_that_databases_disagree_on_is_refused(tmp_path: Path, name: str):
    """A model's name that some database would cut, pad or take for another is refused before anything is stored."""
    with pytest.raises(ArtifactError, match="cannot keep a model under the name"):
        Registry(f"sqlite:///{tmp_path / 'registry.db'}").publish(make_artifact(name))
    assert list(tmp_path.iterdir()) == []
