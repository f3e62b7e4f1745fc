"""A field for somebody else's tables: ``python -m examples.chinook.demo [CUSTOMERS]``."""

from __future__ import annotations

import sys
import time
from datetime import datetime

from rich.table import Table
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session, selectinload

from examples.chinook.create import CUSTOMERS, DATABASE, TODAY
from examples.chinook.create import main as create
from examples.chinook.ml import buys_again
from examples.chinook.models import Customer
from examples.console import console, run, say

SHOWN = 10


def main(arguments: list[str]) -> int:
    """The exit code: 0, or that of the command that failed."""
    started = time.perf_counter()
    say("1. The shop is there already: eleven tables, mapped by somebody else. Its rows are made up.")
    create([DATABASE, *(arguments or [str(CUSTOMERS)])])
    say("2. Compare the field of examples/chinook/ml.py with the database; nothing is trained.")
    if code := run(["prisml", "check", "examples.chinook.ml", "--database", DATABASE]):
        return code
    say("3. Train it on four quarters; the fifth is held out.")
    if code := run(["prisml", "train", "examples.chinook.ml", "--database", DATABASE]):
        return code
    say("4. Whom should the shop write to? The likeliest among those who were silent for half a year.")
    _predict()
    say(f"Done in {time.perf_counter() - started:.0f} s. The data is in {DATABASE}, the model is in .prisml/registry.db.")
    return 0


def _predict() -> None:
    """All customers as of the last day of the data, in one batch; the database computes the features as of then."""
    engine = buys_again.load()
    with Session(create_engine(DATABASE)) as session:
        statement = select(Customer).where(Customer.Invoices.any()).order_by(Customer.CustomerId)
        customers = session.scalars(statement.options(selectinload(Customer.Invoices))).all()
        started = time.perf_counter()
        chances = engine.predict_many(customers, as_of=TODAY).values
        seconds = time.perf_counter() - started
        ranked = sorted(zip(chances, customers, strict=True), key=lambda pair: (-pair[0], pair[1].CustomerId))
        silent = [(chance, each) for chance, each in ranked if _silent_days(each.Invoices[-1].InvoiceDate) > 180]
        table = Table("CustomerId", "Country", "invoices", "silent for", "P(buys in the 90 days to come)", title=f"On {TODAY:%Y-%m-%d}")
        for chance, each in silent[:SHOWN]:
            last = each.Invoices[-1].InvoiceDate
            table.add_row(str(each.CustomerId), each.Country, str(len(each.Invoices)), f"{_silent_days(last)} days", f"{chance:.3f}")
        console.print(table)
    console.print(f"{len(customers):,} customers, with their SQL, in {seconds * 1e3:.0f} ms", highlight=False)


def _silent_days(moment: datetime) -> int:
    return (TODAY - moment).days


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
