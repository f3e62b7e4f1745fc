"""The commands about versions: show, compare, describe, delete and prune."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import prisml
from prisml.manifest import GateVerdict, Interval
from prisml.registry import Artifact, Registry
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, make_artifact
from tests.support.console import alone, answer, as_json, three_versions
from tests.support.console import prisml_with as run


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with three versions of churn, of which the last serves."""
    return three_versions(alone(tmp_path, monkeypatch))


def changed(artifact: Artifact, **changes: object) -> Artifact:
    """The artifact with another manifest."""
    return Artifact(artifact.manifest.model_copy(update=changes).to_json(), artifact.onnx)


def numbers(registry: Registry) -> list[int]:
    """The versions of churn that are there."""
    return [version.number for version in registry.versions("churn")]


def test_show_is_the_whole_card(registry: Registry):
    """A version's card says who published it when from which commit, how good it is and within which interval, and what it is made of."""
    gate = GateVerdict(metric="accuracy", wanted=">= 0.7", got=Interval(value=0.75, low=0.5, high=1.0), passed=True)
    published = registry.publish(
        changed(make_artifact(bias=9.0, inputs=(AGE, COUNTRY, MAIL_DOMAIN)), gates=(gate,)),
        author="grace",
        label="v2",
        note="with [bold]mail",
        commit="d" * 40,
    )
    shown = run("show", "churn")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("churn, version 4 ")
    for line in (
        "label     │ v2 ",
        "note      │ with [bold]mail ",
        "serves    │ yes ",
        f"UTC by {published.author} ",
        f"commit    │ {'d' * 40} ",
        "predicts  │ churn_value of Customer ",
        "rows      │ 10 read: 8 to train, 2 held out ",
        "parity    │ 2 rows and 0 made-up ones: at most 0.0e+00 apart, 0 label flips ",
        f"digest    │ {published.digest} ",
        f"size      │ {published.size} B ",
        "accuracy │ 0.7500 │ 0.5000 to 1.0000 │   0.5000 ",
        "accuracy │ >= 0.7 │ 0.7500 │ 0.5000 to 1.0000 │ yes ",
        "mail_domain │ category │ resolver │ its own code │          1 ",
    ):
        assert f"│ {line}" in shown.stdout or line in shown.stdout
    assert run("show", "churn", "v2").stdout == run("show", "churn", "4").stdout == shown.stdout


def test_the_card_as_json_holds_the_whole_manifest(registry: Registry):
    """With --json the card is the version, the experiment it takes part in, what answers for it, and the manifest as it was stored."""
    version = registry.version("churn", 1)
    manifest = json.loads(registry.manifest_text(version))
    card = answer(run("show", "churn", "1", "--json"))
    info = prisml.load("churn", registry=registry, version=1).info()
    answers = {"scorer": info.scorer, "reason": info.reason, "instructions": info.instructions, "bytes": info.bytes}
    assert card == {**as_json(version), "experiment": None, "answers": answers, "manifest": manifest}
    assert f"│ answers   │ {info.scorer}" in run("show", "churn", "1").stdout
    experiment = registry.experiments.start("churn", {3: 0.75, 1: 0.25}, name="spring")
    told = answer(run("show", "churn", "1", "--json"))["experiment"]
    assert told == json.loads(experiment.to_json()) | {"started_at": experiment.started_at.isoformat()}
    assert answer(run("show", "churn", "2", "--json"))["experiment"] is None
    assert "│ serves    │ 25 % of the keys, as v1 of experiment spring " in run("show", "churn", "1").stdout
    assert "│ serves    │ 75 % of the keys, as control of experiment spring " in run("show", "churn").stdout


def test_parity_by_golden_rows_is_told_apart(registry: Registry):
    """The card of a foreign graph says that its golden rows came with it."""
    artifact = make_artifact(bias=9.0)
    registry.publish(changed(artifact, parity=artifact.manifest.parity.model_copy(update={"source": "supplied"})))
    assert "2 golden rows that came with the graph: at most 0.0e+00 apart" in run("show", "churn").stdout


def test_compare_shows_differences_and_which_is_better(registry: Registry):
    """Metrics with their intervals, the difference, whether it is more than chance, and whatever else is not the same."""
    metrics = {"accuracy": Interval(value=0.875, low=0.8, high=0.9), "precision": Interval(value=0.6), "recall": Interval(value=0.5)}
    first = changed(make_artifact(bias=8.0), metrics=metrics)
    other = metrics | {"accuracy": Interval(value=0.75, low=0.7, high=0.79), "recall": Interval(value=0.625)}
    second = changed(make_artifact(bias=9.0, inputs=(AGE, MAIL_DOMAIN)), metrics=other, seed=7, parameters={"depth": 3})
    registry.publish(first, label="a")
    registry.publish(second)
    shown = run("compare", "churn", "a", "5")
    assert shown.exit_code == 0
    for line in (
        "accuracy  │ 0.8750 (0.8000 to 0.9000) │ 0.7500 (0.7000 to 0.7900) │    -0.1250 │ version 4, clearly ",
        "precision │                    0.6000 │                    0.6000 │     0.0000 │ ",
        "recall    │                    0.5000 │                    0.6250 │    +0.1250 │ version 5, within chance ",
        "feature country     │ there         │ removed ",
        "feature mail_domain │ -             │ added ",
        "seed                │ 42            │ 7 ",
        "parameter depth     │ -             │ 3 ",
    ):
        assert f"│ {line}" in shown.stdout
    document = answer(run("compare", "churn", "4", "5", "--json"))
    assert [(each["metric"], each["difference"], each["better"], each["apart"]) for each in document["metrics"]] == [
        ("accuracy", -0.125, False, True),
        ("precision", 0.0, None, None),
        ("recall", 0.125, True, None),
    ]
    assert document["features"] == {"added": ["mail_domain"], "removed": ["country"], "changed": [], "reordered": False}
    assert (document["a"]["version"], document["a"]["label"], document["b"]["version"], document["same"]) == (4, "a", 5, False)


def test_parameters_of_another_algorithm_are_not_listed(registry: Registry):
    """Where the estimators differ, their parameters are counted; ``--json`` has each of them."""
    registry.publish(changed(make_artifact(bias=7.0), estimator="Ridge", parameters={"alpha": 1.0, "tol": 0.5}))
    shown = run("compare", "churn", "1", "4").stdout
    assert "estimator" in shown
    assert re.search(r"│ 2 parameters +│ its own +│ its own \(--json\) │", shown)
    assert "alpha" not in shown
    document = answer(run("compare", "churn", "1", "4", "--json"))
    assert {each["what"] for each in document["parameters"]} == {"alpha", "tol"}


def test_versions_that_differ_in_nothing_but_the_graph_are_said_to(registry: Registry):
    """A version beside itself is one version; beside another that differs in the graph alone, that is said."""
    assert run("compare", "churn", "1", "1").stdout.endswith("They are one version.\n")
    shown = run("compare", "churn", "1", "2").stdout
    assert shown.endswith("They are alike in features, data, parameters and libraries; what was learned differs.\n")
    assert [answer(run("compare", "churn", "1", b, "--json"))["same"] for b in ("1", "2")] == [True, False]


def test_describe_gives_and_takes_a_label_and_a_note(registry: Registry):
    """What is named changes, what is not stays, and the label stands for the version from then on."""
    done = answer(run("describe", "churn", "2", "--label", "v1.1", "--note", "spring", "--json"))
    assert done == as_json(registry.version("churn", "v1.1"))
    assert (done["version"], done["note"]) == (2, "spring")
    assert run("describe", "churn", "v1.1", "--no-note").stdout == "Version 2 of churn has the label v1.1 and no note.\n"
    assert run("describe", "churn", "v1.1", "--note", "x", "--no-label").stdout == "Version 2 of churn has no label and a note.\n"
    assert (registry.version("churn", 2).label, registry.version("churn", 2).note) == (None, "x")


def test_delete_needs_yes_where_nobody_can_be_asked(registry: Registry):
    """Without a terminal and without --yes nothing is deleted, exit code 2, before the registry is even looked at."""
    shown = run("delete", "churn", "1", "--registry", "postgresql+psycopg://127.0.0.1:1/x")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "stdin is no terminal: add --yes" in shown.stderr
    assert run("prune", "churn", "--keep", "1").exit_code == 2
    assert numbers(registry) == [1, 2, 3]


def test_delete_leaves_a_line_and_frees_the_rest(registry: Registry):
    """With --yes the version is gone, its number stays taken, and the document says when and by whom."""
    document = answer(run("delete", "churn", "2", "--yes", "--json"))
    (gone,) = [version for version in registry.versions("churn", deleted=True) if version.number == 2]
    assert document == {"deleted": [as_json(gone)]}
    assert gone.deleted_at is not None
    assert numbers(registry) == [1, 3]
    assert run("delete", "churn", "1", "--yes").stdout == "Version 1 of churn is deleted.\n"
    assert registry.verify().orphans == ()


@pytest.mark.parametrize("what", ["3", "1"])
def test_what_serves_or_takes_part_is_never_deleted(registry: Registry, what: str):
    """The active version and one in an experiment are kept, exit code 1, whatever --yes says."""
    registry.experiments.start("churn", {3: 0.5, 1: 0.5})
    shown = run("delete", "churn", what, "--yes")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("error[conflict]: ")
    assert numbers(registry) == [1, 2, 3]


def test_prune_says_what_it_would_do_and_does_it(registry: Registry):
    """--dry-run names the versions and keeps them; without it the same ones go, and a second time there is nothing to do."""
    registry.publish(make_artifact(bias=5.0))
    registry.describe("churn", 2, label="kept")
    said = run("prune", "churn", "--keep", "1", "--dry-run")
    assert (said.exit_code, said.stdout) == (0, "Versions 1, 3 of churn would be deleted.\n")
    told = answer(run("prune", "churn", "--keep", "1", "--dry-run", "--json"))
    assert told == {"dry_run": True, "deleted": [as_json(registry.version("churn", number)) for number in (1, 3)]}
    assert numbers(registry) == [1, 2, 3, 4]
    assert run("prune", "churn", "--keep", "1", "--yes").stdout == "Versions 1, 3 of churn are deleted.\n"
    assert numbers(registry) == [2, 4]
    again = run("prune", "churn", "--keep", "1", "--yes")
    assert (again.exit_code, again.stdout) == (0, "There is nothing to delete of churn.\n")
    assert answer(run("prune", "churn", "--yes", "--json")) == {"dry_run": False, "deleted": []}


def test_prune_keeps_five_unless_told(registry: Registry):
    """Without --keep the newest five stay."""
    for bias in range(3, 7):
        registry.publish(make_artifact(bias=float(bias)))
    document = answer(run("prune", "churn", "--yes", "--json"))
    assert [each["version"] for each in document["deleted"]] == [1, 2]
    assert [each["deleted_at"] is None for each in document["deleted"]] == [False, False]
    assert numbers(registry) == [3, 4, 5, 6, 7]
