"""Makes up cards and payments and puts them into a database: ``python -m examples.fraud.load [URL] [CARDS]``."""

from __future__ import annotations

import sys

from sqlalchemy import Engine, delete, insert

from examples.flights.load import connect
from examples.fraud.made_up import holders
from examples.fraud.models import Base, Card, Payment

DATABASE = "sqlite:///examples/fraud/data/fraud.db"
CARDS = 1_400


def load(engine: Engine, *, cards: int = CARDS, seed: int = 42) -> dict[str, int]:
    """The number of rows of each table, once all are there; in one transaction."""
    Base.metadata.create_all(engine)
    rows: dict[type[Base], list[dict[str, object]]] = {Card: [], Payment: []}
    for key, (home, payments) in enumerate(holders(cards, seed), 1):
        rows[Card].append({"id": key, "home_country": home})
        rows[Payment] += [{"card_id": key, **payment._asdict()} for payment in payments]
    # Numbered as they came in.
    rows[Payment].sort(key=lambda row: (str(row["made_at"]), row["card_id"]))
    for number, row in enumerate(rows[Payment], 1):
        row["id"] = number
    with engine.begin() as connection:
        for entity in reversed(rows):
            connection.execute(delete(entity))
        for entity, values in rows.items():
            connection.execute(insert(entity), values)
    return {entity.__tablename__: len(values) for entity, values in rows.items()}


def main(arguments: list[str]) -> None:
    """Loads into the database named by the first argument and says how many rows each table has."""
    url, cards = (arguments + [DATABASE, str(CARDS)][len(arguments) :])[:2]
    engine = connect(url)
    counts = ", ".join(f"{rows:,} {table}" for table, rows in load(engine, cards=int(cards)).items())
    print(f"{counts} in {engine.url.render_as_string()}")


if __name__ == "__main__":
    main(sys.argv[1:])
