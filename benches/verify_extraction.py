"""Extraction of all flights: rows a second, and how much memory it takes above the matrix.

Each database is read in a process of its own, so that what others left in the heap is not counted. SQLite is always read; give
``--url`` for others (they are filled first): ``--url postgresql+psycopg://user@host/flights``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import Self

import psutil
from sqlalchemy import make_url

from benches.report import Report, arguments
from benches.trained import database, definition
from examples.flights.load import DATABASE, connect
from prisml.extraction.stream import extract

BOUND_MB = 50.0


def main() -> int:
    """The exit code: 1 where the memory above the matrix is over the bound."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--url", action="append", default=[], metavar="URL", help="another database to read too")
    parser.add_argument("--measure", metavar="URL", help="measure this one, print its figures as JSON, and end")
    options = parser.parse_args()
    if options.measure:
        sys.stdout.write(json.dumps(measure(options.measure)))
        return 0
    report = Report("Extraction of all flights, with planes and weather joined")
    for url in [DATABASE, *options.url]:
        database(url).dispose()
        figures = _in_own_process(url)
        report.add(**figures)
        report.expect(
            f"{figures['database']}: at most {BOUND_MB:.0f} MB above the matrix", kept=float(figures["above_the_matrix_mb"]) < BOUND_MB
        )
    return report.finish(options.json)


def measure(url: str) -> dict[str, str | int | float]:
    """The figures of one extraction in this process."""
    source = connect(url)
    model = definition("hist_gradient_boosting", regression=False)
    # The first query pays for imports and connections, which are not the extraction's.
    with source.connect():
        pass
    with _Peak() as peak:
        started = time.perf_counter()
        extracted = extract(model, source)
        seconds = time.perf_counter() - started
    matrix = extracted.matrix.nbytes
    return {
        "database": make_url(url).get_backend_name(),
        "rows": extracted.extracted,
        "inputs": extracted.matrix.shape[1],
        "seconds": seconds,
        "rows_per_second": round(extracted.extracted / seconds),
        "matrix_mb": matrix / 1e6,
        "growth_mb": peak.growth / 1e6,
        "above_the_matrix_mb": (peak.growth - matrix) / 1e6,
    }


class _Peak:
    """The growth of resident memory at its highest while the block runs, sampled every 2 ms."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.growth = 0

    def __enter__(self) -> Self:
        self._before = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.002):
            self.growth = max(self.growth, self._process.memory_info().rss - self._before)


def _in_own_process(url: str) -> dict[str, str | int | float]:
    command = [sys.executable, "-m", "benches.verify_extraction", "--measure", url]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, str | int | float] = json.loads(result.stdout)
    return figures


if __name__ == "__main__":
    sys.exit(main())
