"""Loads CDNOW's customers into the database: ``python -m examples.fastapi.load``.

Reads the file that the package ``lifetimes`` carries, every purchase of the 23,570 people who first bought in the first quarter of 1997,
without importing the package. A quarter's columns count what was bought before it, and its label what was bought in the 90 days from its
first day on; no purchase is on both sides.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, create_engine, delete, insert

from examples.fastapi.models import TODAY, Base, Customer
from examples.fastapi.settings import database_url

DAYS = (date(1997, 10, 1), date(1998, 1, 1), date(1998, 4, 1), TODAY)
QUARTER = timedelta(days=90)
BATCH = 5_000


class Purchase(NamedTuple):
    """What somebody bought on one day."""

    day: date
    discs: int
    dollars: float


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
    for key, purchase in _purchases():
        histories[key].append(purchase)
    return histories


def _purchases() -> Iterator[tuple[int, Purchase]]:
    lines = _file().read_text(encoding="ascii").splitlines()
    for line in lines[1:]:
        key, day, discs, dollars = line.split()
        yield int(key), Purchase(date.fromisoformat(day), int(discs), float(dollars))


def _file() -> Path:
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        message = "The package lifetimes is not installed. Install it with: pip install lifetimes"
        raise ModuleNotFoundError(message, name="lifetimes")
    return Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"


def main() -> None:
    """Loads into the database of the service and says how many rows it has."""
    url = database_url()
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    print(f"{load(create_engine(url)):,} rows of customers in {url.render_as_string()}")


if __name__ == "__main__":
    main()
