"""The campaign of ``make verify-concurrency``, short: what comes out and how processes end, not how long anything takes."""

from __future__ import annotations

import os
import sys

import pytest

from benches import stress_forks, stress_latency, stress_loop, stress_memory, stress_workers
from benches.report import Report
from benches.stress_models import KINDS


@pytest.mark.parametrize("kind", ["trees", "network"])
def test_predictions_under_swaps_are_those_of_their_versions(kind: str):
    """Eight threads that predict while versions are activated see no error, and no value of another version than the answer names."""
    report = Report("")
    stress_latency.show(report, kind, "sqlite", seconds=1.5)
    for row in report.rows:
        assert (row["errors"], row["mixed"]) == (0, 0), report.broken
        assert int(row["predictions"]) > 100
        assert int(row["versions_seen"]) > 1


def test_campaign_sees_a_value_of_another_version():
    """An answer that is right for another version than it names is counted as mixed."""
    report, seen = Report(""), stress_latency.Seen(wrong=1)
    seen.taken.append(1e-6)
    stress_latency.add(report, "linear", "native", "busy", [seen], moved=1)
    assert [row["mixed"] for row in report.rows] == [1]
    assert len(report.broken) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_loop_goes_on_beside_a_batch(kind: str):
    """While apredict_many predicts, other tasks of the loop run."""
    report = Report("")
    stress_loop.show(report, kind, 50_000)
    assert [row["rows"] for row in report.rows] == [50_000]
    assert report.broken == []


@pytest.mark.parametrize("kind", KINDS)
def test_calls_of_mixed_sizes_leave_no_memory_behind(kind: str):
    """After thousands of calls of 1 to 10,000 rows the process is hardly larger than after the first of them."""
    report = Report("")
    stress_memory.show(report, kind, 5_000)
    assert report.broken == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
@pytest.mark.parametrize("kind", KINDS)
def test_children_of_a_busy_process_predict_and_end(kind: str):
    """Children forked while three threads predict and load exit with 0, and so does their parent."""
    report = Report("")
    stress_forks.show(report, kind, 10)
    assert report.broken == []
    assert [row["exited_0"] for row in report.rows] == [10]


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn runs on Unix alone")
@pytest.mark.parametrize("kind", ["trees", "network"])
def test_preloaded_workers_answer_and_end(kind: str):
    """Workers of gunicorn --preload answer rightly, and end by themselves when they are told to."""
    report = Report("")
    stress_workers.show(report, kind, seconds=2.0)
    assert report.broken == []
