"""Extractions while another process writes all the time: each is of one state of the database, and makes no writer wait for long.

SQLite with a write-ahead log and without one (where a copy is read), PostgreSQL and MariaDB. The writer's transactions pay, order, arrive,
leave, change keys and lengths of rows, and keep sums and counts true, so that what is read from two states shows. The exit code is 1
where an extraction contradicts itself, where nothing was committed while it ran, where the writer waited longer than the bound or
failed, and where a transaction stays open.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, select

from benches.databases import lent
from benches.report import Report, arguments
from benches.snapshot_shop import PLACES, State, contradictions, fill, leaving
from prisml.extraction.stream import extract
from tests.support.transactions import open_transactions

EXTRACTIONS = 100
HOLDERS = 3_000
PAGE_SIZE = 100
LONGEST_S = 2.0
"""What a writer may wait. Without a write-ahead log a copy that is overtaken again and again is made under one lock in the end."""
WAYS = {
    "SQLite, write-ahead log": ("sqlite", "wal"),
    "SQLite, copied": ("sqlite", "delete"),
    "PostgreSQL": ("postgresql", None),
    "MariaDB": ("mysql", None),
}
"""The databases, and of SQLite the journal."""


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--extractions", type=int, default=EXTRACTIONS, help="of each database")
    parser.add_argument("--holders", type=int, default=HOLDERS, help="rows to extract")
    parser.add_argument("--only", choices=WAYS, action="append", help="this database alone")
    options = parser.parse_args()
    report = Report("Extractions under a busy writer")
    for way in options.only or WAYS:
        database, journal = WAYS[way]
        with lent(database) as url:
            campaign(report, way, url, journal, extractions=options.extractions, holders=options.holders)
    return report.finish(options.json)


def campaign(report: Report, way: str, url: str, journal: str | None, *, extractions: int, holders: int) -> None:
    """A line of the report for one database."""
    engine = create_engine(url)
    if journal is not None:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA journal_mode={journal}")
    fill(engine, holders)
    before = _number(engine)
    wrong: list[str] = []
    fewest, rows, pages = sys.maxsize, 0, 0
    with _writer(url) as written:
        while _number(engine) == before:
            pass
        for _ in range(extractions):
            started = _number(engine)
            matrix = extract(leaving, engine, page_size=PAGE_SIZE).matrix
            ended = _number(engine)
            wrong += contradictions(matrix)
            seen = matrix[0, PLACES["number"]]
            wrong += [] if started <= seen <= ended else ["the state is one of the time of the extraction"]
            fewest, rows = min(fewest, ended - started), rows + len(matrix)
            pages += len(matrix) // PAGE_SIZE + 1
    left = None if journal is not None else open_transactions(engine)
    engine.dispose()
    report.add(
        database=way,
        extractions=extractions,
        rows=rows,
        pages=pages,
        contradictions=len(wrong),
        commits=written["commits"],
        fewest_commits_in_one=fewest,
        longest_transaction_ms=written["longest"] * 1e3,
        left_open=left,
    )
    for truth in sorted(set(wrong)):
        report.expect(f"{way}: {truth} ({wrong.count(truth)} of {extractions})", kept=False)
    report.expect(f"{way}: the writer commits during each extraction", kept=fewest > 0)
    report.expect(f"{way}: no transaction of the writer takes longer than {LONGEST_S} s", kept=written["longest"] <= LONGEST_S)
    report.expect(f"{way}: no transaction stays open", kept=not left)


@contextmanager
def _writer(url: str) -> Iterator[dict[str, float]]:
    """Another process writes meanwhile; what it wrote is there afterwards. It must not fail."""
    written: dict[str, float] = {}
    command = [sys.executable, "-m", "benches.snapshot_writer", url]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield written
        finally:
            said, _ = process.communicate("\n")
    if process.returncode:
        raise RuntimeError(f"the writer ended with {process.returncode}")
    written.update(json.loads(said))


def _number(engine: Engine) -> int:
    with engine.connect() as connection:
        number: int = connection.execute(select(State.number)).scalar_one()
        return number


if __name__ == "__main__":
    sys.exit(main())
