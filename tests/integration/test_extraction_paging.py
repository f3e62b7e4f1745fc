from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Enum, Integer, Numeric, String, Uuid, insert, select
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition.define import define_model
from prisml.errors import FeatureExtractionError, NoDataError
from prisml.extraction.reading import count, pages
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import training_statement
from prisml.extraction.stream import extract
from tests.support.columnar import row_by_row
from tests.support.customers import Plan
from tests.support.database import opened

MICROSECONDS = DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
NOW = datetime(2024, 1, 1, tzinfo=UTC)
START = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)

# One row for each number; the second of a pair differs faster than the first, and values do not come in the order of insertion.
KEYS = {
    "integer": ([Integer()], lambda n: (n * 7 - 50,)),
    "big integer": ([BigInteger()], lambda n: (n * 2**54,)),
    "text": ([String(20)], lambda n: (f"ä{n % 3}-{n:x}' %s :name",)),
    "uuid": ([Uuid()], lambda n: (uuid.UUID(int=n * 7919 << 90 | n),)),
    "datetime": ([MICROSECONDS], lambda n: (START + timedelta(hours=n % 5, microseconds=n),)),
    "date": ([Date()], lambda n: (date(2020, 1, 1) + timedelta(days=n * 13 % 1000),)),
    "decimal": ([Numeric(12, 3)], lambda n: (Decimal(n * 17 % 101) / 8 - 3,)),
    "two": ([Integer(), String(20)], lambda n: (n % 4, f"k{n}")),
    "three": ([String(5), Date(), Integer()], lambda n: ("ab"[n % 2], date(2020, 1, 1 + n % 3), n)),
    "enum and bool": ([Enum(Plan), Boolean(), Integer()], lambda n: (list(Plan)[n % 2], n % 3 == 0, n)),
}


def _table(types):
    class Base(DeclarativeBase):
        pass

    columns = {f"k{place}": mapped_column(f"col{place}", kind, primary_key=True, autoincrement=False) for place, kind in enumerate(types)}
    notes = {"value": Mapped[int], "flag": Mapped[bool]}
    return type("Item", (Base,), {"__tablename__": "items", "__annotations__": notes, "__module__": __name__, **columns})


def _fill(engine, item, key, size):
    item.metadata.create_all(engine)
    names = [f"col{place}" for place in range(len(item.__mapper__.primary_key))]
    # Odd numbers first.
    numbers = sorted(range(size), key=lambda n: (n % 2 == 0, n))
    if numbers:
        with engine.begin() as connection:
            connection.execute(insert(item), [dict(zip(names, key(n), strict=True), value=n, flag=n % 2 == 0) for n in numbers])


def _definition(item):
    return define_model(item, output="guess", label=item.flag, features={"value": item.value})


def _read(engine, item, size):
    statement = training_statement(_definition(item), [("value",)])
    with snapshot(engine) as connection:
        return [[row[0] for row in page] for page in pages(connection, statement, NOW, size=size)], count(connection, statement, NOW)


@pytest.mark.parametrize("kind", KEYS)
def test_every_row_comes_once_whatever_the_key(database_url, kind):
    """Pages give each row exactly once for single, composite, text, UUID, date, datetime, decimal, Enum and bool keys."""
    types, key = KEYS[kind]
    item = _table(types)
    with opened(database_url) as engine:
        _fill(engine, item, key, 50)
        found, total = _read(engine, item, 7)
    assert sorted(value for page in found for value in page) == list(range(50))
    assert [len(page) for page in found] == [7] * 7 + [1]
    assert total == 50


@pytest.mark.parametrize(("size", "lengths"), [(0, []), (1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (20, [10, 10]), (21, [10, 10, 1])])
@pytest.mark.parametrize("kind", ["integer", "two"])
def test_tables_that_end_with_a_page(database_url, kind, size, lengths):
    """A table that is empty, smaller than a page, exactly some pages, or one row more, is read whole and without an empty page."""
    types, key = KEYS[kind]
    item = _table(types)
    with opened(database_url) as engine:
        _fill(engine, item, key, size)
        found, total = _read(engine, item, 10)
    assert [len(page) for page in found] == lengths
    assert sorted(value for page in found for value in page) == list(range(size))
    assert total == size


@pytest.mark.parametrize("kind", KEYS)
def test_pages_are_in_the_order_of_the_database(database_url, kind):
    """Rows come in the database's own order of the key, which is that of one SELECT with ORDER BY."""
    types, key = KEYS[kind]
    item = _table(types)
    with opened(database_url) as engine:
        _fill(engine, item, key, 30)
        found, _ = _read(engine, item, 4)
        with engine.connect() as connection:
            plain = connection.scalars(select(item.value).order_by(*item.__mapper__.primary_key)).all()
    assert [value for page in found for value in page] == plain


def test_no_rows_is_an_error_with_a_way_out(sqlite_url):
    """An empty table cannot be trained on: the error says that there are no rows."""
    item = _table([Integer()])
    with opened(sqlite_url) as engine:
        item.metadata.create_all(engine)
        with pytest.raises(NoDataError, match="There are no rows"):
            extract(_definition(item), engine)


def test_page_size_does_not_change_the_matrix(database_url, monkeypatch):
    """Pages of 1, 3 and 1,000 rows give the same matrix and labels, and progress is told after each page."""
    types, key = KEYS["two"]
    item = _table(types)
    with opened(database_url) as engine, row_by_row(monkeypatch):
        _fill(engine, item, key, 20)
        steps = []
        one, three, all_at_once = (
            extract(_definition(item), engine, page_size=size, progress=lambda *told: steps.append(told)) for size in (1, 3, 1_000)
        )
    assert one.matrix.tolist() == three.matrix.tolist() == all_at_once.matrix.tolist()
    assert sorted(one.matrix[:, 0]) == list(range(20))
    assert one.labels.tolist() == three.labels.tolist() == all_at_once.labels.tolist()
    assert steps[-2:] == [("extract", 0, 20), ("extract", 20, 20)]
    assert [done for _, done, _ in steps[21:29]] == [0, 3, 6, 9, 12, 15, 18, 20]


def test_a_key_that_does_not_order_rows_is_noticed(sqlite_url):
    """Rows that pages would miss, because the key is NULL, are an error and not a smaller training set."""
    item = _table([String(10)])
    with opened(sqlite_url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE items (col0 TEXT, value INTEGER, flag BOOLEAN)")
        connection.exec_driver_sql("INSERT INTO items VALUES (NULL, 1, 1), (NULL, 2, 1), (NULL, 3, 1)")
    with opened(sqlite_url) as engine, pytest.raises(FeatureExtractionError, match="page by page") as caught:
        extract(_definition(item), engine, page_size=2)
    assert "unique and never NULL" in str(caught.value)
