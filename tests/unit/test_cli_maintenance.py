"""The commands about the registry as a whole: verify, registry status and registry upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, insert, update

from prisml.registry import Registry
from prisml.registry.tables import blobs, schema
from tests.support.console import alone, answer, three_versions
from tests.support.console import prisml_with as run


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with three versions of churn, of which the last serves."""
    return three_versions(alone(tmp_path, monkeypatch))


def test_verify_says_that_all_is_well(registry: Registry):
    """A registry that is whole is 0, with what was read, as text and as JSON."""
    size = registry.verify().bytes
    document = answer(run("verify", "--json"))
    assert document == {"versions": 3, "blobs": 6, "bytes": size, "problems": [], "orphans": [], "repaired": False}
    assert "is whole: 3 versions, 6 blobs" in run("verify").stdout


def test_verify_finds_damage_and_repairs_nothing_but_orphans(registry: Registry, tmp_path: Path):
    """A blob that was changed is a problem, exit code 1, with or without --repair; one that no version needs goes with --repair."""
    database = create_engine(f"sqlite:///{tmp_path}/.prisml/registry.db")
    with database.begin() as connection:
        connection.execute(insert(blobs).values(sha256="f" * 64, position=0, data=b"left behind"))
    assert answer(run("verify", "--json"))["orphans"] == ["f" * 64]
    assert "1 blob that no version needs lies there and does no harm: prisml verify --repair" in run("verify").stdout
    repaired = run("verify", "--repair")
    assert (repaired.exit_code, "1 blob that no version needs was deleted." in repaired.stdout) == (0, True)
    assert answer(run("verify", "--json"))["orphans"] == []
    with database.begin() as connection:
        connection.execute(update(blobs).where(blobs.c.sha256 == registry.version("churn", 2).digest).values(data=b"{}"))
    for words in (["verify"], ["verify", "--repair"]):
        damaged = run(*words, "--json")
        document = answer(damaged)
        assert damaged.exit_code == 1
        assert [(each["name"], each["version"]) for each in document["problems"]] == [("churn", 2)]
        assert "│ churn │       2 │ " in run(*words).stdout
    database.dispose()


def test_status_and_upgrade_of_a_registry(registry: Registry, tmp_path: Path):
    """Status tells place, schema and sizes; upgrade has nothing to do where the schema is this release's, and says so."""
    place = f"sqlite:///{tmp_path}/.prisml/registry.db"
    status = {"place": place, "schema": 3, "newest": 3, "models": 1, "versions": 3, "blobs": 6, "bytes": registry.verify().bytes}
    assert answer(run("registry", "status", "--json")) == status
    assert "│ schema   │ 3 " in run("registry", "status").stdout
    assert answer(run("registry", "upgrade", "--json")) == {"place": place, "schema": 3, "before": 3, "changed": False}
    assert run("registry", "upgrade").stdout == f"The registry {place} has schema 3 already.\n"


def test_a_registry_that_is_not_there_is_not_made_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Status, upgrade, verify and experiment status of an empty place are 0, and leave no file."""
    alone(tmp_path, monkeypatch)
    assert answer(run("registry", "status", "--json"))["schema"] is None
    assert answer(run("registry", "upgrade", "--json"))["schema"] is None
    assert answer(run("verify", "--json"))["versions"] == 0
    assert answer(run("experiment", "status", "--json")) == {"models": {}}
    assert "nothing was published yet" in run("registry", "status").stdout
    assert "is empty" in run("registry", "upgrade").stdout
    assert "is empty: there is nothing to check." in run("verify").stdout
    assert list(tmp_path.iterdir()) == []


def test_a_registry_of_a_newer_release_is_refused(registry: Registry, tmp_path: Path):
    """A newer schema ends with 3 in every command, upgrade too, and says the way out."""
    database = create_engine(f"sqlite:///{tmp_path}/.prisml/registry.db")
    with database.begin() as connection:
        connection.execute(delete(schema))
        connection.execute(insert(schema).values(id=1, version=99))
    database.dispose()
    for words in (["versions"], ["registry", "status"], ["registry", "upgrade"], ["rollback", "churn"]):
        shown = run(*words)
        assert (shown.exit_code, shown.stdout) == (3, "")
        assert "has schema 99" in shown.stderr
        assert "Upgrade prisml" in shown.stderr
