"""``prisml versions``, ``prisml activate``, and what the shell completes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import prisml
from prisml.cli.main import COMMANDS
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.console import alone, answer, as_json
from tests.support.console import prisml_with as run


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with two versions of churn, of which one has a label, and one of ltv."""
    alone(tmp_path, monkeypatch)
    opened = Registry("sqlite:///.prisml/registry.db")
    opened.publish(make_artifact("churn"), author="ada", label="v1.0", note="the first", commit="c" * 40)
    opened.publish(make_artifact("churn", bias=1.0), author="ada")
    opened.publish(make_artifact("ltv"), author="ada")
    return opened


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
    document = answer(run("versions", "--json"))
    assert document == {"models": {name: [as_json(each) for each in registry.versions(name)] for name in ("churn", "ltv")}}
    assert [(each["version"], each["active"], each["label"]) for each in document["models"]["churn"]] == [
        (1, False, "v1.0"),
        (2, True, None),
    ]


def test_versions_shows_those_that_were_deleted_when_asked(registry: Registry):
    """--all shows a deleted version among the others, and says that it is; without it nobody sees it."""
    registry.delete("churn", 1)
    assert [each["version"] for each in answer(run("versions", "churn", "--json"))["models"]["churn"]] == [2]
    every = answer(run("versions", "churn", "--all", "--json"))["models"]["churn"]
    assert [(each["version"], each["deleted_at"] is None) for each in every] == [(1, False), (2, True)]
    assert "│ deleted │" in run("versions", "churn", "--all").stdout


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
    again = answer(run("activate", "churn", "v1.0", "--json"))
    assert again == {"changed": False, "before": 1, "ended": None, **as_json(registry.version("churn", 1))}
    assert registry.deployment("churn").why == "too keen"
    assert run("activate", "churn", "v1.0").stdout == "Version 1 of churn serves already; nothing was changed.\n"


def test_activate_ends_an_experiment_and_says_so(registry: Registry):
    """Activating even the control is a change while an experiment runs: the experiment has ended, and the answer names it."""
    registry.experiments.start("churn", {2: 0.5, 1: 0.5}, name="spring")
    shown = run("activate", "churn", "2")
    assert shown.stdout == "Version 2 of churn serves now (it served before too), and experiment 'spring' has ended.\n"
    registry.experiments.start("churn", {2: 0.5, 1: 0.5}, name="autumn")
    done = answer(run("activate", "churn", "v1.0", "--json"))
    assert (done["changed"], done["before"], done["ended"], done["version"]) == (True, 2, "autumn", 1)
    assert registry.experiments.status("churn") is None


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["versions", "chrun"], "model_not_found", 2),
        (["activate", "chrun", "1"], "model_not_found", 2),
        (["activate", "churn", "7"], "version_not_found", 2),
        (["activate", "churn", "v9"], "version_not_found", 2),
        (["show", "chrun"], "model_not_found", 2),
        (["show", "churn", "7"], "version_not_found", 2),
        (["compare", "churn", "1", "v9"], "version_not_found", 2),
        (["rollback", "chrun"], "model_not_found", 2),
        (["rollback", "ltv"], "version_not_found", 2),
        (["rollback", "churn", "--expect", "1"], "conflict", 1),
        (["history", "chrun"], "model_not_found", 2),
        (["describe", "churn", "7", "--note", "x"], "version_not_found", 2),
        (["describe", "churn", "2", "--label", "v1.0"], "conflict", 1),
        (["describe", "churn", "2", "--label", "12"], "configuration", 2),
        (["delete", "churn", "2", "--yes"], "conflict", 1),
        (["delete", "churn", "7", "--yes"], "version_not_found", 2),
        (["prune", "chrun", "--yes"], "model_not_found", 2),
        (["export", "chrun", "--to", "x"], "model_not_found", 2),
        (["export", "churn", "--version", "v9", "--to", "x"], "version_not_found", 2),
        (["history", "churn", "--html", "absent/x.html"], "configuration", 2),
        (["experiment", "start", "churn", "2=0.5", "1=0.4"], "experiment", 2),
        (["experiment", "start", "churn", "2=0.5", "7=0.5"], "version_not_found", 2),
        (["experiment", "start", "churn", "v1.0=0.5", "1=0.5"], "experiment", 2),
        (["experiment", "start", "churn", "2=0.5", "1=0.5", "--force", "42=7"], "experiment", 2),
        (["experiment", "ramp", "churn", "2=0.5", "1=0.5"], "experiment", 2),
        (["experiment", "status", "chrun"], "model_not_found", 2),
        (["experiment", "stop", "churn"], "experiment", 2),
        (["experiment", "promote", "churn"], "experiment", 2),
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
        ("prisml ", list(COMMANDS)),
        ("prisml experiment ", ["start", "ramp", "status", "stop", "promote"]),
        ("prisml registry u", ["upgrade"]),
        ("prisml versions ", ["churn", "ltv"]),
        ("prisml versions l", ["ltv"]),
        ("prisml activate churn ", ["1", "2", "v1.0"]),
        ("prisml show churn v", ["v1.0"]),
        ("prisml rollback churn --to ", ["1", "2", "v1.0"]),
        ("prisml predict churn --version ", ["1", "2", "v1.0"]),
        ("prisml experiment start churn ", ["1=", "2=", "v1.0="]),
        ("prisml experiment start churn 1=0.9 2", ["2="]),
        ("prisml experiment stop ", ["churn"]),
        ("prisml experiment promote l", []),
        ("prisml predict ch", ["churn"]),
        ("prisml activate absent ", []),
        ("prisml versions --registry nonsense ", []),
        ("prisml versions --registry postgresql+psycopg://127.0.0.1:1/x ", []),
    ],
)
def test_the_shell_is_offered_names_and_versions(registry: Registry, tmp_path: Path, words: str, offered: list[str]):
    """Tab offers commands, the registry's models and their versions, and never an error, whatever the registry's state."""
    registry.experiments.start("churn", {2: 0.5, 1: 0.5})
    assert complete(words, tmp_path) == (offered, "")


def test_completion_makes_no_registry(tmp_path: Path):
    """Pressing Tab in an empty folder offers nothing and makes no file."""
    assert complete("prisml versions ", tmp_path) == ([], "")
    assert list(tmp_path.iterdir()) == []
