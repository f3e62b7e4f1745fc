"""What ``prisml train`` says and keeps of a version: label, note and commit, and why it was not activated."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from prisml.errors import ConfigurationError
from prisml.registry import Registry
from tests.support.console import run, shop


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop in a git repository, whose churn has been trained once, with a label and a note."""
    folder = shop(place := tmp_path_factory.mktemp("shop"), f"sqlite:///{place}/shop.db")
    git(folder, "init", "--quiet")
    git(folder, "add", "shop.py")
    git(folder, "commit", "--quiet", "--message", "first")
    done = run(folder, "train", "--label", "v1.0", "--note", "the first")
    assert done.returncode == 0, done.stderr
    return folder


def git(folder: Path, *words: str) -> str:
    """What git says in that folder."""
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def registry(folder: Path) -> Registry:
    """The folder's registry."""
    return Registry(f"sqlite:///{folder}/.prisml/registry.db")


def another(folder: Path, depth: int) -> str:
    """A definition of the same model that learns otherwise."""
    file = folder / f"depth_{depth}.py"
    file.write_text(f'import shop\n\nchurn = shop.model("churn_probability", name="churn", params={{"max_depth": {depth}}})\n')
    return file.name


def test_a_version_keeps_what_is_said_of_it(trained: Path):
    """Label, note and the commit of the current folder are kept with the version, and shown by it."""
    version = registry(trained).version("churn", "v1.0")
    assert (version.number, version.note, version.commit) == (1, "the first", git(trained, "rev-parse", "HEAD"))
    shown = json.loads(run(trained, "show", "churn", "v1.0", "--json").stdout)
    assert (shown["label"], shown["note"], shown["commit"]) == ("v1.0", "the first", version.commit)


def test_a_label_that_is_taken_is_refused_before_training(trained: Path):
    """A label that another version has ends with 1 at once: nothing was read, trained or published; one that cannot be a label with 2."""
    before = registry(trained).versions("churn")
    refused = run(trained, "train", another(trained, 2), "--label", "v1.0", "--json")
    (model,) = json.loads(refused.stdout)["models"]
    assert (refused.returncode, model["error"]["code"]) == (1, "conflict")
    assert "nothing was trained" in refused.stderr
    assert run(trained, "train", "--label", "12").returncode == 2
    assert registry(trained).versions("churn") == before


def test_after_a_rollback_training_publishes_without_activating(trained: Path):
    """What was rolled back does not come back by itself: the new version waits, it is said why and how, and activate lets it serve."""
    opened = registry(trained)
    opened.activate("churn", 1)
    assert "it serves now." in run(trained, "train", another(trained, 3)).stdout
    assert run(trained, "rollback", "churn", "--why", "too keen").returncode == 0
    held = run(trained, "train", another(trained, 1))
    number = opened.versions("churn")[-1].number
    assert held.returncode == 0
    assert f"Version {number} of churn is published; version 1 stays active." in held.stdout
    assert held.stdout.endswith(f"It was not activated: {opened.held('churn')}. To let it serve: prisml activate churn {number}\n")
    assert "too keen" in held.stdout
    (model,) = json.loads(run(trained, "train", another(trained, 1), "--json").stdout)["models"]
    assert (model["version"], model["active"], model["held"]) == (number, 1, opened.held("churn"))
    assert run(trained, "activate", "churn", str(number)).returncode == 0
    (model,) = json.loads(run(trained, "train", another(trained, 3), "--json").stdout)["models"]
    assert (model["active"], model["held"]) == (model["version"], None)


def test_a_version_that_was_not_compared_with_is_not_replaced(trained: Path):
    """Where another version was activated while a model was judged beside the one before, the new one is kept and does not serve."""
    opened = registry(trained)
    first, second = (each.number for each in opened.versions("churn")[:2])
    opened.activate("churn", first)
    artifact = opened.artifact("churn", second)
    assert not opened.publish(artifact, expected=second).active
    assert not opened.publish(artifact, expected=None).active
    for word in (str(first), "latest", True):
        with pytest.raises(ConfigurationError, match="as expected"):
            opened.publish(artifact, expected=word)
    assert opened.active("churn").number == first
    assert opened.publish(artifact, expected=first).active
    opened.activate("churn", first)


def test_training_leaves_an_experiment_alone(trained: Path):
    """While an experiment runs a new version is published and the experiment goes on as it was."""
    opened = registry(trained)
    first = opened.active("churn").number
    other = next(each.number for each in opened.versions("churn") if each.number != first)
    running = opened.experiments.start("churn", {first: 0.5, other: 0.5}, name="spring")
    held = run(trained, "train", another(trained, 4))
    assert "It was not activated: experiment 'spring' runs. To let it serve: prisml activate churn" in held.stdout
    assert (opened.experiments.status("churn"), opened.active("churn").number) == (running, first)
    opened.experiments.stop("churn")


def test_what_was_found_of_the_rows_is_told(trained: Path):
    """Warnings and the folds of a cross-validation, in the summary and in the JSON, which the version keeps too."""
    file = trained / "crossed.py"
    file.write_text('import shop\n\nchurn = shop.model("churn_probability", name="crossed", cv=3, params={"max_depth": 5})\n')
    said = run(trained, "train", file.name)
    assert said.returncode == 0, said.stderr
    assert "In 3 folds of the training part" in said.stdout
    assert (
        "Warning: constant_feature: feature 'month' has the same value in all 320 rows of the training part. Leave it out." in said.stdout
    )
    (model,) = json.loads(run(trained, "train", file.name, "--json").stdout)["models"]
    assert [(each["code"], each["feature"]) for each in model["warnings"]] == [("constant_feature", "month")]
    assert len(model["cross_validation"]["metrics"]["roc_auc"]["values"]) == 3
    kept = registry(trained).artifact("crossed").manifest
    assert (len(kept.cross_validation.folds), kept.warnings[0].code) == (3, "constant_feature")


def test_rows_that_teach_nothing_stop_the_training(trained: Path):
    """Exit code 1, all that was found in one error, and nothing published."""
    file = trained / "few.py"
    file.write_text('import shop\n\nfew = shop.model("churn_probability", name="few", where=shop.Customer.id <= 20)\n')
    refused = run(trained, "train", file.name, "--json")
    (model,) = json.loads(refused.stdout)["models"]
    assert (refused.returncode, model["error"]["code"]) == (1, "no_data")
    assert model["error"]["context"]["stops"] == ["too_few_rows", "too_few_held_out"]
    assert "few" not in registry(trained).names()
