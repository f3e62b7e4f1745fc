"""The campaign of ``make verify-swaps``, short; and that what judges the answers sees a wrong and a mixed one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benches.databases import lent
from benches.report import Report
from benches.swap_models import FORESTS, VERSIONS, copies, rows
from benches.swap_moves import delays
from benches.swap_plan import Move, plan
from benches.swap_threads import Asking, Judged
from benches.verify_swaps import published, show_delays, show_swaps, swap
from prisml import Prediction, Predictions, Registry
from prisml.serving.prediction import Reading, Shares
from tests.artifacts import make_artifact

READING = Reading("binary", (False, True), 0.5)
MOVES = plan(1)
TRIED = next(move.experiment for move in MOVES if move.experiment is not None)
KEYS = ["a", "b", None, "c"]
RIGHT = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]])
"""Odd versions predict the first row, even ones the second."""


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    """The URL of an empty database, as campaigns use it."""
    with lent("", database_url) as found:
        yield found


def test_swaps_under_threads(url: str):
    """While versions are swapped, rolled back and tried, eight threads get right answers of one deployment each."""
    made = [make_artifact("visits", bias=bias / 4) for bias in range(FORESTS)]
    registry, report = published(url, copies(made, VERSIONS)), Report("")
    show_swaps(report, "here", registry, MOVES, swap(registry, url, made, MOVES))
    assert report.broken == []
    (row,) = report.rows
    assert (row["activations"], row["rollbacks"], row["moves_of_experiments"]) == (10, 1, 5)
    assert int(row["calls"]) > 100


def test_other_processes_follow(url: str):
    """A process that was there before predicts with what is activated here. How soon is told by the campaign: a test measures no time."""
    registry, report = published(url, [make_artifact("visits", bias=float(bias)) for bias in range(2)]), Report("")
    show_delays(report, url.partition("+")[0], delays(url, [2], rows(1, 0)[0], seed=1))
    (row,) = report.rows
    assert row["activations"] == 1
    assert registry.active("visits").number == 2


def test_plan_is_what_the_registry_does(sqlite_url: str):
    """Each move that is written down beforehand leaves in the log what is written down of it."""
    registry = Registry(sqlite_url)
    for seed in range(12):
        registry.publish(make_artifact("visits", bias=seed / 8), activate=seed == 0)
    for move in MOVES:
        move.make(registry)
        assert move.stands(registry.deployment("visits")), move
    assert sum(move.kind in {"activate", "promote"} for move in MOVES) == 10
    assert not Move("activate", 3, 3).stands(registry.deployment("visits"))


def answered(values, versions, variants) -> Predictions:
    """A batch in which each row has a value, a version and a variant of its own."""
    each = sorted(set(zip(versions, variants, strict=True)), key=str)
    of_row = np.array([each.index(pair) for pair in zip(versions, variants, strict=True)], dtype=np.int16)
    numbers, names = zip(*each, strict=True)
    return Predictions(np.array(values), READING, versions[0], shares=Shares(of_row, (READING,) * len(each), numbers, names))


def right_answer() -> tuple[list[float], list[int], list[str | None]]:
    """What the first experiment gives for the keys."""
    variants = [None if key is None else TRIED.assign(key) for key in KEYS]
    versions = [TRIED.control.version if variant is None else variant.version for variant in variants]
    values = [RIGHT[(version - 1) % 2, place] for place, version in enumerate(versions)]
    return values, versions, [None if variant is None else variant.name for variant in variants]


@pytest.mark.parametrize("fault", ["none", "value", "version", "variant"])
def test_campaign_sees_what_is_wrong(fault: str):
    """A value of another version is wrong; a version or a variant that no deployment gives to this key beside the others is mixed."""
    values, versions, variants = right_answer()
    assert len(set(versions)) == 2
    if fault == "value":
        values[1] = RIGHT[versions[1] % 2, 1]
    elif fault == "version":
        versions[1] += 2
    elif fault == "variant":
        variants[1] = "v99"
    asking, judged = Asking(rows(4, 0), KEYS, RIGHT, MOVES), Judged()
    asking.judge(judged, answered(values, versions, variants))
    assert (judged.wrong, judged.mixed) == {"none": (0, 0), "value": (1, 0), "version": (0, 1), "variant": (0, 1)}[fault]
    one = Judged()
    asking.judge_one(one, Prediction(values[1], READING, versions[1], variants[1]), 1)
    assert (one.wrong, one.mixed) == (judged.wrong, judged.mixed)
    assert judged.predictions == 4


def test_campaign_sees_two_deployments_in_one_batch():
    """A batch of which one row was answered by the version before is mixed, though each value is right for its version."""
    asking, judged = Asking(rows(4, 0), KEYS, RIGHT, MOVES), Judged()
    versions = [2, 2, 3, 2]
    asking.judge(judged, answered([RIGHT[(version - 1) % 2, place] for place, version in enumerate(versions)], versions, [None] * 4))
    assert (judged.wrong, judged.mixed) == (0, 1)
