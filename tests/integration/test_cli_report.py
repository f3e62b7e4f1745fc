"""``prisml report`` and what ``export`` writes beside a bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import prisml
from prisml.cli.main import cli
from prisml.commands.card import model_card
from prisml.commands.page.report import report_page
from prisml.commands.report import read_subject
from prisml.registry import Artifact, Registry, read_bundle
from tests.artifacts import make_artifact
from tests.support.console import alone
from tests.support.console import prisml_with as run
from tests.support.reports import candidate


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder: visits with a report, which serves, and a version of churn without one."""
    alone(tmp_path, monkeypatch)
    made = Registry("sqlite:///.prisml/registry.db")
    made.publish(candidate("binary").artifact, label="v1.0")
    made.publish(make_artifact())
    return made


def test_the_report_of_what_serves_is_written_to_this_folder(registry: Registry):
    """The path is printed, and the file is the page of that version."""
    done = run("report", "visits")
    assert done.exit_code == 0
    assert done.stdout == "visits-1-report.html\n"
    assert Path("visits-1-report.html").read_text(encoding="utf-8") == report_page(read_subject(registry, "visits"))


def test_a_version_a_folder_and_a_format_can_be_chosen(registry: Registry):
    """By number or label, into a folder under the name that it has in a bundle, as a page, a model card or figures."""
    Path("out").mkdir()
    for form, name in (("html", "report.html"), ("card", "README.md"), ("json", "report.json")):
        done = run("report", "visits", "v1.0", "--to", "out", "--format", form, "--json")
        assert json.loads(done.stdout)["file"] == str(Path("out") / name)
    made = read_subject(registry, "visits", 1)
    assert Path("out/README.md").read_text(encoding="utf-8") == model_card(made)
    assert Path("out/report.json").read_text(encoding="utf-8") == registry.report_text(registry.active("visits"))


def test_open_shows_the_file(registry: Registry, monkeypatch: pytest.MonkeyPatch):
    """``--open`` hands the file's whole path to what opens such files."""
    opened: list[str] = []
    monkeypatch.setattr("click.launch", lambda url: opened.append(url) or 0)
    assert run("report", "visits", "--open").exit_code == 0
    assert opened == [str(Path("visits-1-report.html").resolve())]


def test_a_version_without_a_report_has_a_page_and_no_figures(registry: Registry):
    """The page tells what the manifest says; figures are refused with the way out."""
    assert run("report", "churn").exit_code == 0
    refused = run("report", "churn", "--format", "json")
    assert refused.exit_code == 2
    assert "churn, version 1 has no report" in refused.stderr


def test_a_place_that_cannot_be_written_is_an_error(registry: Registry):
    """Exit code 2, and the file is named."""
    refused = run("report", "visits", "--to", "nowhere/report.html")
    assert refused.exit_code == 2
    assert "nowhere/report.html cannot be written" in refused.stderr


def test_export_writes_the_page_and_the_card_beside_the_bundle(registry: Registry):
    """The folder is still a bundle, with the same digest, that is loaded and imported."""
    assert run("export", "visits", "--to", "bundle").exit_code == 0
    assert {file.name for file in Path("bundle").iterdir()} == {"manifest.json", "model.onnx", "report.json", "report.html", "README.md"}
    assert read_bundle("bundle") == candidate("binary").artifact
    row = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}
    assert prisml.load("bundle").predict(row).value == prisml.load("visits").predict(row).value
    assert run("import", "bundle", "--registry", "sqlite:///other.db").exit_code == 0
    assert Registry("sqlite:///other.db").versions("visits")[0].digest == registry.active("visits").digest


@pytest.mark.parametrize("name", ["README.md", "report.html", "report.json"])
def test_export_replaces_no_file_of_a_folder_that_is_no_bundle(registry: Registry, name: str):
    """The file is named and stays as it is, nothing is written beside it, and a bundle is exported into again."""
    Path("own").mkdir()
    Path("own", name).write_text("MINE")
    for model in ("visits", "churn"):
        refused = run("export", model, "--to", "own")
        assert refused.exit_code == 2
        assert f"own/{name} is there already" in refused.stderr
    assert [(file.name, file.read_text()) for file in Path("own").iterdir()] == [(name, "MINE")]
    assert [run("export", model, "--to", "bundle").exit_code for model in ("visits", "churn")] == [0, 0]


def test_a_model_card_replaces_no_readme_of_a_folder(registry: Registry):
    """A folder's own README.md stays; one that is named as a file is replaced."""
    Path("README.md").write_text("MINE")
    refused = run("report", "visits", "--format", "card", "--to", ".")
    assert (refused.exit_code, Path("README.md").read_text()) == (2, "MINE")
    assert run("report", "visits", "--format", "card", "--to", "README.md").exit_code == 0
    assert Path("README.md").read_text() != "MINE"


def test_the_report_of_an_imported_version_is_the_same(registry: Registry):
    """The page says nothing of the registry, so that of a copy differs by nothing but when and by whom it was published."""
    run("export", "visits", "--to", "bundle")
    run("import", "bundle", "--registry", "sqlite:///other.db", "--activate")
    here, there = read_subject(registry, "visits"), read_subject(Registry("sqlite:///other.db"), "visits")
    assert (here.manifest, here.report) == (there.manifest, there.report)


def test_the_command_completes_names_and_versions(registry: Registry):
    """Tab proposes the models, then the versions of the one named."""
    from click.shell_completion import ShellComplete

    complete = ShellComplete(cli, {}, "prisml", "_PRISML_COMPLETE")
    assert [item.value for item in complete.get_completions(["report"], "v")] == ["visits"]
    assert "1" in [item.value for item in complete.get_completions(["report", "visits"], "")]


@pytest.mark.parametrize("text", ["[" * 200_000, None], ids=["nested without end", "of another model"])
def test_a_report_that_is_not_the_versions_own_is_refused(registry: Registry, text: str | None):
    """A bundle from elsewhere may hold anything as its report: what is not one, or is that of another model, is told as damaged."""
    made = registry.artifact("visits")
    assert made.report_text is not None
    foreign = made.report_text.replace('"visits"', '"others"') if text is None else text
    manifest = made.manifest.model_copy(update={"report_sha256": hashlib.sha256(foreign.encode()).hexdigest(), "name": "visits"})
    registry.publish(Artifact(manifest.to_json(), made.onnx, foreign))
    refused = run("report", "visits", "2")
    assert refused.exit_code == 2
    assert "report" in refused.stderr
    assert "bug" not in refused.stderr
