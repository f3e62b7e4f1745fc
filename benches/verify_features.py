"""Whether the numbers that a model is trained with are those that it predicts with, bit for bit.

For every kind of feature, each database and each rule of ``as_of``: the float32 of every row in the training matrix, beside the one
that the engine gives the model for the same stored row, seen at the same moment, as an object of a session, and as a detached
object, a dictionary and a row of ``prisml predict --where`` where that is possible. Then the same numbers from each database.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from benches.databases import DATABASES, lent
from benches.feature_kinds import GROUPS, RULES, kinds
from benches.feature_values import Values, draw
from benches.feature_ways import WAYS, Matrix, Trained, differing, of_where
from benches.report import Report, arguments
from prisml.extraction.database import connect

ROWS = 10_000
ALIKE = datetime(2024, 6, 1, 12, 30, tzinfo=UTC)
"""When rows are seen that databases are compared by, where training sees them at the moment of extraction."""

Numbers = Mapping[tuple[str, str], Sequence[Matrix]]
"""What a database gave, by group and rule."""


def main() -> int:
    """The exit code: 1 where a number differs."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many values of each kind")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES, help="which databases")
    parser.add_argument("--seed", type=int, default=1, help="of the values")
    options = parser.parse_args()
    report = Report("The same float32 in training and in prediction")
    values = draw(options.rows, options.seed)
    found: dict[str, Numbers] = {}
    for database in options.databases:
        with lent(database) as url:
            found[database] = show(report, database, url, values)
    show_alike(report, found)
    return report.finish(options.json)


def show(report: Report, database: str, url: str, values: Values) -> Numbers:
    """A line for each kind and rule; what the database gave."""
    engine = connect(url)
    try:
        if engine.dialect.name == "sqlite":
            engine.raw_connection().close()
        values.load(engine)
        numbers: dict[tuple[str, str], Sequence[Matrix]] = {}
        for rule in RULES:
            for group in GROUPS:
                trained = Trained.of(group, rule, engine)
                ways = [(expected, way(trained, engine, moment)) for moment, expected in trained.blocks for way in WAYS[group]]
                _add(report, database, group, rule, ways)
                fixed = [(ALIKE, None)] if rule == "none" else trained.blocks
                numbers[group, rule] = [of_where(trained, engine, moment) if block is None else block for moment, block in fixed]
        return numbers
    finally:
        engine.dispose()


def show_alike(report: Report, found: Mapping[str, Numbers]) -> None:
    """A line for each kind and rule: each database beside the first."""
    first, *others = found.values()
    for group, rule in first if others else ():
        pairs = [pair for other in others for pair in zip(first[group, rule], other[group, rule], strict=True)]
        _add(report, "all alike", group, rule, pairs)


def _add(report: Report, database: str, group: str, rule: str, pairs: Sequence[tuple[Matrix, Matrix]]) -> None:
    counts = np.sum([differing(*pair) for pair in pairs], axis=0)
    for kind, count in zip(kinds(group, rule), counts, strict=True):
        report.add(kind=kind, database=database, as_of=rule, rows=sum(len(expected) for expected, _ in pairs), differing=int(count))
        report.expect(f"{kind} on {database}, as_of {rule}: {int(count):,} numbers differ", kept=not count)


if __name__ == "__main__":
    sys.exit(main())
