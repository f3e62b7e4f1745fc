"""Entries about databases: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from prisml import expression
from prisml.commands.database import open_database
from prisml.extraction import sqlite_copy
from prisml.extraction.stream import extract
from prisml.orm import extend, with_ml
from prisml.registry import Registry
from tests.support.database import opened
from tests.support.guide import refused
from tests.support.servers import free_port
from tests.support.troubles import Customer, Order, customer, fill, model, trained


def test_connection_refused(told, postgresql_url: str):
    """At the right port, the server answers."""
    wrong = make_url(postgresql_url).set(port=free_port())
    with pytest.raises(Exception) as caught, open_database(wrong.render_as_string(hide_password=False)):
        pass
    told(caught.value)
    with open_database(postgresql_url) as database:
        assert database.dialect.name == "postgresql"


def test_permission_denied(told, postgresql_url: str):
    """The account that trains may read the tables that the definition names."""
    with opened(postgresql_url) as database:
        fill(database, [customer(number) for number in range(1, 41)])
        with database.begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
        try:
            with opened(make_url(postgresql_url).set(username="reader")) as reader:
                told(refused(lambda: extract(model(), reader)))
                with database.begin() as connection:
                    connection.execute(text("GRANT SELECT ON customers TO reader"))
                assert len(extract(model(), reader).matrix) == 40
        finally:
            with database.begin() as connection:
                connection.execute(text("DROP OWNED BY reader"))
                connection.execute(text("DROP ROLE reader"))


@pytest.mark.parametrize(
    ("server", "sleep", "limit"),
    [
        ("postgresql_url", func.pg_sleep, lambda ms: {"options": f"-c statement_timeout={ms}"}),
        ("mysql_url", func.sleep, lambda ms: {"init_command": f"SET SESSION max_statement_time = {ms / 1000}"}),
    ],
    ids=["postgresql", "mariadb"],
)
def test_statement_timeout(told, request, server, sleep, limit):
    """A limit for statements of the application is lifted for training."""
    url = request.getfixturevalue(server)
    slow = select(func.count(Order.id)).where(Order.customer_id == Customer.id, sleep(0.05).is_not(None)).scalar_subquery()
    with opened(url) as database:
        fill(database, [customer(number) for number in range(1, 5)])

    def read(milliseconds: int):
        limited = create_engine(url, poolclass=NullPool, connect_args=limit(milliseconds))
        return extract(model({"order_count": expression(slow)}), limited)

    told(refused(lambda: read(100)))
    assert len(read(0).matrix) == 4


def test_sqlite_locked(told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With a write-ahead log, a writer keeps nobody from reading."""
    monkeypatch.setattr(sqlite_copy, "PATIENCE_S", 0.3)  # in place of half a minute
    with opened(f"sqlite:///{tmp_path}/shop.db?timeout=0.1") as database:
        fill(database)
        writer = sqlite3.connect(tmp_path / "shop.db")
        writer.execute("BEGIN EXCLUSIVE")
        told(refused(lambda: extract(model(), database)))
        writer.rollback()
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("BEGIN IMMEDIATE")
        assert len(extract(model(), database).matrix) == 300
        writer.close()


def test_no_such_column(told, shop, empty: Registry):
    """Once the table has what the mapping says, it is read."""
    with shop.begin() as connection:
        connection.execute(text("ALTER TABLE customers RENAME COLUMN age TO years"))
    told(refused(lambda: extract(model(), shop)))
    with shop.begin() as connection:
        connection.execute(text("ALTER TABLE customers RENAME COLUMN years TO age"))
    assert len(extract(model(), shop).matrix) == 300


def test_value_of_another_type(told, shop):
    """The value that the column's type does not expect is put right in the table."""
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET plan = 'SILVER' WHERE id = 7"))
    features = {"plan": Customer.plan, "age": Customer.age}
    told(refused(lambda: extract(model(features), shop)))
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET plan = 'GOLD' WHERE plan NOT IN ('FREE', 'GOLD')"))
    assert len(extract(model(features), shop).matrix) == 300


def test_asked_within_a_stream(told, mysql_url: str, empty: Registry):
    """MySQL's stream is read to its end before anything else is asked on its connection."""
    orders = expression(select(func.count(Order.id)).where(Order.customer_id == Customer.id).scalar_subquery())
    definition = model({"order_count": orders, "spent": Customer.spent}, waive=["single_feature"])
    with opened(mysql_url) as database:
        fill(database)
        trained(definition, database, empty)
        sessions = extend(sessionmaker(database), [definition], registry=empty)
        with sessions() as session:
            streamed = select(Customer).options(with_ml()).execution_options(yield_per=50)
            told(refused(lambda: session.scalars(streamed).all()))
        with sessions() as session:
            assert {0.0 <= row._ml.churn_probability <= 1.0 for row in session.scalars(select(Customer).options(with_ml()))} == {True}
