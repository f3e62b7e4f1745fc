"""The campaign of ``make verify-web``, short: swaps under load reach both workers, and no request is answered wrongly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benches.web_load import PLAIN, PREDICTED, Change, Judge
from benches.web_swaps import delays

ROOT = Path(__file__).parents[2]
BODY = b'{"id":5,"profile":{},"churn":{"churn_probability":0.25,"version":1,"variant":null}}'


def test_swaps_under_load_reach_every_worker(tmp_path: Path) -> None:
    """While versions are activated and rolled back, two workers answer every request rightly, and each names every new version."""
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "benches.verify_web", "--seconds", "15", "--every", "2", "--customers", "2000", "--json", str(found)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    plain, predicted, swapped = json.loads(found.read_text())["rows"]
    assert min(row["requests"] for row in (plain, predicted, swapped)) > 100
    assert [row["errors"] for row in (plain, predicted, swapped)] == [0, 0, 0]
    assert predicted["versions_seen"] == "1"
    assert swapped["versions_seen"] == "1, 2"
    assert swapped["swaps"] >= 2


@pytest.mark.parametrize(
    ("key", "status", "body", "bad"),
    [
        (5, 200, BODY, 0),
        (6, 200, BODY, 1),
        (5, 200, BODY.replace(b"0.25", b"0.75"), 1),
        (5, 200, BODY.replace(b'"version":1', b'"version":2'), 1),
        (5, 200, BODY[:-1], 1),
        (5, 500, BODY, 0),
    ],
)
def test_campaign_sees_what_is_wrong(key: int, status: int, body: bytes, bad: int) -> None:
    """Another customer's answer, another version's probability, a version unknown and a body cut short are bad; 500 is counted as such."""
    judge = Judge(PREDICTED, {(5, 1): 0.25, (6, 1): 0.5})
    judge.look(key, status, "77", body)
    assert judge.load.bad == bad
    assert judge.load.errors == (0 if body == BODY and key == 5 and status == 200 else 1)
    assert len(judge.load.changes) == (1 if judge.load.errors == 0 else 0)


def test_query_alone_is_judged_without_a_prediction() -> None:
    """The endpoint that predicts nothing needs the customer's id and profile."""
    judge = Judge(PLAIN, {})
    judge.look(5, 200, None, b'{"id":5,"profile":{}}')
    judge.look(5, 200, None, b'{"id":5}')
    assert judge.load.bad == 1


def test_swap_that_a_worker_did_not_follow_is_seen() -> None:
    """The delay runs from the swap to the worker's first answer of that version, and is None where the next swap came before it."""
    swaps = [(datetime.fromtimestamp(100 + 10 * number, UTC), 2 - number % 2) for number in range(3)]
    follows = [Change(1, 2, 101.5), Change(1, 1, 110.25), Change(1, 2, 122.0)]
    misses_one = [Change(2, 1, 90.0), Change(2, 2, 120.5)]
    assert delays(swaps, [*misses_one, *follows], [1, 2]) == {1: [1.5, 0.25, 2.0], 2: [None, None, 0.5]}
