"""The commands about what serves: rollback, history and the commands of an experiment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prisml.registry import Deployment, Experiment, Registry
from tests.artifacts import make_artifact
from tests.support.console import alone, answer, as_json, three_versions
from tests.support.console import prisml_with as run


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The default registry of an empty folder, with three versions of churn, of which the last serves."""
    return three_versions(alone(tmp_path, monkeypatch))


def experiment_as_json(experiment: Experiment | None) -> dict[str, Any] | None:
    """What every document says of an experiment."""
    if experiment is None:
        return None
    variants = [
        {"name": each.name, "version": each.version, "weight": each.weight, "ranges": [list(pair) for pair in each.ranges]}
        for each in experiment.variants
    ]
    started = experiment.started_at.isoformat()
    return {
        "name": experiment.name,
        "salt": experiment.salt,
        "started_at": started,
        "variants": variants,
        "forced": dict(experiment.forced),
    }


def entry_as_json(entry: Deployment) -> dict[str, Any]:
    """What every document says of an entry of the log."""
    return {
        "position": entry.position,
        "at": entry.at.isoformat(),
        "author": entry.author,
        "action": entry.action,
        "why": entry.why,
        "before": entry.before,
        "version": entry.version,
        "experiment": experiment_as_json(entry.experiment),
    }


HELD = "Training publishes without activating from now on; to let a new version serve: prisml activate churn <version>\n"


def test_two_rollbacks_go_two_back_and_a_third_has_nowhere_to_go(registry: Registry):
    """Each rollback goes one further back and says so; where nothing is left it is refused with 2, and what serves stays."""
    first = run("rollback", "churn", "--why", "too keen")
    assert (first.exit_code, first.stdout) == (0, f"Version 2 of churn serves again (version 3 served before).\n{HELD}")
    assert registry.deployment("churn").why == "too keen"
    second = answer(run("rollback", "churn", "--json"))
    assert second == {"changed": True, "before": 2, "ended": None, **as_json(registry.version("churn", 1))}
    third = run("rollback", "churn")
    assert (third.exit_code, third.stdout) == (2, "")
    assert third.stderr.startswith("error[version_not_found]: 'churn' has no version to go back to")
    assert "prisml activate churn" in third.stderr
    assert registry.active("churn").number == 1


def test_a_rollback_names_its_target_and_what_it_expects(registry: Registry):
    """--to goes to that version; with --expect nothing is changed, exit code 1, where another version serves by now."""
    registry.describe("churn", 1, label="v1.0")
    refused = run("rollback", "churn", "--to", "1", "--expect", "2")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error[conflict]: ")
    assert registry.active("churn").number == 3
    done = run("rollback", "churn", "--to", "v1.0", "--expect", "3")
    assert done.stdout.startswith("Version 1 of churn serves again (version 3 served before).")


def test_a_rollback_that_changes_nothing_says_nothing_else(registry: Registry):
    """A rollback to what serves already is no entry of the log, and is not said to hold later trainings back."""
    assert run("rollback", "churn", "--to", "3").stdout == "Version 3 of churn serves already; nothing was changed.\n"
    assert registry.held("churn") is None


def test_a_rollback_ends_an_experiment(registry: Registry):
    """The experiment that runs has ended with the rollback, and is named."""
    registry.experiments.start("churn", {3: 0.5, 1: 0.5}, name="spring")
    assert "and experiment 'spring' has ended." in run("rollback", "churn").stdout
    assert registry.experiments.status("churn") is None


def test_history_tells_who_did_what_when_and_why(registry: Registry):
    """Newest first: moment, author, action, from which version to which, the experiment's shares, and the reason."""
    registry.activate("churn", 1, author="grace", why="[bold]calmer[/bold]")
    registry.experiments.start("churn", {1: 0.9, 2: 0.1}, name="spring", author="grace")
    registry.experiments.promote("churn", author="ada", why="better")
    shown = run("history", "churn")
    assert shown.exit_code == 0
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.stdout.splitlines() if line.startswith("│")]
    entries = registry.history("churn")
    assert [row[1:] for row in rows] == [
        ["ada", "promote", "1 to 2", "", "better"],
        ["grace", "start", "1", "spring: 90 % control, 10 % v2", ""],
        ["grace", "activate", "3 to 1", "", "[bold]calmer[/bold]"],
        ["ada", "publish", "2 to 3", "", ""],
        ["ada", "publish", "1 to 2", "", ""],
        ["ada", "publish", "1", "", ""],
    ]
    assert [row[0] for row in rows] == [f"{entry.at:%Y-%m-%d %H:%M:%S}" for entry in entries]
    document = answer(run("history", "churn", "--json"))
    assert document == {"name": "churn", "as_of": None, "html": None, "entries": [entry_as_json(entry) for entry in entries]}


def test_history_as_of_a_moment_is_the_log_as_it_was_then(registry: Registry):
    """With --as-of only what was done by then is there, the first entry being what served; before the first nothing did."""
    registry.experiments.start("churn", {3: 0.9, 2: 0.1}, name="spring")
    entries = registry.history("churn")
    document = answer(run("history", "churn", "--as-of", entries[2].at.isoformat(), "--json"))
    assert [entry["position"] for entry in document["entries"]] == [2, 1]
    assert document["as_of"] == entries[2].at.isoformat()
    later = datetime.now(UTC) + timedelta(hours=1)
    shown = run("history", "churn", "--as-of", later.isoformat())
    assert shown.stdout.endswith(
        f"At {later:%Y-%m-%d %H:%M:%S} UTC version 3 of churn was active in experiment spring: 90 % control, 10 % v2.\n"
    )
    before = run("history", "churn", "--as-of", "1999-12-31")
    assert (before.exit_code, before.stdout) == (0, "No version of churn was active at 1999-12-31 00:00:00 UTC.\n")


def test_a_moment_is_utc_unless_it_says_its_zone(registry: Registry):
    """The same moment in another zone is the same, and one without a zone is UTC."""
    asked = ["2026-03-01T12:00", "2026-03-01T12:00Z", "2026-03-01T13:00+01:00", "2026-03-01 12:00:00.000"]
    told = {answer(run("history", "churn", "--as-of", moment, "--json"))["as_of"] for moment in asked}
    assert told == {"2026-03-01T12:00:00+00:00"}


def test_history_writes_a_page(registry: Registry, tmp_path: Path):
    """--html writes one file that tells the history, and says where; with --json both are there."""
    shown = run("history", "churn", "--html", "churn.html")
    assert (shown.exit_code, shown.stdout) == (0, "The history of churn is written to churn.html.\n")
    page = (tmp_path / "churn.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "churn" in page
    document = answer(run("history", "churn", "--html", "again.html", "--json"))
    assert (document["html"], len(document["entries"])) == ("again.html", 3)
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_a_model_that_never_served_has_an_empty_history(registry: Registry):
    """A version that was published and not activated has no entry; that is said, exit code 0."""
    registry.publish(make_artifact("ltv"), activate=False)
    shown = run("history", "ltv")
    assert (shown.exit_code, shown.stdout) == (0, "No version of ltv was active.\n")
    assert answer(run("history", "ltv", "--json"))["entries"] == []


def test_an_experiment_from_start_to_promotion(registry: Registry):
    """Start, ramp and promote change what serves as they say, by numbers and labels, and each answers with the whole experiment."""
    registry.describe("churn", 1, label="v1.0")
    words = ["3=0.9", "v1.0=0.1", "--name", "spring", "--salt", "s", "--force", "a=b=v1.0", "--why", "try"]
    started = answer(run("experiment", "start", "churn", *words, "--json"))
    running = registry.experiments.status("churn")
    assert running is not None
    assert started == {"name": "churn", "experiment": experiment_as_json(running)}
    assert (running.name, running.salt, running.forced, registry.deployment("churn").why) == ("spring", "s", {"a=b": "v1"}, "try")
    shown = run("experiment", "ramp", "churn", "3=0.5", "1=0.25", "2=0.25")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("Experiment spring of churn runs with new shares.\n")
    for line in (
        "control │       3 │  50 % │             5,000 │           0 │",
        "v1      │       1 │  25 % │             2,500 │           1 │",
    ):
        assert line in shown.stdout
    several = run("experiment", "promote", "churn")
    assert (several.exit_code, several.stderr.startswith("error[experiment]: ")) == (2, True)
    done = run("experiment", "promote", "churn", "v1.0", "--why", "better")
    assert done.stdout == "Version 1 of churn serves now (version 3 served before), and experiment 'spring' has ended.\n"
    assert (registry.active("churn").number, registry.experiments.status("churn")) == (1, None)


def test_the_only_treatment_is_promoted_without_naming_it(registry: Registry):
    """Where control has one rival, promote needs no version; the document says what served before and what ended."""
    registry.experiments.start("churn", {3: 0.5, 2: 0.5}, name="spring")
    done = answer(run("experiment", "promote", "churn", "--json"))
    assert done == {"changed": True, "before": 3, "ended": "spring", **as_json(registry.version("churn", 2))}


def test_stop_gives_everyone_the_active_version_back(registry: Registry):
    """Stop names the experiment that ended and the version that serves, as text and as JSON; a second stop is refused."""
    running = registry.experiments.start("churn", {3: 0.5, 2: 0.5}, name="spring")
    document = answer(run("experiment", "stop", "churn", "--why", "no better", "--json"))
    entry = registry.deployment("churn")
    assert document == {"name": "churn", "ended": experiment_as_json(running), "deployment": entry_as_json(entry)}
    assert (entry.action, entry.why, entry.experiment) == ("stop", "no better", None)
    registry.experiments.start("churn", {3: 0.5, 2: 0.5}, name="autumn")
    assert run("experiment", "stop", "churn").stdout == "Experiment autumn of churn has ended: version 3 serves everyone again.\n"
    again = run("experiment", "stop", "churn", "--json")
    assert (again.exit_code, answer_code(again)) == (2, "experiment")


def answer_code(shown: Any) -> str:
    """The code of the error in the document."""
    code: str = answer(shown)["error"]["code"]
    return code


def test_status_shows_what_runs_and_what_does_not(registry: Registry):
    """Of one model it says which version serves everyone; of all, only those with an experiment are there."""
    registry.publish(make_artifact("ltv"))
    assert run("experiment", "status").stdout == "No experiment runs.\n"
    assert run("experiment", "status", "ltv").stdout == "No experiment of ltv runs; version 1 serves everyone.\n"
    running = registry.experiments.start("churn", {3: 0.9999, 2: 0.0001}, name="spring")
    assert answer(run("experiment", "status", "--json")) == {"models": {"churn": {"active": 3, "experiment": experiment_as_json(running)}}}
    assert answer(run("experiment", "status", "ltv", "--json")) == {"models": {"ltv": {"active": 1, "experiment": None}}}
    assert "v2      │       2 │  0.01 % │                 1 │           0 │" in run("experiment", "status", "churn").stdout


def test_a_second_experiment_names_the_one_that_runs(registry: Registry):
    """One experiment runs at a time: the refusal names it, exit code 2, and it runs on unchanged."""
    running = registry.experiments.start("churn", {3: 0.5, 2: 0.5}, name="spring")
    refused = run("experiment", "start", "churn", "3=0.5", "1=0.5")
    assert refused.exit_code == 2
    assert "'spring'" in refused.stderr
    assert registry.experiments.status("churn") == running


def test_one_version_by_number_and_by_label_is_not_two(registry: Registry):
    """A version that is named twice, once by its label, is refused and not silently given one of the weights."""
    registry.describe("churn", 2, label="v2")
    refused = run("experiment", "start", "churn", "3=0.5", "2=0.25", "v2=0.25")
    assert (refused.exit_code, refused.stderr.startswith("error[experiment]: Version 2 of 'churn' is given two weights.")) == (2, True)
    assert registry.experiments.status("churn") is None
