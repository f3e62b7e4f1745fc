"""`algorithm="auto"`: what is tried, what wins, and that equal searches give equal artifacts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from prisml import Engine
from prisml.definition import Feature, GroupSplit, TimeSplit
from prisml.definition.algorithms import ALGORITHMS, Algorithm
from prisml.errors import DefinitionError, NoDataError, TrainingError
from prisml.progress import silent
from prisml.training.fit import fit
from prisml.training.parts import divide
from prisml.training.search import candidates, rungs
from prisml.training.search.halving import Halving
from prisml.training.search.search import search
from prisml.training.search.spaces import SPACES
from prisml.training.search.tried import NO_TIME, ranked
from tests.support.training import Visit, extracted, visits

QUICK = ("logistic_regression", "linear_regression", "ridge", "decision_tree")
TASKS = ("binary", "multiclass", "regression")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what fits in a moment is searched, a draw of each."""
    monkeypatch.setattr(candidates, "SPACES", {name: SPACES[name] for name in QUICK})
    monkeypatch.setattr(candidates, "WAVES", 1)
    monkeypatch.setattr(candidates, "PER_WAVE", 1)


def auto(task="binary", **options):
    """A definition that leaves the algorithm to training, with time enough."""
    return visits(task, "auto", time_budget=600, **options)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("task", TASKS)
def test_what_is_found_is_what_naming_it_gives(task):
    """The artifact is that of a definition with the chosen algorithm and parameters by name, but for the record of the search."""
    rows = extracted(task, 400)
    candidate = fit(auto(task), rows)
    (chosen,) = [each for each in candidate.tried if each.chosen]
    named = fit(visits(task, chosen.algorithm, params=dict(chosen.parameters)), rows).artifact.manifest
    manifest = candidate.artifact.manifest
    assert manifest.search is not None
    assert manifest.search.candidates == len({(each.algorithm, str(each.parameters)) for each in candidate.tried})
    assert manifest.search.validation_rows == 64
    assert manifest.model_copy(update={"search": None, "report_sha256": named.report_sha256}) == named
    assert Engine.from_artifact(candidate.artifact).health().notes == ()


@pytest.mark.usefixtures("quick")
def test_equal_searches_give_equal_artifacts_and_no_time_is_in_them():
    """Two searches that try the same are one digest, however long each took."""
    rows = extracted("binary", 400)
    digests = {fit(auto(), rows, time_budget=budget).artifact.digest for budget in (500, 600)}
    assert len(digests) == 1


@pytest.mark.usefixtures("quick")
def test_defaults_are_tried_first_and_the_winner_is_as_good_as_each_of_them():
    """No default has a loss on the validation rows that is below the winner's by more than the difference's standard error."""
    definition = auto()
    data = divide(definition, extracted("binary", 600), validation_size=0.2)
    assert data.validation is not None
    waves = candidates.waves_of(candidates.algorithms_for(definition), definition.seed)
    halving = Halving(definition, data, data.validation, silent, math.inf, sum(map(len, waves)))
    for wave in waves:
        halving.run(wave)
    assert halving.winner()
    names = [name for name in QUICK if ALGORITHMS[name].class_name("binary")]
    assert [(each.algorithm, each.parameters) for each in halving.tried[: len(names)]] == [(name, {}) for name in names]
    (place,) = [place for place, each in enumerate(halving.tried) if each.chosen]
    losses = {scored.order: scored.losses for scored, _ in halving.scored.values()}
    best = min(losses.values(), key=np.mean)
    assert np.mean(losses[place] - best) <= np.std(losses[place] - best, ddof=1) / len(best) ** 0.5
    assert all(np.mean(best) <= np.mean(losses[default]) for default in range(len(names)))


def test_nothing_is_begun_once_the_time_is_over_but_two_defaults():
    """However short the time is, the first two defaults are tried; all else is told as lacking time."""
    steps = iter(range(10**6))
    found = search(visits("binary", "auto", time_budget=0.5), extracted("binary", 300), clock=lambda: float(next(steps)))
    scored = [each for each in found.tried if each.score is not None]
    assert [each.algorithm for each in scored] == ["logistic_regression", "hist_gradient_boosting"]
    assert {each.reason for each in found.tried if each.score is None} == {NO_TIME}
    assert found.record.candidates == 2
    assert len(found.tried) > 20


def test_a_fit_that_would_not_end_in_time_is_not_begun(monkeypatch: pytest.MonkeyPatch):
    """What took half a second on a rung is not begun on three times the rows where less than one and a half are left."""
    monkeypatch.setattr(candidates, "SPACES", {name: SPACES[name] for name in ("logistic_regression", "decision_tree")})
    monkeypatch.setattr(rungs, "SMALLEST", 60)
    ticks = iter(np.arange(0.0, 10**6, 0.5))
    found = search(visits("binary", "auto", time_budget=4.5), extracted("binary", 600), clock=lambda: float(next(ticks)))
    assert [(each.rung, each.reason) for each in found.tried[:4]] == [(0, None), (0, None), (1, None), (1, NO_TIME)]
    assert found.record.rungs[0] < found.record.rungs[-1] == 384


@pytest.mark.usefixtures("quick")
def test_rungs_grow_and_only_the_best_go_on(monkeypatch: pytest.MonkeyPatch):
    """Of each wave a third goes on, two at least; all of them are fitted on rows of the training part alone."""
    monkeypatch.setattr(rungs, "SMALLEST", 100)
    found = search(auto("regression"), extracted("regression", 600))
    assert found.record.rungs == (128, 384)
    first = [each for each in found.tried if each.rung == 0]
    last = [each for each in found.tried if each.rung == 1]
    assert len(last) == 4
    assert {each.rows for each in first} == {128}
    best = sorted(each.score for each in first[:3] if each.score is not None)[:2]
    assert best == sorted(
        each.score for each in first[:3] if (each.algorithm, each.parameters) in [(one.algorithm, one.parameters) for one in last]
    )
    assert ranked(found.tried)[0].chosen
    assert len(ranked(found.tried)) == len(first)


@pytest.mark.usefixtures("quick")
def test_missing_numbers_are_filled_only_for_a_winner_that_cannot_take_them(monkeypatch: pytest.MonkeyPatch):
    """The manifest says of each number without a rule what its algorithm by name would: the median, or nothing; own rules stay."""
    features = {"age": Visit.age, "income": Feature(Visit.income, missing="mean"), "member": Visit.member}
    rows = replace(extracted("binary", 300), categories=(None, None, None))
    rows = replace(rows, matrix=rows.matrix[:, [0, 1, 4]])
    for name, filled in (("logistic_regression", "median"), ("hist_gradient_boosting", None)):
        monkeypatch.setattr(candidates, "SPACES", {name: SPACES[name]})
        manifest = fit(auto(features=features), rows).artifact.manifest
        assert [item.imputation for item in manifest.inputs] == [filled, "mean", filled]


def test_native_missing_leaves_only_those_that_take_it():
    """A feature with missing="native" is searched for with algorithms that take NaN."""
    definition = auto(features={"age": Feature(Visit.age, missing="native")})
    names = candidates.algorithms_for(definition)
    assert names
    assert all(ALGORITHMS[name].takes_nan for name in names)


def test_a_column_that_is_missing_in_few_rows_of_a_rung_is_filled_as_in_all(monkeypatch: pytest.MonkeyPatch):
    """Linear candidates are not dropped where the rows of the first rung hold no value of a column."""
    monkeypatch.setattr(candidates, "SPACES", {"logistic_regression": SPACES["logistic_regression"]})
    monkeypatch.setattr(rungs, "SMALLEST", 60)
    rows = extracted("binary", 600)
    rows.matrix[:, 0] = np.nan
    rows.matrix[::40, 0] = 33.0
    found = search(auto(waive=["label_copy"]), rows)
    assert {each.reason for each in found.tried} == {None}


def test_names_that_are_not_installed_or_not_known_are_left_out(monkeypatch: pytest.MonkeyPatch):
    """An algorithm whose library is absent, that the release does not have, or that has no class for the task, is no candidate."""
    absent = Algorithm("ghost", "no_such_library", "Ghost", "Ghost", True)
    monkeypatch.setattr(candidates, "ALGORITHMS", {**ALGORITHMS, "ghost": absent})
    monkeypatch.setattr(candidates, "SPACES", {"ghost": SPACES["ridge"], "unheard_of": SPACES["ridge"], **SPACES})
    assert candidates.algorithms_for(auto("regression"))[:2] == ["linear_regression", "ridge"]
    assert "ridge" not in candidates.algorithms_for(auto("binary"))


@pytest.mark.parametrize("error", [MemoryError("large"), ConvergenceWarning("not yet"), ValueError("no")])
def test_a_candidate_that_fails_is_dropped_with_the_reason(monkeypatch: pytest.MonkeyPatch, error: Exception):
    """One that does not converge, or asks for more memory than there is, ends no search; where all fail, the error says so."""
    from sklearn.tree import DecisionTreeClassifier

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(DecisionTreeClassifier, "fit", refuse)
    monkeypatch.setattr(candidates, "SPACES", {name: SPACES[name] for name in ("logistic_regression", "decision_tree")})
    found = search(auto(), extracted("binary", 300))
    dropped = {each.reason for each in found.tried if each.algorithm == "decision_tree"}
    assert len(dropped) == 1
    assert "converge" in str(dropped) or type(error).__name__ in str(dropped)
    assert found.definition.algorithm == "logistic_regression"
    monkeypatch.setattr(candidates, "SPACES", {"decision_tree": SPACES["decision_tree"]})
    with pytest.raises(TrainingError, match=r"none of the algorithms .* decision_tree"):
        search(auto(), extracted("binary", 300))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("split", [GroupSplit(Visit.household), TimeSplit(Visit.at, test_size=0.25)])
def test_the_hold_out_is_never_looked_at(split):
    """Other labels in the hold-out change no score: groups and the newest rows are kept apart in validation, too."""
    rows = replace(extracted("regression", 400), split_values=np.arange(400, dtype=np.int64) // 4)
    definition = auto("regression", split=split)
    held_out = divide(definition, rows).test.rows
    other = replace(rows, labels=rows.labels.copy())
    other.labels[held_out] = np.random.default_rng(0).normal(size=len(held_out))
    scores = [[each.score for each in search(definition, each).tried] for each in (rows, other)]
    assert scores[0] == scores[1]


def test_too_few_rows_to_choose_by_are_told_with_the_reason():
    """Where no fifth can be set aside, the error says what it was needed for."""
    rows = extracted("binary", 12)
    rows.labels[:] = 0
    rows.labels[:2] = 1
    with pytest.raises(NoDataError, match='algorithm="auto" sets a fifth of the training part aside'):
        search(auto(), rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"algorithm": "auto", "params": {"max_depth": 3}}, 'params is given beside algorithm="auto"'),
        ({"algorithm": "auto", "time_budget": 0}, "time_budget is no number of seconds above 0"),
        ({"algorithm": "auto", "time_budget": float("nan")}, "time_budget is no number of seconds above 0"),
        ({"algorithm": "auto", "time_budget": "long"}, "time_budget is a str"),
        ({"algorithm": "auto", "time_budget": True}, "time_budget is a bool"),
        ({"algorithm": "decision_tree", "time_budget": 5}, "time_budget is given, and nothing is searched for"),
        ({"algorithm": "atuo"}, "Did you mean 'auto'"),
    ],
)
def test_what_contradicts_a_search_is_refused_by_name(options, message):
    """Parameters without an algorithm, a time that is none, a time for nothing: each is refused when it is defined."""
    with pytest.raises(DefinitionError) as raised:
        visits("binary", **options)
    assert message in str(raised.value)


def test_candidates_of_weighted_classes_weigh_rows():
    """An algorithm that counts every row alike is not tried where the definition weighs classes: it could not be fitted if it won."""
    assert "lda" in candidates.algorithms_for(auto())
    weighted = candidates.algorithms_for(auto(class_weight="balanced"))
    assert "lda" not in weighted
    assert {"logistic_regression", "random_forest"} <= set(weighted)
