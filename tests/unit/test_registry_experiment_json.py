"""The experiment as the log keeps it: its text is frozen, and damage to it never becomes an assignment."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prisml.errors import ArtifactError
from prisml.registry import Experiment, Variant
from prisml.registry.experiments import distribute, read_experiment

EXPERIMENT = Experiment(
    "autumn",
    "salt",
    datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC),
    (
        Variant("control", 3, 0.7, ((0, 7000),)),
        Variant("v1", 1, 0.1, ((9000, 10000),)),
        Variant("v4", 4, 0.2, ((7000, 8000), (8000, 9000))),
    ),
    {"s3cret": "v1"},
)
TEXT = (
    '{"name":"autumn","salt":"salt","started_at":"2026-03-04T05:06:07.000089Z","variants":['
    '{"name":"control","version":3,"weight":0.7,"ranges":[[0,7000]]},'
    '{"name":"v1","version":1,"weight":0.1,"ranges":[[9000,10000]]},'
    '{"name":"v4","version":4,"weight":0.2,"ranges":[[7000,8000],[8000,9000]]}],'
    '"forced":{"s3cret":"v1"}}'
)


def changed(path: list[Any], value: object) -> str:
    """The text with another value at one place."""
    document = deepcopy(json.loads(TEXT))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document)


def test_the_text_is_frozen():
    """An experiment is written as it always was, and read back equal."""
    assert EXPERIMENT.to_json() == TEXT
    assert read_experiment(TEXT, model="churn") == EXPERIMENT
    assert repr(read_experiment(TEXT, model="churn")) == repr(EXPERIMENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        TEXT[:-1],
        changed(["more"], 1),
        changed(["name"], 1),
        changed(["started_at"], "s3cret"),
        changed(["started_at"], "2026-03-04T05:06:07"),
        changed(["started_at"], 1_772_600_000),
        changed(["variants"], []),
        changed(["variants"], json.loads(TEXT)["variants"][:1]),
        changed(["variants", 0, "name"], "v3"),
        changed(["variants", 1, "name"], "control"),
        changed(["variants", 1, "version"], 3),
        changed(["variants", 1, "version"], "1"),
        changed(["variants", 1, "weight"], "s3cret"),
        changed(["variants", 1, "weight"], None),
        changed(["variants", 1, "ranges"], [[9000, 9999]]),
        changed(["variants", 1, "ranges"], [[8999, 10000]]),
        changed(["variants", 1, "ranges"], [[9000, 10001]]),
        changed(["variants", 1, "ranges"], [[9000, 9000], [9000, 10000]]),
        changed(["variants", 1, "ranges"], [[10000, 9000]]),
        changed(["variants", 1, "ranges"], [[9000, 10000, 1]]),
        changed(["variants", 1, "ranges"], [[9000.0, 10000]]),
        changed(["variants", 0, "ranges"], [[1, 7000]]),
        changed(["variants", 0, "more"], 1),
        changed(["forced"], {"s3cret": "v9"}),
        changed(["forced"], {"s3cret": 1}),
        changed(["forced"], ["s3cret"]),
    ],
)
def test_damage_is_told_and_quotes_nothing(text: str):
    """Whatever is not an experiment whole is an ``ArtifactError`` that names the model alone."""
    with pytest.raises(ArtifactError, match="An experiment of 'churn' is damaged in the registry's log") as caught:
        read_experiment(text, model="churn")
    assert (caught.value.context, caught.value.suggestions) == ({"model": "churn"}, ("Restore the registry from a backup.",))
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("missing", ["name", "salt", "started_at", "variants"])
def test_nothing_may_be_missing(missing: str):
    """Each key of the text is needed that an experiment cannot be without."""
    document = {key: value for key, value in json.loads(TEXT).items() if key != missing}
    with pytest.raises(ArtifactError):
        read_experiment(json.dumps(document), model="churn")


def test_what_is_forced_is_not_shown():
    """Forced keys are a user's data: no representation shows them."""
    assert "s3cret" not in repr(EXPERIMENT)
    assert "s3cret" not in repr(Experiment("a", "b", EXPERIMENT.started_at, EXPERIMENT.variants, {"s3cret": "v1"}))


def test_a_key_of_each_variant_may_be_forced():
    """Control's too."""
    text = changed(["forced"], {"a": "control", "b": "v1", "c": "v4"})
    assert [read_experiment(text, model="churn").assign(key).version for key in "abc"] == [3, 1, 4]


def test_what_assigns_keys_is_made_once_and_stays_in_its_process():
    """A prediction does not pay for it again; a pickled experiment is as long as its text is."""
    experiment = replace(EXPERIMENT)
    before = pickle.dumps(experiment)
    routing = experiment._routed()
    assert experiment._routed() is routing
    assert pickle.dumps(experiment) == before


def test_control_comes_first_and_variants_keep_their_places():
    """Whatever their numbers are: which buckets they have hangs on it."""
    begun = distribute({1: 0.1, 7: 0.2, 3: 0.7}, 3)
    assert begun == (
        Variant("control", 3, 0.7, ((0, 7000),)),
        Variant("v1", 1, 0.1, ((7000, 8000),)),
        Variant("v7", 7, 0.2, ((8000, 10000),)),
    )
    ramped = distribute({1: 0.1, 2: 0.1, 7: 0.3, 3: 0.5}, 3, begun)
    assert ramped == (
        Variant("control", 3, 0.5, ((0, 5000),)),
        Variant("v1", 1, 0.1, ((7000, 8000),)),
        Variant("v7", 7, 0.3, ((5000, 6000), (8000, 10000))),
        Variant("v2", 2, 0.1, ((6000, 7000),)),
    )
