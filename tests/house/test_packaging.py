"""What is said of packaging is so: extras, workflows, the contributor's page, the notes of a release."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOR_USERS = ("train", "xgboost", "lightgbm", "arrow", "async", "alembic", "all")
FOR_WORK = ("examples", "bench", "peers", "docs", "dev")
INSTALL = ROOT / "docs" / "how-to" / "install.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def targets() -> set[str]:
    """The recipes of the Makefile."""
    return {name for line in re.findall(r"^([\w-]+(?: [\w-]+)*):(?!=)", MAKEFILE, re.MULTILINE) for name in line.split()}


def runs(workflow: Path) -> str:
    """Every command of a workflow."""
    jobs: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return "\n".join(step["run"] for job in jobs.values() for step in job.get("steps", []) if "run" in step)


def test_the_extras_are_those_that_are_documented():
    """Pyproject has the extras that users and workers were told of, and the page names each with every requirement of it."""
    assert tuple(sorted(EXTRAS)) == tuple(sorted((*FOR_USERS, *FOR_WORK)))
    rows = dict(re.findall(r"^\| `?(\w+)`? \| (.*?) \|", INSTALL.read_text(encoding="utf-8"), re.MULTILINE))
    for extra in (*FOR_USERS[:-1], "none"):
        wanted = PROJECT["dependencies"] if extra == "none" else EXTRAS[extra]
        assert set(re.findall(r"`([^`]+)`", rows[extra])) == {re.split("[<>=!]", requirement)[0] for requirement in wanted}, extra
    assert Requirement(EXTRAS["all"][0]).extras == set(FOR_USERS[:-1])


@pytest.mark.parametrize("extra", [*FOR_USERS[:-1], "none"])
def test_each_requirement_is_there_and_admitted(extra: str):
    """What an extra requires is a distribution that is installed here, in a version that is admitted; of XGBoost either build."""
    for text in PROJECT["dependencies"] if extra == "none" else EXTRAS[extra]:
        requirement = Requirement(text)
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            if requirement.name in {"xgboost", "lightgbm"} and sys.platform != "linux":
                pytest.skip("development installs it on Linux alone")
            assert requirement.name == "xgboost"
            found = version("xgboost-cpu")
        assert requirement.specifier.contains(found, prereleases=True)
        assert not requirement.extras or importlib.util.find_spec("greenlet")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_runs_what_people_run(workflow: Path):
    """A workflow may read alone and a job asks for more; recipes, scripts and modules that it runs exist; every job ends in time."""
    document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    writes = {
        name: {key for key, value in job.get("permissions", {}).items() if value == "write"} for name, job in document["jobs"].items()
    }
    assert {name: keys for name, keys in writes.items() if keys} == (
        {"attest": {"id-token", "attestations"}, "pypi": {"id-token"}, "github": {"contents"}} if workflow.stem == "release" else {}
    )
    commands = runs(workflow)
    assert set(re.findall(r"^make ([\w-]+)", commands, re.MULTILINE)) <= targets()
    assert [path for path in re.findall(r"(?:^|python )(\.ci/[\w.]+)", commands, re.MULTILINE) if not (ROOT / path).is_file()] == []
    for module in re.findall(r"python -m (tests[\w.]+)", commands):
        assert importlib.util.find_spec(module), module
    for name, job in document["jobs"].items():
        assert "uses" in job or "timeout-minutes" in job, name
        for step in job.get("steps", []):
            assert "uses" not in step or re.fullmatch(r"[\w.-]+/[\w.-]+@(v\d+|release/v1|[0-9a-f]{40})", step["uses"]), step
            assert not str(step.get("uses", "")).startswith("actions/checkout") or step["with"]["persist-credentials"] is False
            assert "${{ github.event" not in step.get("run", ""), "what others wrote is no part of a command"


def test_workflows_and_forms_were_found():
    """There are workflows that test, build wheels and release, and forms for a bug and a wish."""
    assert [path.stem for path in WORKFLOWS] == ["release", "test", "wheels"]
    assert [path.stem for path in FORMS] == ["bug_report", "config", "feature_request"]


@pytest.mark.parametrize("form", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem)
def test_a_form_asks_each_thing_once_by_a_name(form: Path):
    """A form has a name, a description, and questions whose ids differ; that of a bug asks for what ``prisml doctor`` says."""
    document = yaml.safe_load(form.read_text(encoding="utf-8"))
    questions = [part for part in document["body"] if part["type"] != "markdown"]
    assert document["name"]
    assert document["description"]
    assert len({part["id"] for part in questions}) == len(questions)
    assert all(part["attributes"]["label"] for part in questions)
    assert form.stem != "bug_report" or "prisml doctor --json" in form.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["dependabot.yml", "../.pre-commit-config.yaml"])
def test_the_other_files_parse(name: str):
    """Dependabot looks after actions, crates and Python; pre-commit's own hooks are recipes that exist."""
    document = yaml.safe_load((ROOT / ".github" / name).read_text(encoding="utf-8"))
    if name == "dependabot.yml":
        assert {each["package-ecosystem"] for each in document["updates"]} == {"github-actions", "cargo", "pip"}
        return
    (local,) = [repository["hooks"] for repository in document["repos"] if repository["repo"] == "local"]
    assert {hook["entry"].removeprefix("make ") for hook in local} <= targets()


def test_what_the_contributors_page_names_exists():
    """Each recipe, path and link of CONTRIBUTING and of the page on installing exists, as do their places in it."""
    for page in (CONTRIBUTING, INSTALL, ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md"):
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"^make ([a-z-]+)|`make ([a-z -]+)`", text, re.MULTILINE)
        recipes = {word for pair in named for word in "".join(pair).split()}
        assert {recipe for recipe in recipes if not recipe.endswith("-")} <= targets(), page.name
        for link, _, place in (target.partition("#") for target in re.findall(r"\]\(([^)]+)\)", text)):
            target = (page.parent / link).resolve() if link else page
            assert target.exists(), link
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE) if place else []
            assert not place or place in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, (link, place)
    paths = re.findall(r"`((?:python|crates|benches|tests|\.ci|\.github)/[\w./-]+)`", CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_recipe_for_people_is_in_help():
    """``make help`` has a line for each recipe of the .PHONY lists, and lists none that is not there."""
    phony = {name for line in re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE) for name in line.split()}
    listed = set(re.findall(r'^\t@echo "make ([\w-]+)', MAKEFILE, re.MULTILINE))
    assert phony - {"help"} == listed
    assert phony <= targets()


NOTES = """# Changelog

## [Unreleased]
{rest}
## [0.2.0] - 2027-01-01

### Added

- A thing.

## [0.1.0] - 2026-12-01

- The first.
"""


@pytest.mark.parametrize(
    ("tag", "rest", "says"),
    [
        ("v0.2.0", "", "### Added\n\n- A thing.\n"),
        ("v0.2.1", "", "The tag is v0.2.1, and Cargo.toml says 0.2.0"),
        ("0.2.0", "", "the tag of this commit would be v0.2.0"),
        ("v0.2.0", "- Another.\n", "still has lines under ## [Unreleased]"),
        ("v0.3.0", "", "has no section ## [0.3.0]"),
    ],
    ids=["right", "another version", "without v", "unreleased lines", "no section"],
)
def test_notes_are_the_section_of_the_tag(tmp_path: Path, tag: str, rest: str, says: str):
    """A release's notes are its section of the changelog; a tag that is not the version, or a changelog that is not ready, is refused."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "notes.py", tmp_path / ".ci")
    written = "0.3.0" if tag == "v0.3.0" else "0.2.0"
    (tmp_path / "Cargo.toml").write_text(f'[workspace.package]\nversion = "{written}"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(NOTES.format(rest=rest), encoding="utf-8")
    done = subprocess.run([sys.executable, str(tmp_path / ".ci" / "notes.py"), tag], capture_output=True, text=True, check=False)
    if says.startswith("###"):
        assert (done.returncode, done.stdout) == (0, says)
    else:
        assert done.returncode == 1
        assert says in done.stderr
