"""Extraction: rows a second, and how much memory it takes above the matrix.

All flights are read, and then a table of ``--rows`` in a PostgreSQL of its own, in columns and row by row, beside what one would write
with SQLAlchemy's Core, its ORM and pandas.

Each database is read in a process of its own, so that what others left in the heap is not counted. SQLite is always read; give
``--url`` for others (they are filled first): ``--url postgresql+psycopg://user@host/flights``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from sqlalchemy import make_url

from benches.extraction_race import measure as measure_way
from benches.extraction_race import race
from benches.memory import Peak
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
    parser.add_argument("--way", help="with --measure: the way to read, of those in benches.extraction_ways")
    parser.add_argument("--rows", type=int, default=1_000_000, help="the rows of the table in PostgreSQL; 0 for none")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured")
    options = parser.parse_args()
    if options.measure:
        figures = measure_way(options.way, options.measure) if options.way else measure(options.measure)
        sys.stdout.write(json.dumps(figures))
        return 0
    codes = [_flights(options), *([_ways(options)] if options.rows else [])]
    return max(codes)


def _ways(options: argparse.Namespace) -> int:
    report = Report(f"Reading {options.rows:,} rows of PostgreSQL for twenty inputs")
    race(report, options.rows, options.rounds)
    return report.finish(None if options.json is None else options.json.with_stem(f"{options.json.stem}_ways"))


def _flights(options: argparse.Namespace) -> int:
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
    with Peak() as peak:
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


def _in_own_process(url: str) -> dict[str, str | int | float]:
    command = [sys.executable, "-m", "benches.verify_extraction", "--measure", url]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, str | int | float] = json.loads(result.stdout)
    return figures


if __name__ == "__main__":
    sys.exit(main())
