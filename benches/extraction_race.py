"""Our two ways to read PostgreSQL beside three that one would write without us: speed, and memory above the matrix."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from statistics import median

from sqlalchemy import create_engine

from benches.databases import lent
from benches.extraction_table import fill
from benches.extraction_ways import WAYS
from benches.memory import Peak
from benches.report import Report

SHARE = 0.8
Figures = dict[str, float | str]


def race(report: Report, rows: int, rounds: int) -> None:
    """Fill a PostgreSQL of its own and add each way's figures: the median of ``rounds``, in which all ways take turns."""
    with lent("postgresql") as url:
        engine = create_engine(url)
        fill(engine, rows)
        engine.dispose()
        runs = [{way: _in_own_process(way, url) for way in WAYS} for _ in range(rounds)]
    bare = [float(run["bare Core, keyset"]["seconds"]) for run in runs]
    for way in WAYS:
        seconds = [float(run[way]["seconds"]) for run in runs]
        ratio = median(other / own for own, other in zip(seconds, bare, strict=True))
        report.add(
            way=way,
            rows=runs[0][way]["rows"],
            seconds=median(seconds),
            rows_per_second=round(rows / median(seconds)),
            above_the_matrix_mb=max(float(run[way]["above_the_matrix_mb"]) for run in runs),
            times_bare_core=ratio,
        )
        report.expect(f"{way}: {rows:,} rows", kept=all(run[way]["rows"] == rows for run in runs))
        if way == "prisml, row by row":
            report.expect(f"{way}: at least {SHARE} of the bare loop's speed", kept=ratio >= SHARE)
    digests = {run[way]["digest"] for run in runs for way in WAYS if way.startswith("prisml")}
    report.expect("both of our ways give the same matrix, labels and categories", kept=len(digests) == 1)


def measure(way: str, url: str) -> Figures:
    """The figures of one way in this process."""
    engine = create_engine(url)
    # The first query pays for imports and connections, which are not the extraction's.
    with engine.connect():
        pass
    with Peak() as peak:
        started = time.perf_counter()
        got = WAYS[way](engine)
        seconds = time.perf_counter() - started
    engine.dispose()
    return {
        "rows": got.rows,
        "digest": got.digest,
        "seconds": seconds,
        "above_the_matrix_mb": (peak.growth - got.matrix_bytes) / 1e6,
    }


def _in_own_process(way: str, url: str) -> Figures:
    command = [sys.executable, "-m", "benches.verify_extraction", "--measure", url, "--way", way]
    figures: Figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures
