"""From nothing to scores of every customer, and a run that is killed: ``python -m examples.batch.demo [CUSTOMERS]``."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from datetime import date

from rich.table import Table
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from examples.batch.load import CUSTOMERS, DATABASE
from examples.batch.load import main as load
from examples.batch.ml import HELD_OUT
from examples.batch.models import CustomerScore
from examples.batch.segments import SEGMENTS
from examples.churn.ml import AHEAD
from examples.churn.models import TODAY, Order
from examples.console import console, run, say

CHUNK = 500


def main(arguments: list[str]) -> int:
    """The exit code: 0, or that of the command that failed."""
    started = time.perf_counter()
    say("1. Load the customers of CDNOW and their orders into SQLite.")
    customers = int(arguments[0]) if arguments else CUSTOMERS
    load([DATABASE, str(customers)])
    say("2. Train two fields: whether a customer returns within 90 days, and what they spend.")
    if code := run(["prisml", "train", "examples.batch.ml", "--database", DATABASE]):
        return code
    database = create_engine(DATABASE)
    say(f"3. Score every customer as of {HELD_OUT}, which no training saw. The run is killed in the middle, and started again.")
    _killed(database, _command(HELD_OUT), after=customers // 3)
    for _ in range(2):
        if code := run(_command(HELD_OUT)):
            return code
    say("4. What the segments are, and what their customers did in the 90 days that followed.")
    console.print(_segments(database))
    say(f"5. The last night of the data, {TODAY}: each row is replaced.")
    if code := run(_command(TODAY)):
        return code
    say("6. The same by the command line alone, as JSON lines.")
    where = ["--where", "id <= 3", "--as-of", str(TODAY), "--database", DATABASE]
    if code := run(["prisml", "predict", "--model", "examples.batch.ml:returns", *where]):
        return code
    say(f"Done in {time.perf_counter() - started:.0f} s. The scores are in {DATABASE}, the models are in .prisml/registry.db.")
    return 0


def _command(night: date) -> list[str]:
    return ["examples.batch.score", str(night), DATABASE, str(CHUNK)]


def _killed(database: Engine, command: list[str], *, after: int) -> None:
    """Starts a run, and kills it when so many customers have a score."""
    console.print(f"$ python -m {shlex.join(command)}", style="bold", highlight=False, soft_wrap=True)
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and _scored(database) < after:
            time.sleep(0.005)
        process.kill()
    console.print(f"Killed: {_scored(database):,} customers have a score.", highlight=False)


def _scored(database: Engine) -> int:
    try:
        with database.connect() as connection:
            return connection.scalar(select(func.count()).select_from(CustomerScore)) or 0
    except OperationalError:
        # SQLite has one writer, and may refuse a reader while it commits.
        return 0


def _segments(database: Engine) -> Table:
    """Each segment with what was predicted, and what came of it."""
    spent = select(func.coalesce(func.sum(Order.dollars), 0.0)).where(
        Order.customer_id == CustomerScore.customer_id, Order.placed_on >= CustomerScore.night, Order.placed_on < HELD_OUT + AHEAD
    )
    each = select(CustomerScore, spent.scalar_subquery().label("spent")).subquery()
    sums = select(
        each.c.segment,
        func.count(),
        func.sum(each.c.return_probability),
        func.count().filter(each.c.spent > 0),
        func.sum(each.c.expected_spend),
        func.sum(each.c.spent),
    ).group_by(each.c.segment)
    with Session(database) as session:
        found = {row[0]: row[1:] for row in session.execute(sums)}
    table = Table("segment", "customers", "to return", "returned", "to spend", "spent", title=f"{HELD_OUT} to {HELD_OUT + AHEAD}")
    for segment in SEGMENTS:
        count, probability, returned, expected, dollars = found.get(segment, (0, 0.0, 0, 0.0, 0.0))
        table.add_row(segment, f"{count:,}", f"{probability:,.0f}", f"{returned:,}", f"${expected:,.0f}", f"${dollars:,.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
