"""Loads CDNOW's customers and their orders into a database: ``python -m examples.churn.load [URL]``."""

from __future__ import annotations

import sys
from itertools import takewhile

from sqlalchemy import Engine, delete, insert

from examples.churn.models import Base, Customer, Order
from examples.fastapi.cdnow import purchases
from examples.flights.load import connect

DATABASE = "sqlite:///examples/churn/data/churn.db"


def load(engine: Engine, *, customers: int | None = None) -> dict[str, int]:
    """The number of rows of each table, once all are there; in one transaction. ``customers`` takes only so many of the customers."""
    Base.metadata.create_all(engine)
    orders = [
        {"id": number, "customer_id": key, "placed_on": purchase.day, "discs": purchase.discs, "dollars": purchase.dollars}
        for number, (key, purchase) in enumerate(takewhile(lambda each: customers is None or each[0] <= customers, purchases()), 1)
    ]
    joined: dict[object, object] = {}
    for order in orders:
        joined.setdefault(order["customer_id"], order["placed_on"])
    rows = {Customer: [{"id": key, "joined_on": day} for key, day in joined.items()], Order: orders}
    with engine.begin() as connection:
        for entity in reversed(rows):
            connection.execute(delete(entity))
        for entity, values in rows.items():
            connection.execute(insert(entity), values)
    return {entity.__tablename__: len(values) for entity, values in rows.items()}


def main(arguments: list[str]) -> None:
    """Loads into the database named by the first argument and says how many rows each table has."""
    engine = connect(*arguments[:1] or [DATABASE])
    counts = ", ".join(f"{rows:,} {table}" for table, rows in load(engine).items())
    print(f"{counts} in {engine.url.render_as_string()}")


if __name__ == "__main__":
    main(sys.argv[1:])
