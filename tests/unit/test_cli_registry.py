"""``prisml versions``, ``prisml activate``, and what the shell completes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import prisml
from prisml.cli.main import cli
from prisml.registry import Registry
from tests.artifacts import make_artifact


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with two versions of churn and one of ltv."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PRISML_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    opened = Registry("sqlite:///.prisml/registry.db")
    for name, bias in (("churn", 0.0), ("churn", 1.0), ("ltv", 0.0)):
        opened.publish(make_artifact(name, bias=bias), author="ada")
    return opened


def run(*words: str) -> Result:
    """``prisml`` with these words."""
    return CliRunner().invoke(cli, words)


def complete(words: str, folder: Path) -> tuple[list[str], str]:
    """What the shell is offered for the last of ``words``, and what went to stderr."""
    asked = {"_PRISML_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    # Where the package is used from its source, the path has to go along.
    environment = {**os.environ, **asked, "PYTHONPATH": str(Path(prisml.__file__).parents[1])}
    code = "from prisml.cli.main import main; main()"
    shown = subprocess.run([sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return [line.partition(",")[2] for line in shown.stdout.split()], shown.stderr


def test_versions_shows_what_serves(registry: Registry):
    """The table has a line for each version, oldest first, and marks the one that serves."""
    shown = run("versions", "churn")
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines() if line.startswith("│")]
    first, second = registry.versions("churn")
    assert [("active" in line, version.digest[:12] in line) for line, version in zip(lines, (first, second), strict=True)] == [
        (False, True),
        (True, True),
    ]
    assert "accuracy 0.7500" in shown.stdout
    assert "ada" in shown.stdout


def test_versions_without_a_name_shows_every_model(registry: Registry):
    """Without a name every model has its table; as JSON each version is there with its digest, author and metrics."""
    assert all(name in run("versions").stdout for name in ("churn", "ltv"))
    document = json.loads(run("versions", "--json").stdout)
    assert {name: [(each["version"], each["active"]) for each in found] for name, found in document["models"].items()} == {
        "churn": [(1, False), (2, True)],
        "ltv": [(1, True)],
    }
    version = registry.active("ltv")
    assert document["models"]["ltv"][0] == {
        "name": "ltv",
        "version": 1,
        "active": True,
        "digest": version.digest,
        "created_at": version.created_at.isoformat(),
        "author": "ada",
        "metrics": {"accuracy": 0.75},
    }


def test_an_empty_registry_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where nothing was published the list is empty, exit code 0, and no file is made by looking."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRISML_REGISTRY", raising=False)
    shown = run("versions")
    assert shown.exit_code == 0
    assert "is empty" in shown.stdout
    assert json.loads(run("versions", "--json").stdout)["models"] == {}
    assert list(tmp_path.iterdir()) == []


def test_activate_moves_and_says_from_where(registry: Registry):
    """After activate that version serves, the answer says which one did before, and doing it again changes nothing."""
    shown = run("activate", "churn", "1", "--why", "too keen")
    assert (shown.exit_code, shown.stdout) == (0, "Version 1 of churn serves now (version 2 served before).\n")
    assert registry.active("churn").number == 1
    again = json.loads(run("activate", "churn", "1", "--json").stdout)
    assert (again["ok"], again["changed"], again["before"], again["version"], again["active"]) == (True, False, 1, 1, True)


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["versions", "chrun"], "model_not_found", 2),
        (["activate", "chrun", "1"], "model_not_found", 2),
        (["activate", "churn", "7"], "version_not_found", 2),
        (["versions", "--registry", "postgresql+psycopg://ada:s3cret@127.0.0.1:1/x?password=s3cret"], "registry", 3),
        (["versions", "--registry", "nonsense"], "configuration", 2),
    ],
)
def test_what_cannot_be_had_is_told(registry: Registry, words: list[str], code: str, exit_code: int):
    """An unknown model or version is 2, a registry that cannot be reached is 3; as text and as JSON, and without a password."""
    shown = run(*words, "--json")
    assert shown.exit_code == exit_code
    assert shown.stderr.startswith(f"error[{code}]: ")
    assert json.loads(shown.stdout)["error"]["code"] == code
    assert "s3cret" not in shown.output
    assert registry.active("churn").number == 2


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("prisml ", ["train", "check", "predict", "versions", "activate"]),
        ("prisml versions ", ["churn", "ltv"]),
        ("prisml versions l", ["ltv"]),
        ("prisml activate churn ", ["1", "2"]),
        ("prisml predict ch", ["churn"]),
        ("prisml activate absent ", []),
        ("prisml versions --registry nonsense ", []),
        ("prisml versions --registry postgresql+psycopg://127.0.0.1:1/x ", []),
    ],
)
def test_the_shell_is_offered_names_and_versions(registry: Registry, tmp_path: Path, words: str, offered: list[str]):
    """Tab offers commands, the registry's models and their versions, and never an error, whatever the registry's state."""
    assert complete(words, tmp_path) == (offered, "")


def test_completion_makes_no_registry(tmp_path: Path):
    """Pressing Tab in an empty folder offers nothing and makes no file."""
    assert complete("prisml versions ", tmp_path) == ([], "")
    assert list(tmp_path.iterdir()) == []
