"""Verification finds whatever is not as it was stored, and repair takes away what nobody needs and nothing else."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.pool import NullPool

from prisml.registry import Registry, Verification
from prisml.registry.tables import CHUNK_BYTES, blobs, metadata
from tests.artifacts import make_artifact


@pytest.fixture
def registry(database_url: str) -> Registry:
    """A registry with three versions of a model, the last with a graph of several parts, and one of another."""
    registry = Registry(database_url)
    registry.publish(make_artifact("other"))
    for bias in range(3):
        registry.publish(make_artifact(bias=float(bias), padding=2 * CHUNK_BYTES if bias == 2 else 0))
    registry.experiments.start("churn", {3: 0.5, 1: 0.5})
    return registry


@pytest.fixture
def database(database_url: str) -> Engine:
    """The same database, to look behind the registry."""
    return create_engine(database_url, poolclass=NullPool)


def damage(database: Engine, statement: str, **values: object) -> None:
    """Change what is stored behind the registry's back."""
    with database.begin() as connection:
        if connection.dialect.name == "mysql":
            connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
        connection.execute(text(statement), values)


def content(database: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.connect() as connection:
        return {name: sorted(map(tuple, connection.execute(select(*table.c))), key=repr) for name, table in metadata.tables.items()}


def test_a_sound_registry_has_nothing_to_tell(registry: Registry, database: Engine):
    """A registry that is as it was stored has neither problems nor orphans; its versions, blobs and bytes are counted."""
    registry.delete("churn", 2)
    before = content(database)
    found = registry.verify()
    rows = before["prisml_blobs"]
    assert found == Verification(3, len({row[0] for row in rows}), sum(len(bytes(row[2])) for row in rows), (), (), repaired=False)
    assert registry.verify(repair=True).repaired
    assert content(database) == before


def test_an_empty_registry_is_sound(database: Engine):
    """Verifying what is not there finds nothing and makes nothing."""
    assert Registry(database.url).verify(repair=True) == Verification(0, 0, 0, (), (), repaired=True)
    assert inspect(database).get_table_names() == []


@pytest.mark.parametrize(
    ("statement", "model", "version", "message"),
    [
        ("UPDATE prisml_blobs SET data = :bytes WHERE sha256 = :manifest", "churn", 3, "The manifest of 'churn' version 3 is damaged"),
        ("DELETE FROM prisml_blobs WHERE sha256 = :graph AND position = 1", "churn", 3, "The graph of 'churn' version 3 is damaged"),
        ("DELETE FROM prisml_blobs WHERE sha256 = :graph", "churn", 3, "The graph of 'churn' version 3 is damaged"),
        ("UPDATE prisml_versions SET graph_bytes = 7 WHERE number = 2", "churn", 2, "tells of another graph than its manifest"),
        ("UPDATE prisml_versions SET digest = :other WHERE name = 'churn' AND number = 2", "churn", 2, "that of another model"),
        (
            "DELETE FROM prisml_deployments WHERE name = 'churn' AND position = 2",
            "churn",
            3,
            "Entry 3 of the log of 'churn' does not follow",
        ),
        (
            "UPDATE prisml_deployments SET from_number = 1 WHERE name = 'churn' AND position = 3",
            "churn",
            3,
            "Entry 3 of the log of 'churn' tells of another version before it",
        ),
        ("UPDATE prisml_deployments SET experiment = '{}' WHERE position = 4", "churn", None, "An experiment of 'churn' is damaged"),
        ("UPDATE prisml_deployments SET at = 'x' WHERE position = 4", "churn", None, "The log of 'churn' is damaged"),
        ("UPDATE prisml_deployments SET to_number = 2 WHERE position = 4", "churn", None, "The log of 'churn' is damaged"),
        ("UPDATE prisml_versions SET deleted_at = created_at WHERE number = 1 AND name = 'churn'", "churn", 1, "serves, and was deleted"),
    ],
)
def test_what_is_damaged_is_found(registry: Registry, database: Engine, statement: str, model: str, version: int | None, message: str):
    """Each kind of damage is a problem of its model and version; repair deletes orphans and mends nothing by guessing."""
    artifact = make_artifact(bias=2.0, padding=2 * CHUNK_BYTES)
    values = {"manifest": artifact.digest, "graph": artifact.manifest.model_sha256, "other": make_artifact("other").digest, "bytes": b"?"}
    damage(database, statement, **{key: value for key, value in values.items() if f":{key}" in statement})
    found = registry.verify()
    assert {(problem.name, problem.version) for problem in found.problems} == {(model, version)}
    assert message in found.problems[0].message
    assert registry.verify(repair=True).problems == found.problems


def test_a_version_that_never_was_is_found(registry: Registry, database: Engine):
    """An entry of the log about a version that nobody published is told, where the database lets it stand."""
    if database.dialect.name == "postgresql":
        damage(database, "ALTER TABLE prisml_deployments DROP CONSTRAINT prisml_deployments_name_to_number_fkey")
    damage(database, "UPDATE prisml_deployments SET to_number = 77, experiment = NULL WHERE position = 4")
    assert "about version 77, which there never was" in registry.verify().problems[0].message


def test_repair_deletes_orphans_and_nothing_else(registry: Registry, database: Engine):
    """Blobs, or parts of blobs, that no version needs are found, and go with repair; all else stays."""
    before = content(database)
    stray = [hashlib.sha256(name).hexdigest() for name in (b"whole", b"part")]
    with database.begin() as connection:
        for sha256, position in zip(stray, (0, 3), strict=True):
            connection.execute(insert(blobs).values(sha256=sha256, position=position, data=b"?"))
    found = registry.verify()
    assert found.orphans == tuple(sorted(stray))
    assert not found.repaired
    assert found.problems == ()
    repaired = registry.verify(repair=True)
    assert (repaired.orphans, repaired.repaired) == (found.orphans, True)
    assert content(database) == before
    assert registry.verify().orphans == ()


def test_what_is_published_meanwhile_is_no_orphan(sqlite_url: str):
    """A version that comes while the registry is read is not taken for something that nobody needs."""
    registry, engine = Registry(sqlite_url), create_engine(sqlite_url, poolclass=NullPool)
    registry.publish(make_artifact())
    seen = []

    @event.listens_for(engine, "before_cursor_execute")
    def publish(connection, cursor, statement, parameters, context, executemany):
        if not seen and "FROM prisml_versions" in statement:
            seen.append(registry.publish(make_artifact(bias=1.0)))
            registry.publish(make_artifact(bias=2.0))
            registry.delete("churn", 1)

    found = Registry(engine).verify(repair=True)
    assert seen
    assert (found.problems, found.orphans) == ((), ())
    assert registry.artifact("churn") == make_artifact(bias=2.0)
