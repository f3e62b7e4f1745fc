"""Each value that the churn example trains on, beside what pandas makes of the raw file; and what a model is worth that saw the future.

All customers at all dates, each feature and the label: counts, flags, days and maxima are the same float32, sums and means within its last
bit, and what is missing is missing in both. What a session serves as of a date is what training saw. On SQLite, and with ``--databases`` on
PostgreSQL and MariaDB, which are started for it. A promise that is broken is exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from benches import churn_leaks
from benches.churn_by_hand import DOLLARS, ByHand
from benches.databases import DATABASES, lent, named
from benches.report import Report, arguments
from examples.churn.load import load
from examples.churn.ml import SNAPSHOTS, churn
from examples.churn.models import Customer
from prisml import Engine
from prisml.extraction.stream import Extracted, extract
from prisml.training.fit import fit

Columns = Mapping[str, NDArray[np.float32]]


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=("sqlite",), help="which databases")
    parser.add_argument("--url", help="an empty database to use in place of one that is started here")
    parser.add_argument("--customers", type=int, metavar="N", help="only the first N customers")
    options = parser.parse_args()
    values, served, leaks = (
        Report("Values extracted, beside pandas on the raw file"),
        Report("Predictions for customers of a session, beside those of the rows extracted"),
        Report("Area under the ROC curve at the last date: as published, and with what a service can know"),
    )
    seen = [ByHand(options.customers).seen(day) for day in SNAPSHOTS]
    for database in named(options.url, tuple(options.databases)):
        with lent(database, options.url) as url:
            source = create_engine(url)
            load(source, customers=options.customers)
            extracted = extract(churn, source)
            compare(values, database, columns_of(extracted), pd.concat(seen, ignore_index=True))
            artifact = fit(churn, extracted).artifact
            serve(served, database, Engine.from_artifact(artifact, definition=churn), source, extracted)
            if not leaks.rows:
                churn_leaks.show(leaks, source, extracted, artifact)
            source.dispose()
    shown = {"values": values, "served": served, "leaks": leaks}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in shown.items())


def columns_of(extracted: Extracted) -> Columns:
    """Each feature's values, and the labels as 0 and 1."""
    found = {item.name: extracted.matrix[:, place] for place, item in enumerate(churn.inputs)}
    return {**found, "label": np.asarray(extracted.label_values)[extracted.labels].astype(np.float32)}


def compare(report: Report, database: str, got: Columns, wanted: pd.DataFrame) -> None:
    """A row of the report for each feature and the label: how many values are others, and how far they are apart at most."""
    for name, column in got.items():
        rows, expected = len(wanted), wanted[name].to_numpy(np.float32)
        report.expect(f"{database}: {name} has a value for each customer and date", kept=len(column) == rows)
        if len(column) != rows:
            continue
        missing = np.isnan(expected)
        report.expect(f"{database}: {name} is missing where there is nothing", kept=np.array_equal(np.isnan(column), missing))
        there = ~missing & ~np.isnan(column)
        one, other = column[there], expected[there]
        apart, allowed = ulps(one, other), 1 if name in DOLLARS else 0
        report.add(
            database=database,
            feature=name,
            rows=rows,
            missing=int(missing.sum()),
            differing=int(np.count_nonzero(apart)),
            max_difference=float(np.abs(one.astype(np.float64) - other).max(initial=0.0)),
            max_ulps=int(apart.max(initial=0)),
        )
        report.expect(f"{database}: {name} is what pandas makes of the file", kept=apart.max(initial=0) <= allowed)


def ulps(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many steps of float32 lie between the numbers, none of which is negative."""
    return np.abs(one.view(np.int32).astype(np.int64) - other.view(np.int32))


def serve(report: Report, database: str, engine: Engine, source: Database, extracted: Extracted) -> None:
    """A row of the report for each date: predictions of other bits, where the session's customers are seen as of it."""
    start = 0
    for day in SNAPSHOTS:
        with Session(source) as session:
            customers = session.scalars(select(Customer).where(Customer.joined_on < day).order_by(Customer.id)).all()
            served = engine.predict_many(customers, as_of=day).values  # noqa: PD011 -- Predictions are no DataFrame.
        rows = extracted.matrix[start : start + len(customers)]
        trained = engine.predict_encoded(rows).values  # noqa: PD011 -- Predictions are no DataFrame.
        start += len(customers)
        differing = int(np.count_nonzero(served != trained))
        report.add(database=database, as_of=str(day), rows=len(customers), differing=differing)
        report.expect(f"{database}: as of {day} a session serves what training saw", kept=differing == 0)
    report.expect(f"{database}: every row extracted was served", kept=start == len(extracted.matrix))


if __name__ == "__main__":
    sys.exit(main())
