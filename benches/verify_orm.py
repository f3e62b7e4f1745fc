"""What ``with_ml()`` adds to a query, beside what a user would write by hand instead, in two tables.

The first is of 1, 100 and 10,000 customers. Every contender runs the query, which is made once, in a new session and ends with one
probability for each customer. By hand means a loop that encodes the objects' attributes into a matrix for onnxruntime's Python API,
with the same graph, or a DataFrame for a scikit-learn pipeline of the same algorithm. All on one thread, and timed by the CPU. The
second is of one customer with features that SQL computes (``benches.orm_expressions``). The exit code is 1 where onnxruntime predicts
something else, and where that one customer takes too long.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from sqlalchemy import Engine as Database
from sqlalchemy import Select, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from threadpoolctl import threadpool_limits

from benches import orm_expressions
from benches.report import Report, arguments
from prisml import Registry, define_model
from prisml.extraction.stream import extract
from prisml.manifest import Manifest
from prisml.orm import extend, with_ml
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit

COUNTS = (1, 100, 10_000)
SECONDS = 2.0
NUMBERS = ("age", "spent", "visits", "discount")
CATEGORIES = ("country", "plan")


class Base(DeclarativeBase):
    """The table of the campaign."""


class Customer(Base):
    """Somebody who may churn."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    spent: Mapped[float]
    visits: Mapped[int]
    discount: Mapped[float]
    country: Mapped[str]
    plan: Mapped[str]
    churned: Mapped[bool]


churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={name: getattr(Customer, name) for name in (*NUMBERS, *CATEGORIES)},
    algorithm="gradient_boosting",
)

Customers = Sequence[Customer]
Query = Select[Any]


@dataclass(frozen=True)
class Contender:
    """A way from a query to probabilities: the option of the query, and what is done with the objects."""

    name: str
    option: bool
    predict: Callable[[Customers], Sequence[float]]


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each contender may take for each number of customers")
    parser.add_argument("--only", choices=("queries", "expressions"), help="one of the tables")
    options = parser.parse_args()
    codes = [table(options) for name, table in (("queries", _queries), ("expressions", _expressions)) if options.only in (None, name)]
    return max(codes)


def _expressions(options: argparse.Namespace) -> int:
    report = Report("One customer with eight features that SQL computes, PostgreSQL")
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        orm_expressions.compare(report, Path(folder))
    json_file: Path | None = options.json
    return report.finish(json_file and json_file.with_stem(f"{json_file.stem}-expressions"))


def _queries(options: argparse.Namespace) -> int:
    report = Report("From a query to one probability for each customer")
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        database = _database(Path(folder))
        artifact = fit(churn, extract(churn, database)).artifact
        registry = Registry(f"sqlite:///{Path(folder) / 'registry.db'}")
        registry.publish(artifact)
        maker = extend(sessionmaker(database), [churn], registry=registry)
        contenders = [
            Contender("with_ml()", option=True, predict=_attached),
            Contender("touch, without the option", option=False, predict=_attached),
            Contender("by hand, onnxruntime", option=False, predict=_onnx_runtime(artifact)),
            Contender("by hand, scikit-learn", option=False, predict=_scikit_learn(maker)),
        ]
        # What the libraries hold is no contender's: left in, a full collection of it falls on whoever is running.
        gc.freeze()
        for count in COUNTS:
            contest(report, maker, contenders, count, options.seconds)
        database.dispose()
    return report.finish(options.json)


def contest(report: Report, maker: sessionmaker[Session], contenders: list[Contender], count: int, seconds: float) -> None:
    """A line of the report for the query alone, and one for each contender."""
    plainly: Query = select(Customer).order_by(Customer.id).limit(count)
    queries = {False: plainly, True: plainly.options(with_ml())}
    ways: list[Contender | None] = [None, *contenders]
    plain, *wholes = _timed([partial(_run, maker, queries, way) for way in ways], seconds)
    report.add(customers=count, way="the query alone", cpu_milliseconds=plain * 1e3)
    wanted = _run(maker, queries, contenders[0])
    for contender, whole in zip(contenders, wholes, strict=True):
        if "scikit-learn" not in contender.name:
            same = bool(np.allclose(_run(maker, queries, contender), wanted, rtol=0, atol=1e-6))
            report.expect(f"{contender.name} predicts the same for {count:,} customers", kept=same)
        added = whole - plain
        report.add(
            customers=count,
            way=contender.name,
            cpu_milliseconds=whole * 1e3,
            added_milliseconds=added * 1e3,
            added_percent=100 * added / plain,
            added_us_per_customer=added / count * 1e6,
        )


def _run(maker: sessionmaker[Session], queries: Mapping[bool, Query], contender: Contender | None) -> Sequence[float]:
    with maker() as session:
        customers: Customers = session.scalars(queries[contender is not None and contender.option]).all()
        return [] if contender is None else contender.predict(customers)


def _attached(customers: Customers) -> Sequence[float]:
    return [churn.of(customer).value for customer in customers]


def _onnx_runtime(artifact: Artifact) -> Callable[[Customers], Sequence[float]]:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(artifact.onnx, settings, providers=["CPUExecutionProvider"])
    codes = _codes(artifact.manifest)

    def predict(customers: Customers) -> Sequence[float]:
        matrix = np.array(
            [
                [
                    each.age,
                    each.spent,
                    each.visits,
                    each.discount,
                    codes["country"].get(each.country, -1),
                    codes["plan"].get(each.plan, -1),
                ]
                for each in customers
            ],
            dtype=np.float32,
        )
        found: NDArray[np.float32] = session.run(["probabilities"], {"features": matrix})[0]
        values: list[float] = found[:, 1].tolist()
        return values

    return predict


def _codes(manifest: Manifest) -> dict[str, dict[object, int]]:
    return {item.name: {value: code for code, value in enumerate(item.categories or ())} for item in manifest.inputs}


def _scikit_learn(maker: sessionmaker[Session]) -> Callable[[Customers], Sequence[float]]:
    encode = ColumnTransformer([("categories", OrdinalEncoder(), list(CATEGORIES))], remainder="passthrough")
    pipeline = Pipeline([("encode", encode), ("model", GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=42))])
    with maker() as session:
        customers = session.scalars(select(Customer)).all()
        pipeline.fit(_frame(customers), [each.churned for each in customers])

    def predict(customers: Customers) -> Sequence[float]:
        values: list[float] = pipeline.predict_proba(_frame(customers))[:, 1].tolist()
        return values

    return predict


def _frame(customers: Customers) -> pd.DataFrame:
    names = [*NUMBERS, *CATEGORIES]
    return pd.DataFrame([[getattr(each, name) for name in names] for each in customers], columns=names)


def _timed(runs: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """The median seconds of CPU that each of ``runs`` takes, in turns, so that what else the machine does meets all of them alike."""
    for run in runs:
        run()
    took: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + seconds * len(runs)
    while len(took[0]) < 5 or time.perf_counter() < end:
        for place, run in zip(took, runs, strict=True):
            run()  # Finds the caches as it leaves them, not as the one before it did.
            started = time.process_time()
            run()
            place.append(time.process_time() - started)
    return [median(place) for place in took]


def _database(folder: Path) -> Database:
    random = np.random.default_rng(42)
    count = max(COUNTS)
    columns: dict[str, list[Any]] = {
        "age": random.integers(18, 90, count).tolist(),
        "spent": random.gamma(2.0, 50.0, count).tolist(),
        "visits": random.poisson(5, count).tolist(),
        "discount": random.random(count).tolist(),
        "country": random.choice(["US", "DE", "FR", "JP"], count).tolist(),
        "plan": random.choice(["free", "paid"], count).tolist(),
    }
    score = np.array(columns["visits"]) + random.normal(0, 2, count) + 2 * (np.array(columns["plan"]) == "paid")
    columns["churned"] = (score < 5).tolist()
    database = create_engine(f"sqlite:///{folder / 'shop.db'}")
    Base.metadata.create_all(database)
    with database.begin() as connection:
        connection.execute(insert(Customer), [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    return database


if __name__ == "__main__":
    sys.exit(main())
