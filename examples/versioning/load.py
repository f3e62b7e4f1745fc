"""Loads CDNOW's customers, and makes the table of letters: ``python -m examples.versioning.load [URL] [CUSTOMERS]``."""

from __future__ import annotations

import sys

from sqlalchemy import Engine, delete

from examples.fastapi import load as customers_by_quarter
from examples.flights.load import connect
from examples.versioning.models import Base, Letter

DATABASE = "sqlite:///examples/versioning/data/shop.db"
CUSTOMERS = 23_570


def load(engine: Engine, *, customers: int = CUSTOMERS) -> int:
    """The number of rows of customers, one a quarter for each, once all are there; no letter was sent."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(delete(Letter))
    return customers_by_quarter.load(engine, customers=customers)


def main(arguments: list[str]) -> None:
    """Loads into the database named by the first argument and says how many rows it has."""
    url, customers = (arguments + [DATABASE, str(CUSTOMERS)][len(arguments) :])[:2]
    engine = connect(url)
    print(f"{load(engine, customers=int(customers)):,} rows of customers in {engine.url.render_as_string()}")


if __name__ == "__main__":
    main(sys.argv[1:])
