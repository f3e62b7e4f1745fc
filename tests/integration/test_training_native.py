"""Categories as sets, from a definition to an engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prisml.errors import TrainingError
from prisml.serving.engine import Engine
from prisml.training.edges import make_edges
from prisml.training.fit import fit
from tests.support.training import NATIVE, extracted, visits


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_model_with_sets_of_categories_passes_and_is_scored_natively(task, name):
    """Parity holds in both scorers, and the manifest tells the encoding."""
    artifact = fit(visits(task, name, encoding="native"), extracted(task)).artifact
    assert artifact.manifest.encoding == "native"
    assert artifact.manifest.parity.edge_rows > 256
    assert len(artifact.manifest.golden) == 16
    assert Engine.from_artifact(artifact).info().scorer == "native"


@pytest.mark.parametrize(("name", "encoding"), [("logistic_regression", "one_hot"), ("decision_tree", "ordinal"), (NATIVE[0], "ordinal")])
def test_without_a_word_the_encoding_is_what_it_was(name, encoding):
    """Codes by order for trees, a weight each for linear models."""
    assert fit(visits(algorithm=name), extracted()).artifact.manifest.encoding == encoding


@pytest.mark.parametrize("name", NATIVE)
def test_one_step_parts_any_set_of_categories(name):
    """Where trees by order need several: here, which codes are even."""
    rows = extracted(rows=2_000)
    codes = np.random.default_rng(5).integers(0, 12, len(rows.matrix))
    rows.matrix[:, 3] = codes
    rows = replace(rows, labels=(codes % 2).astype(np.int32), categories=(None, None, rows.categories[2], tuple(range(12)), None))
    steps = {"hist_gradient_boosting": {"max_iter": 5, "max_depth": 1}}.get(name, {"n_estimators": 5, "max_depth": 1})
    given = {"params": {**steps, "learning_rate": 0.5}, "waive": ["label_copy", "single_feature"]}
    native, ordinal = (
        fit(visits(algorithm=name, encoding=encoding, **given), rows).artifact.manifest.metrics["accuracy"].value
        for encoding in ("native", "ordinal")
    )
    assert native == 1.0
    assert ordinal < 0.9


def test_too_many_categories_are_refused_with_the_feature():
    """Before fitting, with two ways out."""
    rows = extracted(rows=2_000)
    rows.matrix[:, 3] = np.arange(len(rows.matrix)) % 300
    rows = replace(rows, categories=(None, None, rows.categories[2], tuple(range(300)), None))
    with pytest.raises(TrainingError, match=r"feature 'zip' has 3\d\d categories, and max_bins allows 255") as caught:
        fit(visits(algorithm="hist_gradient_boosting", encoding="native"), rows)
    assert caught.value.context["feature"] == "zip"
    assert "min_frequency=" in caught.value.suggestions[0]


def test_edges_hold_each_code_beside_which_a_set_turns(monkeypatch):
    """A set that is wrong for one code is seen, however many codes there are."""
    seen = []

    def kept(inputs, train, decisions, *, seed):
        edges = make_edges(inputs, train, decisions, seed=seed)
        seen.append((len(inputs[3].categories), decisions[3], edges.matrix[:, 3]))
        return edges

    rows = extracted(rows=3_000)
    codes = np.random.default_rng(2).integers(0, 120, len(rows.matrix))
    rows.matrix[:, 3] = codes
    rows = replace(rows, labels=(codes * 7 % 5 < 2).astype(np.int32), categories=(None, None, rows.categories[2], tuple(range(120)), None))
    monkeypatch.setattr("prisml.training.fit.make_edges", kept)
    fit(visits(algorithm="hist_gradient_boosting", encoding="native", waive=["label_copy", "single_feature"]), rows)
    ((known, turns, codes),) = seen
    assert len(turns) > 30
    assert {code for turn in turns.tolist() for code in (turn, turn + 1) if code < known} <= set(codes.tolist())
