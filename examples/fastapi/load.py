"""Loads CDNOW's customers into the database: ``python -m examples.fastapi.load``.

A quarter's columns count what was bought before it, and its label what was bought in the 90 days from its first day on; no purchase is
on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, create_engine, delete, insert

from examples.fastapi.cdnow import Purchase, purchases
from examples.fastapi.models import TODAY, Base, Customer
from examples.fastapi.settings import database_url

DAYS = (date(1997, 10, 1), date(1998, 1, 1), date(1998, 4, 1), TODAY)
QUARTER = timedelta(days=90)
BATCH = 5_000


def load(engine: Engine, *, customers: int | None = None) -> int:
    """The number of rows, once all are there; in one transaction. ``customers`` takes only so many of the customers."""
    Base.metadata.create_all(engine)
    histories = islice(_histories().items(), customers)
    rows = [_row(key, day, history) for key, history in histories for day in DAYS]
    with engine.begin() as connection:
        connection.execute(delete(Customer))
        for start in range(0, len(rows), BATCH):
            connection.execute(insert(Customer), rows[start : start + BATCH])
    return len(rows)


def _row(key: int, day: date, history: Sequence[Purchase]) -> Mapping[str, object]:
    """The customer as of ``day``."""
    before = [purchase for purchase in history if purchase.day < day]
    recent = [purchase for purchase in before if purchase.day >= day - QUARTER]
    after = any(day <= purchase.day < day + QUARTER for purchase in history)
    return {
        "id": key,
        "day": day,
        "purchases": len(before),
        "purchases_90d": len(recent),
        "discs": sum(purchase.discs for purchase in before),
        "spent": round(sum(purchase.dollars for purchase in before), 2),
        "spent_90d": round(sum(purchase.dollars for purchase in recent), 2),
        "days_since_first": (day - min(purchase.day for purchase in before)).days,
        "days_since_last": (day - max(purchase.day for purchase in before)).days,
        "churned": None if day == TODAY else not after,
    }


def _histories() -> Mapping[int, Sequence[Purchase]]:
    histories: defaultdict[int, list[Purchase]] = defaultdict(list)
    for key, purchase in purchases():
        histories[key].append(purchase)
    return histories


def main() -> None:
    """Loads into the database of the service and says how many rows it has."""
    url = database_url()
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    print(f"{load(create_engine(url)):,} rows of customers in {url.render_as_string()}")


if __name__ == "__main__":
    main()
