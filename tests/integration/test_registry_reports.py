"""A version keeps its report: stored and deleted with it, shared where two have the same, read by nothing that serves."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, event, select, update
from sqlalchemy.pool import NullPool

import prisml
from prisml.errors import ArtifactError, RegistryError, VersionNotFoundError
from prisml.registry import Artifact, Registry, export, import_, read_bundle
from prisml.registry.tables import CHUNK_BYTES, blobs, versions
from tests.artifacts import make_artifact
from tests.support.registry_v2 import make_registry_v2

REPORT = '{"rows":' + "1" * CHUNK_BYTES + ',"text":"Zoë 🦊"}'
SHA256 = hashlib.sha256(REPORT.encode()).hexdigest()
ROW = {"age": 41, "country": "DE"}


def reported(bias: float = 0.0, report: str = REPORT) -> Artifact:
    """An artifact with a report of several parts."""
    return make_artifact(bias=bias, report=report)


def without_report(artifact: Artifact) -> Artifact:
    """The same version, as it comes from where its report was left out."""
    return Artifact(artifact.manifest_text, artifact.onnx)


@pytest.fixture
def database(database_url: str) -> Engine:
    """The database, to look behind the registry."""
    return create_engine(database_url, poolclass=NullPool)


@pytest.fixture
def registry(database: Engine) -> Registry:
    """A registry with two versions that share one report, and a third that has none."""
    registry = Registry(database.url)
    for artifact in (reported(0.0), reported(1.0), make_artifact(bias=2.0)):
        registry.publish(artifact)
    return registry


def stored(database: Engine) -> set[str]:
    """The SHA-256 of every blob."""
    with database.connect() as connection:
        return set(connection.execute(select(blobs.c.sha256)).scalars())


def change(database: Engine, statement: object) -> None:
    """Change what is stored behind the registry's back."""
    with database.begin() as connection:
        connection.execute(statement)


def test_a_report_is_read_as_it_was_published(registry: Registry):
    """Each version gives its own report back, one without gives None, and an artifact comes with its report unless that is not wanted."""
    first, second, third = registry.versions("churn")
    assert [registry.report_text(version) for version in (first, second, third)] == [REPORT, REPORT, None]
    assert [version.report_sha256 for version in (first, second, third)] == [SHA256, SHA256, None]
    assert registry.artifact("churn", 2) == reported(1.0)
    assert registry.artifact("churn", 2, with_report=False) == without_report(reported(1.0))
    assert registry.verify().problems == registry.verify().orphans == ()


def test_a_report_that_two_versions_share_goes_with_the_last(registry: Registry, database: Engine):
    """Deleting one of two versions leaves their report, pruning the other takes it, and publishing again brings it back."""
    first, second, _ = registry.versions("churn")
    registry.delete("churn", 1)
    assert SHA256 in stored(database)
    assert registry.report_text(second) == REPORT
    with pytest.raises(VersionNotFoundError, match="was deleted"):
        registry.artifact("churn", 1)
    registry.prune("churn", keep=0)
    assert SHA256 not in stored(database)
    with pytest.raises(VersionNotFoundError, match="version 1 was deleted"):
        registry.report_text(first)
    assert [version.report_sha256 for version in registry.versions("churn", deleted=True)] == [None] * 3
    assert registry.report_text(registry.publish(reported(0.0), activate=False)) == REPORT
    assert registry.verify().problems == registry.verify().orphans == ()


def test_a_version_may_be_published_without_its_report(registry: Registry, database: Engine):
    """Published again without it a version keeps its report; a deleted one comes back without, and gets it when it comes with it."""
    assert registry.report_text(registry.publish(without_report(reported(0.0)))) == REPORT
    bare = without_report(reported(3.0, "{}"))
    version = registry.publish(bare)
    assert (registry.report_text(version), registry.artifact("churn")) == (None, bare)
    assert registry.report_text(registry.publish(reported(3.0, "{}"))) == "{}"
    registry.activate("churn", 3)
    registry.delete("churn", 4)
    assert registry.report_text(registry.publish(bare)) is None
    assert registry.verify().problems == registry.verify().orphans == ()


@pytest.mark.parametrize("damage", ["changed", "cut off", "lost"])
def test_a_damaged_report_is_told_where_it_is_read(registry: Registry, database: Engine, damage: str):
    """Whoever reads a damaged report gets an ``ArtifactError``, verification names its versions, they serve, and publishing mends it."""
    part = (blobs.c.sha256 == SHA256) & (blobs.c.position == 1)
    statements = {"changed": update(blobs).where(part).values(data=b"?"), "cut off": delete(blobs).where(part)}
    change(database, statements.get(damage, delete(blobs).where(blobs.c.sha256 == SHA256)))
    version = registry.version("churn", 2)
    with pytest.raises(ArtifactError, match="The report of 'churn' version 2 is damaged in the registry"):
        registry.report_text(version)
    with pytest.raises(ArtifactError, match="The report of 'churn' version 2"):
        registry.artifact("churn", 2)
    assert registry.artifact("churn", 2, with_report=False).onnx == reported(1.0).onnx
    found = registry.verify(repair=True)
    assert [(problem.version, "The report of 'churn'" in problem.message) for problem in found.problems] == [(1, True), (2, True)]
    assert found.orphans == ()
    registry.publish(reported(1.0))
    assert registry.verify().problems == ()
    assert registry.report_text(version) == REPORT


def test_a_row_that_names_another_report_is_found(registry: Registry, database: Engine):
    """A row and a manifest that name two reports are a problem of that version."""
    change(database, update(versions).where(versions.c.number == 3).values(report_sha256=SHA256))
    (problem,) = registry.verify().problems
    assert (problem.version, problem.message) == (3, "The row of 'churn' version 3 tells of another report than its manifest.")


def test_serving_never_reads_a_report(registry: Registry, tmp_path: Path):
    """An engine by name and one of a bundle ask for no report, so that a lost or damaged one stops neither."""
    registry.activate("churn", 2)
    seen: list[str] = []
    engine = registry.database.engine
    own = Registry(engine)

    @event.listens_for(engine, "after_cursor_execute")
    def note(connection, cursor, statement, parameters, context, executemany):
        seen.append(repr(parameters))

    loaded = prisml.load("churn", registry=own)
    answer = loaded.predict(ROW).value
    assert seen
    assert not [parameters for parameters in seen if SHA256 in parameters]
    bundle = export(own, tmp_path / "bundle", name="churn", which=2).place
    (bundle / "report.json").write_text("damaged")
    assert prisml.load(bundle).predict(ROW).value == answer
    with pytest.raises(ArtifactError, match="The report of 'churn' is damaged"):
        read_bundle(bundle)


def test_reports_go_with_an_archive(registry: Registry, database_url: str, tmp_path: Path, sqlite_url: str):
    """An archive, as a file and as a folder, brings each report to another registry, which exports the same bytes."""
    registry.delete("churn", 1)
    other = sqlite_url if sqlite_url != database_url else f"sqlite:///{tmp_path / 'other.db'}"
    for number, name in enumerate(("whole.prisml", "folder")):
        place = export(registry, tmp_path / name).place
        target = Registry(other if number == 0 else f"sqlite:///{tmp_path / 'third.db'}")
        import_(target, place)
        assert [target.report_text(version) for version in target.versions("churn")] == [REPORT, None]
        assert target.verify().problems == target.verify().orphans == ()
        again = export(target, tmp_path / f"again-{number}.prisml").place
        assert again.read_bytes() == export(registry, tmp_path / "first.prisml").place.read_bytes()


def test_an_import_brings_a_report_to_a_version_that_lacks_it(registry: Registry, tmp_path: Path):
    """A version that is here without its report gets that from an archive or a bundle, and keeps its number and its label."""
    archive = export(registry, tmp_path / "whole.prisml").place
    bundle = export(registry, tmp_path / "bundle", name="churn", which=1).place
    for source in (archive, bundle):
        target = Registry(f"sqlite:///{tmp_path / source.name}.db")
        target.publish(without_report(reported(0.0)), label="ours")
        imported = import_(target, source)
        assert (imported[0].is_new, imported[0].version.label, imported[0].version.number) == (False, "ours", 1)
        assert target.report_text(target.version("churn", 1)) == REPORT
        assert target.verify().problems == target.verify().orphans == ()


def test_a_registry_of_schema_2_is_read_and_written_after_an_upgrade(database: Engine):
    """What schema 2 wrote is read and served as it is, refuses a writer by name, and keeps reports once it is upgraded."""
    artifacts = [make_artifact(bias=float(bias)) for bias in range(3)]
    make_registry_v2(database, artifacts)
    registry = Registry(database.url)
    assert registry.schema() == 2
    assert [(version.number, version.label, version.report_sha256) for version in registry.versions("churn")] == [
        (2, "v2.0", None),
        (3, "v3.0", None),
    ]
    assert [registry.artifact("churn", number) for number in (2, 3)] == artifacts[1:]
    assert registry.report_text(registry.active("churn")) is None
    assert prisml.load("churn", registry=Registry(database.url)).predict(ROW).version == 3
    assert registry.verify().problems == registry.verify().orphans == ()
    with pytest.raises(RegistryError, match=r"has schema 2; this release writes 3\. .*prisml registry upgrade"):
        registry.publish(reported(9.0))
    before = registry.history("churn"), registry.versions("churn", deleted=True)
    assert registry.upgrade() == registry.upgrade() == registry.schema() == 3
    assert (registry.history("churn"), registry.versions("churn", deleted=True)) == before
    assert registry.report_text(registry.publish(reported(9.0))) == REPORT
    assert registry.publish(artifacts[0], activate=False).number == 1
    assert registry.verify().problems == registry.verify().orphans == ()
