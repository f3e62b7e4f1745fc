"""From an empty folder to predictions: ``python -m examples.churn.demo``."""

from __future__ import annotations

import sys
import time
from datetime import date

from rich.table import Table
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from examples.churn.load import DATABASE
from examples.churn.load import main as load
from examples.churn.ml import AHEAD, SNAPSHOTS, churn
from examples.churn.models import TODAY, Customer
from examples.console import console, run, say

HELD_OUT = SNAPSHOTS[-1]
SHOWN = 10


def main() -> int:
    """The exit code: 0, or that of the command that failed."""
    started = time.perf_counter()
    say("1. Load the customers of CDNOW and their orders into SQLite.")
    load([DATABASE])
    say("2. Compare the definition with the database; nothing is trained.")
    if code := run(["prisml", "check", "examples.churn.ml", "--database", DATABASE]):
        return code
    say(f"3. Train on {len(SNAPSHOTS) - 1} snapshots; that of {HELD_OUT} is held out.")
    if code := run(["prisml", "train", "examples.churn.ml", "--database", DATABASE]):
        return code
    say("4. Predict for customers of a session, each seen at two moments: the database computes the features as of then.")
    _predict()
    say(f"Done in {time.perf_counter() - started:.0f} s. The data is in {DATABASE}, the model is in .prisml/registry.db.")
    return 0


def _predict() -> None:
    """One statement and one batch for each moment."""
    engine = churn.load()
    with Session(create_engine(DATABASE)) as session:
        customers = session.scalars(select(Customer).order_by(Customer.id).limit(SHOWN)).all()
        then, now = (engine.predict_many(customers, as_of=moment).values for moment in (HELD_OUT, TODAY))
        table = Table(
            "customer",
            f"orders before {HELD_OUT}",
            f"P(silent) on {HELD_OUT}",
            f"orders from then to {HELD_OUT + AHEAD}",
            f"P(silent) on {TODAY}",
            title="Who buys nothing in the 90 days to come?",
        )
        for customer, was, will in zip(customers, then, now, strict=True):
            before, after = _counted(customer, date.min, HELD_OUT), _counted(customer, HELD_OUT, HELD_OUT + AHEAD)
            table.add_row(str(customer.id), str(before), f"{was:.3f}", str(after), f"{will:.3f}")
        console.print(table)


def _counted(customer: Customer, start: date, end: date) -> int:
    return sum(start <= order.placed_on < end for order in customer.orders)


if __name__ == "__main__":
    sys.exit(main())
