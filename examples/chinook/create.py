"""Makes the tables of Chinook and fills them with made-up rows: ``python -m examples.chinook.create [URL] [CUSTOMERS]``.

The rows are not those of Chinook, which has 59 customers with seven invoices each, too few to learn from. Each customer joins on some day
of 2009 to 2012, buys at a rate of their own (a few times a year, gamma distributed), and leaves for good after an exponential time with a
mean of two years. An invoice has one to ten tracks at 0.99. A seed makes the rows the same each time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import Engine, Table, delete, insert

from examples.chinook.models import Base
from examples.flights.load import connect

DATABASE = "sqlite:///examples/chinook/data/chinook.db"
CUSTOMERS = 3_000
TODAY = datetime(2013, 4, 1)

_START = datetime(2009, 1, 1)
_JOINING_DAYS = 4 * 365
_PRICE = Decimal("0.99")
_COUNTRIES = ("USA", "Canada", "France", "Brazil", "Germany", "United Kingdom", "Portugal", "India")
_GENRES = ("Rock", "Jazz", "Metal", "Alternative & Punk", "Blues", "Latin", "Reggae", "Pop", "Soundtrack", "Classical")
_MEDIA_TYPES = ("MPEG audio file", "Protected AAC audio file", "Purchased AAC audio file")
_TRACKS, _ALBUMS, _ARTISTS = 500, 50, 20

Row = dict[str, object]


def create(engine: Engine, *, customers: int = CUSTOMERS, seed: int = 42) -> dict[str, int]:
    """The number of rows of each table, once all are there; in one transaction."""
    Base.metadata.create_all(engine)
    rows = {**_catalogue(), **_sales(np.random.default_rng(seed), customers)}
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
        for table in Base.metadata.sorted_tables:
            connection.execute(insert(table), _complete(table, rows[table.name]))
    return {name: len(each) for name, each in rows.items()}


def _catalogue() -> dict[str, list[Row]]:
    """What is sold, and who sells it."""
    tracks = [
        {
            "TrackId": key,
            "Name": f"Track {key}",
            "AlbumId": 1 + key % _ALBUMS,
            "MediaTypeId": 1 + key % len(_MEDIA_TYPES),
            "GenreId": 1 + key % len(_GENRES),
            "Milliseconds": 120_000 + 311 * key,
            "Bytes": 4_000_000 + 9_973 * key,
            "UnitPrice": _PRICE,
        }
        for key in range(1, _TRACKS + 1)
    ]
    return {
        "Artist": [{"ArtistId": key, "Name": f"Artist {key}"} for key in range(1, _ARTISTS + 1)],
        "Album": [{"AlbumId": key, "Title": f"Album {key}", "ArtistId": 1 + key % _ARTISTS} for key in range(1, _ALBUMS + 1)],
        "Genre": [{"GenreId": key, "Name": name} for key, name in enumerate(_GENRES, 1)],
        "MediaType": [{"MediaTypeId": key, "Name": name} for key, name in enumerate(_MEDIA_TYPES, 1)],
        "Track": tracks,
        "Playlist": [{"PlaylistId": 1, "Name": "Music"}],
        "PlaylistTrack": [{"PlaylistId": 1, "TrackId": key} for key in range(1, _TRACKS + 1)],
        "Employee": [
            {"EmployeeId": 1, "LastName": "Adams", "FirstName": "Andrew", "Title": "General Manager", "ReportsTo": None},
            {"EmployeeId": 2, "LastName": "Peacock", "FirstName": "Jane", "Title": "Sales Support Agent", "ReportsTo": 1},
        ],
    }


def _sales(random: np.random.Generator, customers: int) -> dict[str, list[Row]]:
    """Who bought what when."""
    people: list[Row] = []
    invoices: list[Row] = []
    lines: list[Row] = []
    for key in range(1, customers + 1):
        country = _COUNTRIES[int(random.integers(len(_COUNTRIES)))]
        name = {"FirstName": f"First {key}", "LastName": f"Last {key}", "Email": f"customer{key}@example.com"}
        people.append({"CustomerId": key, **name, "Country": country, "SupportRepId": 2})
        for moment in _purchases(random):
            tracks = random.integers(1, _TRACKS + 1, size=int(random.integers(1, 11))).tolist()
            number = len(invoices) + 1
            total = _PRICE * len(tracks)
            invoices.append({"InvoiceId": number, "CustomerId": key, "InvoiceDate": moment, "BillingCountry": country, "Total": total})
            for track in tracks:
                lines.append({"InvoiceLineId": len(lines) + 1, "InvoiceId": number, "TrackId": track, "UnitPrice": _PRICE, "Quantity": 1})
    return {"Customer": people, "Invoice": invoices, "InvoiceLine": lines}


def _purchases(random: np.random.Generator) -> Iterator[datetime]:
    """The moments at which one customer buys: the first when joining, until they leave or the data ends."""
    moment = _START + timedelta(days=float(random.uniform(0, _JOINING_DAYS)))
    mean_days = 365 / float(random.gamma(shape=1.5, scale=3.0) + 0.2)
    leaves = moment + timedelta(days=float(random.exponential(730)))
    while moment < min(leaves, TODAY):
        yield moment.replace(microsecond=0)
        moment += timedelta(days=float(random.exponential(mean_days)))


def _complete(table: Table, rows: Sequence[Mapping[str, object]]) -> list[Row]:
    """The rows with every column of the table; what is not given is NULL."""
    return [{column.name: row.get(column.name) for column in table.columns} for row in rows]


def main(arguments: list[str]) -> None:
    """Fills the database named by the first argument, and says how many rows the tables have."""
    url, customers = (arguments + [DATABASE, str(CUSTOMERS)][len(arguments) :])[:2]
    engine = connect(url)
    counts = create(engine, customers=int(customers))
    print(f"{', '.join(f'{counts[name]:,} {name}' for name in ('Customer', 'Invoice', 'InvoiceLine'))} in {engine.url.render_as_string()}")


if __name__ == "__main__":
    main(sys.argv[1:])
