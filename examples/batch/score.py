"""A night's run: ``python -m examples.batch.score NIGHT [URL] [CHUNK]``, from cron or by hand, as often as you like.

A chunk of customers is one transaction: read, predicted, and written over what the night before left. Whoever is asked for is read from the
table itself, those that have no score of this night by these versions. So a run that was killed leaves whole chunks, the next one goes on
where it ended, and one more finds nothing to do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import Select, create_engine, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from examples.batch.load import DATABASE
from examples.batch.ml import returns, spend
from examples.batch.models import CustomerScore
from examples.batch.segments import segment_of
from examples.churn.models import Customer
from prisml import Engine

CHUNK = 2_000


@dataclass(frozen=True)
class Run:
    """What one run did: how many customers it scored, in how many seconds, and by which versions."""

    scored: int
    seconds: float
    versions: tuple[int, int]


def score(database: Database, night: date, *, registry: str | None = None, chunk: int = CHUNK) -> Run:
    """Scores every customer known by ``night`` who has no score of it yet; afterwards all have one, by one pair of versions."""
    started = time.perf_counter()
    # Not followed: a version that is activated in the middle of the night waits for the next run.
    engines = tuple(each.load(registry=registry, refresh=None) for each in (returns, spend))
    versions = _version(engines[0]), _version(engines[1])
    scored = last = 0
    while True:
        with Session(database) as session, session.begin():
            customers: Sequence[Customer] = session.scalars(_left(night, versions, last).limit(chunk)).all()
            if not customers:
                return Run(scored, time.perf_counter() - started, versions)
            _upsert(session, _rows(customers, night, engines, versions))
            scored, last = scored + len(customers), customers[-1].id


def _left(night: date, versions: tuple[int, int], last: int) -> Select[Any]:
    """The customers behind ``last`` that this night has not scored by these versions."""
    is_other = or_(
        CustomerScore.customer_id.is_(None),
        CustomerScore.night != night,
        CustomerScore.returns_version != versions[0],
        CustomerScore.spend_version != versions[1],
    )
    found = select(Customer).outerjoin(CustomerScore, CustomerScore.customer_id == Customer.id)
    return found.where(Customer.joined_on < night, Customer.id > last, is_other).order_by(Customer.id)


def _rows(customers: Sequence[Customer], night: date, engines: Sequence[Engine], versions: tuple[int, int]) -> list[dict[str, object]]:
    """The rows of a chunk: one batch for each model, whose SQL the database computes as of the night."""
    chances, dollars = (engine.predict_many(customers, as_of=night).values.tolist() for engine in engines)
    now = datetime.now(UTC).replace(tzinfo=None)
    return [
        {
            "customer_id": customer.id,
            "night": night,
            "return_probability": probability,
            "expected_spend": expected,
            "segment": segment_of(probability, expected),
            "returns_version": versions[0],
            "spend_version": versions[1],
            "scored_at": now,
        }
        for customer, probability, expected in zip(customers, chances, dollars, strict=True)
    ]


def _upsert(session: Session, rows: list[dict[str, object]]) -> None:
    """Writes the rows, over those that the customers had."""
    # Both know the same ON CONFLICT. For MariaDB and MySQL it is mysql.insert(...).on_duplicate_key_update(...).
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    statement = sqlite.insert(CustomerScore) if is_sqlite else postgresql.insert(CustomerScore)
    new = {column.name: statement.excluded[column.name] for column in CustomerScore.__table__.columns if not column.primary_key}
    session.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=new), rows)


def _version(engine: Engine) -> int:
    version = engine.version
    if version is None:
        raise RuntimeError("Nothing is published yet. Train first: prisml train examples.batch.ml")
    return version


def main(arguments: list[str]) -> None:
    """Scores a night, and says how fast."""
    night, url, chunk = (arguments + ["", DATABASE, str(CHUNK)][len(arguments) :])[:3]
    database = create_engine(url)
    run = score(database, date.fromisoformat(night), chunk=int(chunk))
    speed = f", {run.scored / run.seconds:,.0f} a second" if run.scored else ""
    print(f"{night}: {run.scored:,} customers scored by versions {run.versions[0]} and {run.versions[1]} in {run.seconds:.1f} s{speed}")


if __name__ == "__main__":
    main(sys.argv[1:])
