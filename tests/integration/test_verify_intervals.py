"""The campaign of ``make verify-intervals``, short: intervals hold the truth, and it would be told where they did not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benches.interval_models import Binary
from benches.verify_intervals import RARE, figures
from prisml.training.metrics import METRICS

ROOT = Path(__file__).parents[2]


def test_intervals_hold_the_truth_about_as_often_as_they_say(tmp_path: Path) -> None:
    """Each promised cell of 100 repeats within what chance leaves of 95, and all cells together within a point and a half."""
    command = [sys.executable, "-m", "benches.verify_intervals", "--promised", "--repeats", "100", "--json", str(tmp_path / "found.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    rows = json.loads((tmp_path / "found-promised.json").read_text())["rows"]
    assert len(rows) == len(RARE) * 2 * 3
    assert min(row["coverage"] for row in rows) >= 0.88, done.stdout
    assert np.mean([row["coverage"] for row in rows]) == pytest.approx(0.95, abs=0.015)
    assert done.returncode == int(any(not 0.93 <= row["coverage"] <= 0.97 for row in rows))


def test_the_formulas_of_the_truth_are_what_many_rows_show() -> None:
    """Area, F1 and log loss of half a million rows."""
    model = Binary("any", 1.5, 0.3, sharpness=1.5)
    drawn = model.draw(500_000, np.random.default_rng(1))
    for metric in ("roc_auc", "f1", "log_loss"):
        assert METRICS["binary"][metric](drawn, np.ones(500_000)) == pytest.approx(model.truths[metric], rel=0.02)


def test_the_campaign_sees_intervals_that_are_too_narrow_or_too_wide() -> None:
    """On either side."""
    ends = np.array([[0.0, 1.0], [0.6, 1.0], [0.0, 0.4], [0.4, 0.6]])
    assert figures(ends, 0.5) == {"coverage": 0.5, "width": pytest.approx(0.5), "below": 0.25, "above": 0.25}
