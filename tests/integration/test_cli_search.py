"""What ``prisml train`` shows of a search, and ``--time-budget``."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from prisml.cli import progress
from prisml.cli.tried import untried
from prisml.training.search.tried import NO_TIME, Tried
from tests.support.console import run, shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose churn leaves its algorithm to training."""
    made = shop(place := tmp_path_factory.mktemp("shop"), f"sqlite:///{place}/shop.db")
    text = (made / "shop.py").read_text().replace('algorithm="decision_tree",\n        **options', "**options")
    text = text.replace('model("churn_probability", ', 'model("churn_probability", algorithm="auto", time_budget=500, ')
    (made / "shop.py").write_text(text)
    return made


def test_a_search_is_shown_kept_and_bounded_by_the_option(folder: Path):
    """In next to no time two candidates are tried: the tables, the document and ``prisml show`` tell of them, and of what was not tried."""
    done = run(folder, "train", "shop.py:churn", "--time-budget", "0.001")
    assert done.returncode == 0, done.stderr
    assert "the best of 2 candidates, fitted on 256 rows, judged by log_loss on 64 others" in done.stdout
    assert "Tried, the best 2 of 2" in done.stdout
    assert "There was no time for the defaults of decision_tree, " in done.stdout
    document = json.loads(run(folder, "train", "shop.py:churn", "--time-budget", "0.001", "--json").stdout)
    (model,) = document["models"]
    assert model["already_published"]
    assert model["search"] == {"candidates": 2, "rungs": [256], "metric": "log_loss", "validation_rows": 64}
    assert [each["algorithm"] for each in model["tried"][:2]] == ["logistic_regression", "hist_gradient_boosting"]
    assert sum(each["chosen"] for each in model["tried"]) == 1
    assert {each["reason"] for each in model["tried"][2:]} == {NO_TIME}
    assert "the best of 2 candidates" in run(folder, "show", "churn").stdout


def test_a_time_for_nothing_is_a_wrong_usage(folder: Path):
    """--time-budget where no model is searched for, or of no seconds, ends with 2 before anything is read."""
    for words in (("shop.py:other", "--time-budget", "5"), ("shop.py:churn", "--time-budget", "0")):
        refused = run(folder, "train", *words)
        assert refused.returncode == 2
        assert "--time-budget" in refused.stderr


def test_what_was_not_tried_is_told_in_two_sentences():
    """Defaults by name, draws and fits on more rows as counts; what was dropped with its reason, once."""
    tried = [
        Tried("ridge", {}, 0, 100, score=1.0),
        Tried("ridge", {}, 1, 300, reason=NO_TIME),
        Tried("random_forest", {}, 0, 100, reason=NO_TIME),
        Tried("ridge", {"alpha": 2.0}, 0, 100, reason=NO_TIME),
        Tried("mlp", {}, 0, 100, reason="it did not converge"),
        Tried("mlp", {"alpha": 1.0}, 0, 100, reason="it did not converge"),
    ]
    assert untried(tried) == [
        "There was no time for the defaults of random_forest; 1 draw of other parameters; 1 fit on more rows.",
        "Dropped: mlp (it did not converge) 2 times.",
    ]
    assert untried(tried[:1]) == []


def test_the_bar_of_a_search_says_how_much_time_is_left(monkeypatch: pytest.MonkeyPatch):
    """Candidates done and in all, and the seconds left; no other step shows any."""
    screen = Console(file=(written := io.StringIO()), force_terminal=True, color_system=None, width=120, legacy_windows=False)
    monkeypatch.setattr(progress, "console", lambda **_: screen)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress.steps(search=500) as steps:
        steps("fit", 0, 1)
        steps("search", 3, 20)
        assert steps._bars is not None
        steps._bars.refresh()
    shown = written.getvalue()
    assert re.search(r"search .*3/20 .*(500|499) s left", shown)
    assert not re.search(r"fit .*left", shown)
