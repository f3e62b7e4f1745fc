"""Rollback and the log, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from prisml.errors import ArtifactError, ConflictError, ModelNotFoundError, VersionNotFoundError
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.database import statements


@pytest.fixture
def registry(database_url: str) -> Registry:
    """A registry in a fresh, empty database."""
    return Registry(database_url)


@pytest.fixture
def database(database_url: str) -> Engine:
    """The same database, to look behind the registry."""
    return create_engine(database_url, poolclass=NullPool)


def publish(registry: Registry, *biases: float, name: str = "churn") -> None:
    """One version for each bias, activated in turn."""
    for bias in biases:
        registry.publish(make_artifact(name, bias=bias), author="ann")


def moves(registry: Registry) -> list[tuple[str, int | None, int]]:
    """The log, oldest first: action, from, to."""
    return [(entry.action, entry.before, entry.version) for entry in reversed(registry.history("churn"))]


def test_rollback_goes_back_and_further_back(registry: Registry):
    """Each rollback returns to what served before the version that serves now; where there is nothing before it, it says so."""
    publish(registry, 1.0, 2.0, 3.0)
    assert registry.rollback("churn", author="bob", why="too slow").number == 2
    assert registry.rollback("churn").number == 1
    with pytest.raises(VersionNotFoundError, match="'churn' has no version to go back to"):
        registry.rollback("churn")
    assert moves(registry) == [("publish", None, 1), ("publish", 1, 2), ("publish", 2, 3), ("rollback", 3, 2), ("rollback", 2, 1)]
    entry = registry.history("churn")[1]
    assert (entry.author, entry.why, entry.position) == ("bob", "too slow", 4)


def test_after_a_rollback_what_is_activated_is_gone_back_from(registry: Registry):
    """A version that was rolled back from is not gone back to; one that was activated since then is."""
    publish(registry, 1.0, 2.0, 3.0)
    registry.rollback("churn")
    registry.activate("churn", 3)
    registry.activate("churn", 1)
    assert registry.rollback("churn").number == 3
    assert registry.rollback("churn").number == 2
    assert registry.rollback("churn").number == 1


def test_rollback_to_a_named_version(registry: Registry):
    """Rollback goes to any version that is named, also one that never served; an unknown one is refused."""
    publish(registry, 1.0, 2.0, 3.0)
    registry.publish(make_artifact(bias=4.0), activate=False)
    assert registry.rollback("churn", 1).number == 1
    assert registry.rollback("churn", 4).number == 4
    with pytest.raises(VersionNotFoundError):
        registry.rollback("churn", 9)
    before = len(registry.history("churn"))
    assert registry.rollback("churn", 4).active
    assert len(registry.history("churn")) == before, "rolling back to what serves is no move"


def test_rollback_passes_over_what_was_deleted(registry: Registry):
    """A deleted version is never gone back to."""
    publish(registry, 1.0, 2.0, 3.0)
    registry.delete("churn", 2)
    assert registry.rollback("churn").number == 1


def test_rollback_expects_what_it_is_told(registry: Registry):
    """Where another version serves than was expected, as after somebody else's rollback, nothing happens."""
    publish(registry, 1.0, 2.0)
    with pytest.raises(ConflictError, match="'churn' version 2 serves, and not 1"):
        registry.rollback("churn", expected=1)
    assert registry.rollback("churn", expected=2).number == 1


def test_publishing_after_a_rollback_does_not_activate(registry: Registry):
    """After a rollback a new version waits to be activated by hand, or by force; once it is, publishing activates again."""
    publish(registry, 1.0, 2.0)
    assert registry.held("churn") is None
    registry.rollback("churn", author="bob", why="worse")
    assert registry.held("churn") == "the last move was a rollback from version 2 to 1 by bob: worse"
    assert not registry.publish(make_artifact(bias=3.0)).active
    assert registry.active("churn").number == 1
    assert registry.publish(make_artifact(bias=4.0), force=True).active
    assert registry.held("churn") is None
    assert registry.publish(make_artifact(bias=5.0)).active


def test_history_is_told_newest_first_and_as_of_a_moment(registry: Registry):
    """The log is read whole or up to a moment, naive moments being UTC; what served then is told."""
    publish(registry, 1.0)
    time.sleep(0.01)
    between = datetime.now(UTC)
    time.sleep(0.01)
    publish(registry, 2.0)
    assert [entry.version for entry in registry.history("churn")] == [2, 1]
    elsewhere = between.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for moment in (between, between.replace(tzinfo=None), elsewhere):
        assert [entry.version for entry in registry.history("churn", as_of=moment)] == [1]
        assert registry.deployment("churn", as_of=moment).version == 1
    first = registry.history("churn")[1]
    assert registry.deployment("churn", as_of=first.at) == first
    assert registry.deployment("churn").version == 2
    with pytest.raises(ModelNotFoundError, match="No version of 'churn' served at that moment"):
        registry.deployment("churn", as_of=between - timedelta(days=1))
    assert registry.history("churn", as_of=between - timedelta(days=1)) == ()


def test_a_model_without_a_log(registry: Registry):
    """A model that never served has an empty history; an unknown one has none."""
    registry.publish(make_artifact(), activate=False)
    assert registry.history("churn") == ()
    assert registry.positions(["churn"]) == {}
    with pytest.raises(ModelNotFoundError, match="No version of 'churn' is active"):
        registry.deployment("churn")
    with pytest.raises(ModelNotFoundError, match="No version of 'churn' is active"):
        registry.rollback("churn")
    for read in (registry.history, registry.deployment):
        with pytest.raises(ModelNotFoundError, match="Did you mean 'churn'"):
            read("chrun")


def test_positions_are_one_statement(database: Engine):
    """What processes ask every other second is one statement, however many models they serve; without a registry it is empty."""
    registry = Registry(database)
    assert registry.positions(["churn"]) == registry.positions([]) == {}
    assert inspect(database).get_table_names() == []
    publish(registry, 1.0, 2.0)
    publish(registry, 1.0, name="other")
    with statements(database) as sent:
        assert registry.positions(["churn", "other", "nobody"]) == {"churn": 2, "other": 1}
    assert len([statement for statement in sent if "prisml" in statement]) == 1
    registry.publish(make_artifact(bias=3.0), activate=False)
    assert registry.positions(["churn"]) == {"churn": 2}


@pytest.mark.parametrize(("column", "value"), [("at", "s3cret"), ("at", "2024-01-01"), ("experiment", '{"s3cret": 1}')])
def test_a_damaged_entry_of_the_log_is_told(registry: Registry, database: Engine, column: str, value: str):
    """An entry that cannot be read is an ``ArtifactError`` that names the model and quotes nothing."""
    publish(registry, 1.0)
    with database.begin() as connection:
        connection.execute(text(f"UPDATE prisml_deployments SET {column} = :value"), {"value": value})
    for read in (registry.history, registry.deployment, registry.held):
        with pytest.raises(ArtifactError, match="of 'churn' is damaged in the registry") as caught:
            read("churn")
        assert "s3cret" not in str(caught.value)
    assert [problem.name for problem in registry.verify().problems] == ["churn"]


def test_postgresql_tells_who_listens(postgresql_url: str):
    """Each entry of the log is announced, with the model's name, once it can be read, and nothing else is."""
    registry = Registry(postgresql_url)
    publish(registry, 1.0)
    plain = make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("LISTEN prisml")
        registry.publish(make_artifact(bias=2.0), activate=False)
        registry.describe("churn", 1, label="v1")
        registry.activate("churn", 2)
        registry.publish(make_artifact("other"))
        assert [told.payload for told in connection.notifies(timeout=5, stop_after=2)] == ["churn", "other"]
