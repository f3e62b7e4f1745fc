"""Labels, delete and prune, on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, func, inspect, select, text
from sqlalchemy.pool import NullPool

from prisml.errors import ArtifactError, ConfigurationError, ConflictError, ModelNotFoundError, VersionNotFoundError
from prisml.registry import Registry
from prisml.registry.tables import blobs
from tests.artifacts import make_artifact


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


def stored(database: Engine) -> int:
    """How many blobs there are."""
    with database.connect() as connection:
        return connection.execute(select(func.count(func.distinct(blobs.c.sha256)))).scalar_one()


def test_a_version_is_found_by_its_label(registry: Registry):
    """A label is as good as a number wherever a version is named."""
    registry.publish(make_artifact(), label="v1.0", note="the first", commit="a" * 40)
    registry.publish(make_artifact(bias=1.0), label="Ünïque 🦊")
    found = registry.version("churn", "v1.0")
    assert (found.number, found.label, found.note, found.commit, found.size) == (
        1,
        "v1.0",
        "the first",
        "a" * 40,
        len(make_artifact().onnx),
    )
    assert registry.artifact("churn", "v1.0") == make_artifact()
    assert registry.activate("churn", "v1.0").number == 1
    assert registry.rollback("churn", "Ünïque 🦊").number == 2
    assert registry.delete("churn", "v1.0").number == 1
    with pytest.raises(VersionNotFoundError, match=r"No version of 'churn' has the label 'v1\.0'\. It has 2 \(Ünïque 🦊\)"):
        registry.version("churn", "v1.0")


def test_a_label_belongs_to_one_version_of_a_model(registry: Registry):
    """A label that another version of the model has is refused, and nothing is published; another model may have it."""
    registry.publish(make_artifact(), label="best")
    with pytest.raises(ConflictError, match="'churn' version 1 has the label 'best' already"):
        registry.publish(make_artifact(bias=1.0), label="best")
    assert len(registry.versions("churn")) == 1
    assert registry.publish(make_artifact("other"), label="best").label == "best"
    registry.publish(make_artifact(bias=1.0), label="Best")
    with pytest.raises(ConflictError):
        registry.describe("churn", 2, label="best")
    assert registry.describe("churn", 1, label=None).label is None
    assert registry.describe("churn", 2, label="best").label == "best"


@pytest.mark.parametrize("label", ["", " v1", "v1 ", "3", "-3", "1_000", "x" * 101, "a\nb"])
def test_a_label_that_could_be_mistaken_is_refused(registry: Registry, database: Engine, label: str):
    """A label that reads as a number, or that databases disagree on, is refused before anything is stored."""
    with pytest.raises(ConfigurationError, match="cannot have the label"):
        registry.publish(make_artifact(), label=label)
    assert inspect(database).get_table_names() == []


def test_label_and_note_change_and_nothing_else(registry: Registry):
    """Describing a version changes what is named, one or both, and leaves the version what it is."""
    first = registry.publish(make_artifact(), label="v1", note="old")
    assert registry.describe("churn", 1, note="new").label == "v1"
    assert registry.describe("churn", "v1", label="v1.0", note=None).note is None
    changed = registry.version("churn", 1)
    assert (changed.label, changed.note) == ("v1.0", None)
    assert (changed.digest, changed.created_at, changed.active) == (first.digest, first.created_at, first.active)
    assert registry.describe("churn", 1) == changed
    assert len(registry.history("churn")) == 1


def test_a_deleted_version_is_gone_and_its_number_stays_taken(registry: Registry, database: Engine):
    """Of a deleted version only its row stays, with who deleted it; it can be neither read nor activated, nor deleted twice."""
    publish(registry, 1.0, 2.0)
    blobs_before = stored(database)
    gone = registry.delete("churn", 1, author="bob")
    assert (gone.number, gone.deleted_by, gone.active) == (1, "bob", False)
    assert abs(gone.deleted_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stored(database) == blobs_before - 2
    assert [version.number for version in registry.versions("churn")] == [2]
    assert registry.versions("churn", deleted=True)[0] == gone
    for use in (registry.version, registry.artifact, registry.activate, registry.rollback, registry.delete, registry.describe):
        with pytest.raises(VersionNotFoundError, match=r"'churn' version 1 was deleted\. It has 2\."):
            use("churn", 1)
    with pytest.raises(VersionNotFoundError, match="was deleted"):
        registry.manifest_text(gone)
    assert registry.publish(make_artifact(bias=3.0)).number == 3
    assert [entry.version for entry in registry.history("churn")] == [3, 2, 1]


def test_the_newest_number_is_not_used_again(registry: Registry):
    """The number of the newest version is not given to another after it was deleted."""
    publish(registry, 1.0, 2.0)
    registry.rollback("churn")
    registry.delete("churn", 2)
    assert registry.publish(make_artifact(bias=3.0)).number == 3


def test_a_deleted_version_that_is_published_again_is_back(registry: Registry):
    """The same artifact comes back under its own number, with its graph, and can serve."""
    publish(registry, 1.0, 2.0)
    registry.describe("churn", 1, label="v1")
    registry.delete("churn", 1)
    registry.describe("churn", 2, label="v1")
    back = registry.publish(make_artifact(bias=1.0), label="again")
    assert (back.number, back.deleted_at, back.label, back.active) == (1, None, "again", True)
    assert registry.artifact("churn") == make_artifact(bias=1.0)


def test_the_active_version_cannot_be_deleted(registry: Registry):
    """What serves is not deleted."""
    publish(registry, 1.0, 2.0)
    with pytest.raises(ConflictError, match="'churn' version 2 serves: the active version cannot be deleted"):
        registry.delete("churn", 2)
    assert registry.artifact("churn") == make_artifact(bias=2.0)


def test_a_model_whose_every_version_was_deleted(registry: Registry):
    """A model of which nothing is left is no longer listed, and is told from one that never was."""
    registry.publish(make_artifact(), activate=False)
    registry.delete("churn", 1)
    assert registry.names() == ()
    with pytest.raises(ModelNotFoundError, match="Every version of 'churn' was deleted"):
        registry.versions("churn")


def test_a_blob_that_another_version_needs_stays(registry: Registry):
    """Two versions with one graph share it: deleting the one leaves it to the other, of whichever model."""
    same = {"output": "value", "bias": 1.0}
    registry.publish(make_artifact("churn", **same))
    registry.publish(make_artifact("churn", bias=2.0))
    registry.publish(make_artifact("other", **same))
    registry.delete("churn", 1)
    assert registry.artifact("other") == make_artifact("other", **same)
    assert registry.verify().problems == registry.verify().orphans == ()


def test_prune_keeps_the_newest_and_what_is_needed(registry: Registry, database: Engine):
    """Prune deletes what is older than the newest, and neither what serves nor what has a label; a dry run tells which."""
    publish(registry, *map(float, range(8)))
    registry.activate("churn", 2)
    registry.describe("churn", 3, label="golden")
    told = registry.prune("churn", keep=3, dry_run=True)
    assert [version.number for version in told] == [1, 4, 5]
    assert len(registry.versions("churn")) == 8
    gone = registry.prune("churn", keep=3, author="bob")
    assert [(version.number, version.deleted_by) for version in gone] == [(1, "bob"), (4, "bob"), (5, "bob")]
    assert [version.number for version in registry.versions("churn")] == [2, 3, 6, 7, 8]
    assert stored(database) == 10
    assert registry.prune("churn") == ()
    assert [version.number for version in registry.prune("churn", keep=0)] == [6, 7, 8]
    with pytest.raises(ConfigurationError, match="-1 versions cannot be kept"):
        registry.prune("churn", keep=-1)


def test_changing_what_is_not_there_makes_nothing(registry: Registry, database: Engine):
    """Whatever changes an unknown model is refused before any table is made."""
    for change in (
        registry.rollback,
        registry.prune,
        lambda name: registry.delete(name, 1),
        lambda name: registry.describe(name, 1, note=""),
    ):
        with pytest.raises(ModelNotFoundError, match="It is empty"):
            change("churn")
    assert inspect(database).get_table_names() == []


def test_a_damaged_graph_is_mended_by_publishing_it_again(registry: Registry, database: Engine):
    """Training the same again gives the same digest: publishing it replaces what was damaged."""
    publish(registry, 1.0)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM prisml_blobs WHERE sha256 = :graph"), {"graph": make_artifact(bias=1.0).manifest.model_sha256})
    with pytest.raises(ArtifactError, match="publish the same artifact again"):
        registry.artifact("churn")
    publish(registry, 1.0)
    assert registry.artifact("churn") == make_artifact(bias=1.0)
