"""The campaign of ``make verify-leakage``, short: nothing that is planted is missed, and honest data is left in peace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from benches.leakage_data import of_scikit_learn
from benches.leakage_plants import COPIES, number
from benches.report import Report
from benches.verify_leakage import judge, plant_all, said_of

ROOT = Path(__file__).parents[2]
GUARDS = {"label_copy", "identifier", "single_feature"}


def test_every_planted_leak_is_found_and_no_honest_feature(tmp_path: Path) -> None:
    """Five strengths for each guard in four data sets; of the honest features that are promised, none is named."""
    command = [sys.executable, "-m", "benches.verify_leakage", "--quick", "--draws", "3", "--json", str(tmp_path / "found.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    misses, alarms, samples = (
        json.loads((tmp_path / f"found-{name}.json").read_text())["rows"] for name in ("misses", "alarms", "samples")
    )
    assert {(row["guard"], row["data"]) for row in misses} == {
        (guard, data) for guard in GUARDS for data in ("breast_cancer", "diabetes", "digits", "churn")
    }
    assert len(misses) == 4 * 3 * 5
    assert {row["missed"] for row in misses} == {0}
    assert {row["data"]: row["alarms"] for row in alarms if row["promised"]} == {"breast_cancer": 0, "diabetes": 0, "digits": 0, "churn": 0}
    assert {row["alarms"] for row in samples if row["data"] not in {"iris", "wine"}} == {0}


def test_petals_of_irises_are_named() -> None:
    """What honest features may look like is told, and not promised: petals alone tell one species."""
    assert of_scikit_learn("iris").alarms() == [("single_feature", "petal length (cm)"), ("single_feature", "petal width (cm)")]


def test_campaign_sees_a_guard_that_is_silent_and_one_that_cries() -> None:
    """A column that knows nothing is missed by every guard, and a copy among honest features is an alarm."""
    honest = of_scikit_learn("breast_cancer")
    noise = number(np.random.default_rng(0).normal(size=len(honest.target)))
    assert said_of(noise, honest) == set()
    assert said_of(COPIES["exact"](honest.target, np.random.default_rng(0)), honest) == {"label_copy"}
    honest.matrix[:, 3] = honest.target
    report = Report("alarms")
    judge(report, honest)
    assert report.rows[0]["named"] == "label_copy:mean area"
    assert len(report.broken) == 1
    honest.target[:] = np.arange(len(honest.target)) % 2
    honest.target[:5] = 0
    report = Report("misses")
    plant_all(report, honest.some(49, np.random.default_rng(0)), 1)
    assert len(report.broken) == 15
