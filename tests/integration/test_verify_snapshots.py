"""The campaign of ``make verify-snapshots``, short: every extraction under a busy writer is of one state of the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine

from benches.report import Report
from benches.snapshot_shop import contradictions, fill, leaving
from benches.snapshot_writer import Writer
from benches.verify_snapshots import WAYS, campaign
from prisml.extraction.stream import extract

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("postgresql_server", "mariadb_server")
def test_extractions_under_a_busy_writer_are_of_one_state(tmp_path: Path) -> None:
    """Three extractions of each database: no contradiction, commits during each, no writer that waits long, nothing left open."""
    command = [sys.executable, "-m", "benches.verify_snapshots", "--extractions", "3", "--json", str(tmp_path / "found.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "found.json").read_text())["rows"]
    assert [row["database"] for row in rows] == list(WAYS)
    assert [row["contradictions"] for row in rows] == [0] * len(WAYS)
    assert all(row["fewest_commits_in_one"] > 0 and row["pages"] >= 90 for row in rows)
    assert [row["left_open"] for row in rows] == [None, None, 0, 0]


def test_pages_of_two_states_contradict_each_other(tmp_path: Path) -> None:
    """Rows of two states, one of which may be a single transaction later, are noticed, however the page between them falls."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    fill(engine, 100)
    early = extract(leaving, engine).matrix
    assert contradictions(early) == []
    writer = Writer([number * 1000 for number in range(1, 101)])
    with engine.begin() as connection:
        writer.write(connection)
    late = extract(leaving, engine).matrix
    engine.dispose()
    assert contradictions(late) == []
    for cut in range(1, len(late)):
        assert "one number of the state in all pages" in contradictions(np.concatenate([early[:cut], late[cut:]]))
    assert contradictions(early[:-1]) == ["as many rows as the state has holders", "the balances' sum is the state's"]


def test_a_writer_that_waits_too_long_breaks_a_promise(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that no transaction can keep is reported as broken, so that the campaign can end with 1."""
    monkeypatch.setattr("benches.verify_snapshots.LONGEST_S", 0.0)
    report = Report("short")
    campaign(report, "SQLite", sqlite_url, "wal", extractions=1, holders=300)
    assert [promise for promise in report.broken if "takes longer than 0.0 s" in promise]
