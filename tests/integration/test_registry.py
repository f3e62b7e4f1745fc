"""The registry on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, delete, event, func, inspect, select, text, update
from sqlalchemy.pool import NullPool

from prisml.errors import ArtifactError, ModelNotFoundError, RegistryError, VersionNotFoundError
from prisml.registry import Registry
from prisml.registry.tables import CHUNK_BYTES, blobs, deployments, schema, versions
from tests.artifacts import make_artifact


@pytest.fixture
def registry(database_url: str) -> Registry:
    """A registry in a fresh, empty database."""
    return Registry(database_url)


@pytest.fixture
def database(database_url: str) -> Engine:
    """The same database, to look behind the registry."""
    return create_engine(database_url, poolclass=NullPool)


def log(database: Engine) -> list[tuple[object, ...]]:
    """The deployments log: from, to, who and why, in order."""
    statement = select(deployments.c.from_number, deployments.c.to_number, deployments.c.author, deployments.c.why)
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(statement.order_by(deployments.c.name, deployments.c.position))]


def test_what_was_published_is_read_back_byte_for_byte(registry: Registry):
    """A published artifact comes back equal, also when its graph is stored in many parts."""
    artifact = make_artifact(padding=3 * CHUNK_BYTES + 17)
    registry.publish(artifact)
    assert len(artifact.onnx) > 3 * CHUNK_BYTES
    assert registry.artifact("churn") == artifact
    assert registry.artifact("churn", 1) == artifact


def test_versions_count_from_one_within_their_model(registry: Registry):
    """Each model has numbers of its own, in order of publishing; names tell upper from lower case."""
    numbers = [registry.publish(make_artifact(name, bias=bias)).number for bias in (0.0, 1.0) for name in ("churn", "Churn")]
    assert numbers == [1, 1, 2, 2]
    assert set(registry.names()) == {"churn", "Churn"}
    assert [version.number for version in registry.versions("churn")] == [1, 2]


def test_a_version_tells_who_when_and_how_good(registry: Registry):
    """A version carries its digest, its author, the moment in UTC and its metrics."""
    artifact = make_artifact()
    version = registry.publish(artifact, author="Zoë 🦊")
    assert (version.name, version.number, version.digest, version.author) == ("churn", 1, artifact.digest, "Zoë 🦊")
    assert abs(version.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert version.created_at.utcoffset() == timedelta(0)
    assert version.metrics == {"accuracy": 0.75}
    assert registry.active("churn") == version == registry.version("churn", 1)


def test_the_same_digest_keeps_its_version(registry: Registry, database: Engine):
    """Publishing what is there already returns its version and stores nothing."""
    first = registry.publish(make_artifact())
    assert registry.publish(make_artifact(), author="somebody else") == first
    assert len(registry.versions("churn")) == 1
    assert len(log(database)) == 1


def test_a_known_digest_is_activated_again(registry: Registry, database: Engine):
    """Publishing an older version's digest lets it serve again, and the log says so."""
    registry.publish(make_artifact(), author="a")
    registry.publish(make_artifact(bias=1.0), author="a")
    assert registry.publish(make_artifact(), author="a", why="back").number == 1
    assert registry.active("churn").number == 1
    assert log(database) == [(None, 1, "a", None), (1, 2, "a", None), (2, 1, "a", "back")]


def test_publishing_without_activating_leaves_what_serves(registry: Registry):
    """A version published with ``activate=False`` is stored, and the one before it serves on."""
    registry.publish(make_artifact())
    assert not registry.publish(make_artifact(bias=1.0), activate=False).active
    assert [(version.number, version.active) for version in registry.versions("churn")] == [(1, True), (2, False)]


def test_activating_appends_to_the_log(registry: Registry, database: Engine):
    """Each move of the active version is a row of the log with who, when in UTC, why, from and to."""
    registry.publish(make_artifact(), author="ann")
    registry.publish(make_artifact(bias=1.0), author="bob", activate=False, why="not logged")
    version = registry.activate("churn", 2, author="cid", why="better AUC")
    assert version.active
    assert log(database) == [(None, 1, "ann", None), (1, 2, "cid", "better AUC")]
    with database.connect() as connection:
        moments = connection.execute(select(deployments.c.at)).scalars().all()
    assert all(abs(moment - datetime.now(UTC)) < timedelta(minutes=1) for moment in moments)


def test_activating_what_serves_changes_nothing(registry: Registry, database: Engine):
    """Activating the active version is no move: the log does not grow."""
    version = registry.publish(make_artifact(), author="ann")
    assert registry.activate("churn", 1, why="again") == version
    assert len(log(database)) == 1


def test_an_empty_registry_is_read_without_being_made(registry: Registry, database: Engine):
    """Reading a registry that nobody published to makes no table, and says what to do."""
    assert registry.names() == ()
    with pytest.raises(ModelNotFoundError, match="It is empty: publish a model with prisml train"):
        registry.active("churn")
    with pytest.raises(ModelNotFoundError):
        registry.activate("churn", 1)
    assert inspect(database).get_table_names() == []


def test_an_unknown_model_is_told_with_what_was_meant(registry: Registry):
    """A misspelt name is answered with the name that is nearest, any other with the names there are."""
    registry.publish(make_artifact("churn"))
    for read in (registry.active, registry.versions, registry.artifact):
        with pytest.raises(ModelNotFoundError, match=r"Did you mean 'churn'\?"):
            read("chrun")
    with pytest.raises(ModelNotFoundError, match="It has 'churn'"):
        registry.active("lifetime_value")


def test_an_unknown_version_is_told_with_those_there_are(registry: Registry, database: Engine):
    """A number that does not exist is answered with the numbers that do, and activating it logs nothing."""
    registry.publish(make_artifact())
    registry.publish(make_artifact(bias=1.0))
    with pytest.raises(VersionNotFoundError, match=r"'churn' has no version 7\. It has 1, 2\."):
        registry.artifact("churn", 7)
    with pytest.raises(VersionNotFoundError) as caught:
        registry.activate("churn", 7)
    assert caught.value.context["versions"] == (1, 2)
    assert len(log(database)) == 2


def test_a_model_that_never_served_is_told_so(registry: Registry):
    """A model without an active version is no unknown model: the error says how to activate one."""
    registry.publish(make_artifact(), activate=False)
    with pytest.raises(ModelNotFoundError, match=r"No version of 'churn' is active\. Activate one, as in: prisml activate churn 1"):
        registry.active("churn")


@pytest.mark.parametrize("which", ["the manifest", "the graph"])
@pytest.mark.parametrize("position", [0, 1])
def test_a_flipped_bit_is_found(registry: Registry, database: Engine, which: str, position: int):
    """One changed bit in any stored part of a version is an ``ArtifactError`` at the next read, never a prediction."""
    artifact = make_artifact(padding=2 * CHUNK_BYTES)
    version = registry.publish(artifact)
    sha256 = artifact.digest if which == "the manifest" else artifact.manifest.model_sha256
    part = (blobs.c.sha256 == sha256) & (blobs.c.position == (0 if which == "the manifest" else position))
    with database.begin() as connection:
        data = bytearray(connection.execute(select(blobs.c.data).where(part)).scalar_one())
        data[len(data) // 2] ^= 1
        connection.execute(update(blobs).where(part).values(data=bytes(data)))
    with pytest.raises(ArtifactError, match=f"{which.capitalize()} of 'churn' version 1 is damaged"):
        registry.artifact("churn")
    with pytest.raises(ArtifactError):
        registry.manifest_text(version) if which == "the manifest" else registry.graph(version, sha256)


def test_a_lost_part_is_found(registry: Registry, database: Engine):
    """A part that is gone is an ``ArtifactError`` too."""
    artifact = make_artifact(padding=2 * CHUNK_BYTES)
    registry.publish(artifact)
    with database.begin() as connection:
        last = select(func.max(blobs.c.position)).where(blobs.c.sha256 == artifact.manifest.model_sha256)
        position = connection.execute(last).scalar_one()
        connection.execute(delete(blobs).where(blobs.c.sha256 == artifact.manifest.model_sha256, blobs.c.position == position))
    with pytest.raises(ArtifactError, match="is damaged"):
        registry.artifact("churn")


def test_a_newer_schema_is_refused(registry: Registry, database: Engine):
    """A registry that a newer release wrote is neither read nor written, and the error says which number it has."""
    registry.publish(make_artifact())
    with database.begin() as connection:
        connection.execute(update(schema).values(version=99))
    for use in (registry.names, lambda: registry.active("churn"), lambda: registry.publish(make_artifact(bias=1.0))):
        with pytest.raises(RegistryError, match=r"has schema 99; this release reads up to 3\. Upgrade prisml"):
            use()


def test_a_lost_schema_number_is_no_empty_registry(registry: Registry, database: Engine):
    """A registry that holds versions and lost the number of its schema is damaged, for readers and writers, and not empty."""
    registry.publish(make_artifact())
    with database.begin() as connection:
        connection.execute(delete(schema))
    for use in (registry.names, lambda: registry.active("churn"), lambda: registry.publish(make_artifact(bias=1.0))):
        with pytest.raises(RegistryError, match="is damaged: it holds versions"):
            use()


@pytest.mark.parametrize(
    ("column", "value"),
    [("metrics", "{"), ("metrics", "[1]"), ("metrics", '{"auc": "s3cret"}'), ("created_at", "s3cret"), ("created_at", "2024-01-01")],
)
def test_a_damaged_row_is_told(registry: Registry, database: Engine, column: str, value: str):
    """A version whose metrics or moment cannot be read is an ``ArtifactError`` that names the model and quotes nothing."""
    registry.publish(make_artifact())
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {versions.name} SET {column} = :value"), {"value": value})
    for read in (registry.versions, registry.active, registry.artifact):
        with pytest.raises(ArtifactError, match="A version of 'churn' is damaged in the registry") as caught:
            read("churn")
        assert "s3cret" not in str(caught.value)


def test_a_part_fits_the_smallest_packet(registry: Registry, database: Engine):
    """No statement that stores a graph is larger than 1 MB, the smallest limit that servers come with."""
    artifact = make_artifact(padding=5_000_000)
    sizes = []

    @event.listens_for(database, "before_cursor_execute")
    def measure(connection, cursor, statement, parameters, context, executemany):
        values = parameters.values() if isinstance(parameters, dict) else parameters
        # Escaping at most doubles a byte.
        sizes.append(len(statement) + 2 * sum(len(value) for value in values if isinstance(value, bytes | str)))

    Registry(database).publish(artifact)
    assert max(sizes) < 1_000_000
    assert registry.artifact("churn") == artifact


def test_an_engine_of_the_callers_own_serves_too(database: Engine):
    """A SQLAlchemy ``Engine`` is as good as a URL, also one that commits by itself."""
    for engine in (database, database.execution_options(isolation_level="AUTOCOMMIT")):
        registry = Registry(engine)
        registry.publish(make_artifact())
        assert registry.active("churn").number == 1


@pytest.mark.parametrize("table", ["prisml_blobs", "prisml_versions", "prisml_deployments"])
def test_what_fails_half_way_leaves_nothing(registry: Registry, database: Engine, table: str):
    """A version that cannot be completed leaves neither parts nor a number behind, and the next one takes its number."""
    first = registry.publish(make_artifact())

    @event.listens_for(database, "after_cursor_execute")
    def fail(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(f"INSERT INTO {table}"):
            raise MemoryError

    with pytest.raises(MemoryError):
        Registry(database).publish(make_artifact(bias=1.0))
    event.remove(database, "after_cursor_execute", fail)
    assert registry.versions("churn") == (first,)
    with database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(blobs)).scalar_one() == 2
    assert registry.publish(make_artifact(bias=1.0)).number == 2
