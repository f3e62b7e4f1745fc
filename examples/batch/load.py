"""Loads CDNOW's customers and orders, and makes the table of scores: ``python -m examples.batch.load [URL] [CUSTOMERS]``."""

from __future__ import annotations

import sys

from sqlalchemy import Engine, delete

from examples.batch.models import CustomerScore
from examples.churn import load as churn
from examples.churn.models import Base
from examples.flights.load import connect

DATABASE = "sqlite:///examples/batch/data/shop.db"
CUSTOMERS = 23_570


def load(engine: Engine, *, customers: int = CUSTOMERS) -> dict[str, int]:
    """The number of customers and orders, once all are there; no customer has a score."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(delete(CustomerScore))
    return churn.load(engine, customers=customers)


def main(arguments: list[str]) -> None:
    """Loads into the database named by the first argument and says how many rows each table has."""
    url, customers = (arguments + [DATABASE, str(CUSTOMERS)][len(arguments) :])[:2]
    engine = connect(url)
    counts = ", ".join(f"{rows:,} {table}" for table, rows in load(engine, customers=int(customers)).items())
    print(f"{counts} in {engine.url.render_as_string()}")


if __name__ == "__main__":
    main(sys.argv[1:])
