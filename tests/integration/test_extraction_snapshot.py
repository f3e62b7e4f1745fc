from __future__ import annotations

import sqlite3
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import DateTime, create_engine, delete, event, insert, text, update
from sqlalchemy.dialects.mysql import TIMESTAMP
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition.define import define_model
from prisml.definition.features import related
from prisml.definition.split import TimeSplit
from prisml.errors import ConfigurationError, DatabaseConnectionError
from prisml.extraction import sqlite_copy
from prisml.extraction.database import connect
from prisml.extraction.snapshot import snapshot
from prisml.extraction.stream import extract
from tests.support.customers import Account, Customer, create, customer
from tests.support.database import opened

JOURNALS = ("delete", "wal")


def _definition():
    features = {"age": Customer.age, "balance": related(Customer.account, Account.balance)}
    return define_model(Customer, output="risk", label=Customer.churned, features=features)


def _start(engine):
    create(engine, [customer(n, age=n, account_id=1) for n in range(0, 100, 2)], [{"id": 1, "balance": 5}])


def _writer(engine):
    """After each page somebody else changes rows before and behind it, adds some, deletes some, and commits."""

    def write(step, done, total):
        with engine.begin() as connection:
            connection.execute(update(Customer).values(age=Customer.age + 1000))
            connection.execute(update(Account).values(balance=7))
            connection.execute(delete(Customer).where(Customer.number == 98 - done))
            connection.execute(insert(Customer.__table__), [customer(done * 2 + 1), customer(1000 + done)])

    return write


def test_an_extraction_sees_one_moment(database_url):
    """Rows that another connection changes, adds and deletes between pages leave the extraction as the database was at its start."""
    with opened(database_url) as engine, opened(database_url) as other:
        _start(engine)
        found = extract(_definition(), engine, progress=_writer(other), page_size=10)
        after = extract(_definition(), engine)
    assert found.matrix.tolist() == [[n, 5] for n in range(0, 100, 2)]
    assert found.extracted == 50
    assert 7 in after.matrix[:, 1]
    assert after.extracted > 50


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_sqlite_extraction_sees_one_moment_in_each_journal_mode(sqlite_url, journal):
    """With a write-ahead log and without one, writes between pages leave the extraction as the database was at its start."""
    with opened(sqlite_url, journal=journal) as engine, opened(sqlite_url) as other:
        _start(engine)
        found = extract(_definition(), engine, progress=_writer(other), page_size=10)
    assert found.matrix.tolist() == [[n, 5] for n in range(0, 100, 2)]


@pytest.mark.parametrize("journal", JOURNALS)
def test_an_extraction_never_locks_the_writer_of_sqlite(sqlite_url, journal):
    """A writer that waits for no lock at all commits between any two pages, with a write-ahead log and without one."""
    with opened(sqlite_url, journal=journal) as engine:
        _start(engine)
        committed = []
        with closing(sqlite3.connect(str(engine.url.database), timeout=0)) as other:

            def write(step, done, total):
                other.execute("UPDATE customers SET age = age + 1")
                other.commit()
                committed.append(done)

            extract(_definition(), engine, progress=write, page_size=10)
    assert committed == [0, 10, 20, 30, 40, 50]


@contextmanager
def _busy_writer(engine):
    """A thread that commits the same number to two tables, every few milliseconds; gives its failures and a way to await a commit."""
    with engine.begin() as connection:
        for table in ("one", "two"):
            connection.exec_driver_sql(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, number INTEGER, text TEXT)")
            connection.execute(text(f"INSERT INTO {table} VALUES (:id, 0, :text)"), [{"id": n, "text": "x" * 3000} for n in range(1000)])
    done, wrote, failures = threading.Event(), threading.Event(), []

    def write():
        with closing(sqlite3.connect(str(engine.url.database))) as other:
            number = 0
            while not done.wait(0.003):
                number += 1
                try:
                    other.execute("UPDATE one SET number = ? WHERE id IN (0, 999)", (number,))
                    other.execute("UPDATE two SET number = ? WHERE id IN (0, 999)", (number,))
                    other.commit()
                    wrote.set()
                except sqlite3.OperationalError as error:
                    failures.append(error)
                    other.rollback()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield failures, wrote
    finally:
        done.set()
        thread.join()


NUMBERS = "SELECT number FROM one WHERE id IN (0, 999) UNION SELECT number FROM two WHERE id IN (0, 999)"


@pytest.mark.parametrize("steps", [1_000, 10])
@pytest.mark.parametrize("journal", JOURNALS)
def test_a_busy_writer_and_an_extraction_both_go_on(sqlite_url, journal, steps, monkeypatch):
    """While another thread commits all the time, each snapshot is of one moment, later ones of later moments, and no commit fails."""
    monkeypatch.setattr(sqlite_copy, "STEP_PAGES", steps)
    seen = []
    with opened(sqlite_url, journal=journal) as engine, _busy_writer(engine) as (failures, wrote):
        for _ in range(2):
            wrote.clear()
            assert wrote.wait(30)
            with snapshot(engine) as connection:
                seen += [tuple(connection.exec_driver_sql(NUMBERS).scalars()) for _ in range(3)]
    assert not failures
    assert all(len(numbers) == 1 for numbers in seen)
    assert seen[0] == seen[1] == seen[2] < seen[3] == seen[4] == seen[5]


def test_a_copy_that_is_overtaken_by_writes_is_made_in_one_step(sqlite_url, monkeypatch):
    """Where writes make the copy start again and again, it is made under one lock after all, whole and sound."""
    monkeypatch.setattr(sqlite_copy, "STEP_PAGES", 1)
    with opened(sqlite_url, journal="delete") as engine, _busy_writer(engine) as (failures, _), snapshot(engine) as connection:
        files = connection.exec_driver_sql("PRAGMA database_list").all()
        assert Path(files[0].file).name == "whole.db"
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert not failures


def test_the_copy_of_a_sqlite_database_is_deleted(sqlite_url, tmp_path, monkeypatch):
    """The temporary copy is gone after the snapshot, also where reading failed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    with opened(sqlite_url, journal="delete") as engine:
        _start(engine)
        with snapshot(engine):
            assert [path.name for path in (tmp_path / "copies").glob("*/*")] == ["steps.db"]
        assert list((tmp_path / "copies").iterdir()) == []
        with pytest.raises(DBAPIError), snapshot(engine) as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere")
    assert list((tmp_path / "copies").iterdir()) == []


def test_functions_of_the_application_work_in_the_copy(sqlite_url):
    """SQL functions and collations that the application gives its SQLite connections are there in the snapshot."""
    with opened(sqlite_url, journal="delete") as engine:
        event.listen(engine, "connect", lambda connection, _: connection.create_function("twice", 1, lambda value: value * 2))
        _start(engine)
        with snapshot(engine) as connection:
            assert connection.exec_driver_sql("SELECT twice(balance) FROM accounts").scalar_one() == 10


def test_a_sqlite_database_in_memory_can_be_read():
    """An engine on ``:memory:`` is extracted from, and keeps its data."""
    engine = connect("sqlite://")
    _start(engine)
    assert extract(_definition(), engine).extracted == 50
    assert extract(_definition(), engine).extracted == 50
    engine.dispose()


def test_engines_that_send_begin_themselves_work(sqlite_url):
    """An application that follows SQLAlchemy's recipe and begins SQLite's transactions itself is extracted from as well."""
    with opened(sqlite_url, journal="wal") as engine:
        _start(engine)
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        engine.dispose()
        assert extract(_definition(), engine, page_size=10).extracted == 50


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True).with_variant(TIMESTAMP(), "mysql", "mariadb"))
    long: Mapped[bool]


def test_moments_are_read_in_utc(database_url):
    """A moment written from a session five and a half hours ahead is extracted as the same moment: the session is in UTC."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    with opened(database_url) as engine:
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            # The test servers' sessions are at +05:30; SQLite keeps no zone, and naive means UTC.
            local = {"postgresql": "2024-05-01 17:30:00+05:30", "sqlite": "2024-05-01 12:00:00.000000"}
            moment = local.get(engine.dialect.name, "2024-05-01 17:30:00")
            connection.exec_driver_sql(f"INSERT INTO visits VALUES (1, '{moment}', true)")
        definition = define_model(Visit, output="guess", label=Visit.long, features={"id": Visit.id}, split=TimeSplit(Visit.at))
        assert extract(definition, engine).split_values.tolist() == [int(noon.timestamp()) * 1_000_000]


ZONES = {"postgresql": "SHOW timezone", "mysql": "SELECT @@session.time_zone"}
LEVELS = {"postgresql": "SHOW default_transaction_isolation", "mysql": "SELECT @@session.tx_isolation"}


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_the_session_is_left_as_it_was(request, dialect):
    """After a snapshot the pooled connection has its own time zone and isolation level again, and can write."""
    with opened(request.getfixturevalue(f"{dialect}_url")) as engine:
        _start(engine)

        def settings():
            with engine.connect() as connection:
                return [connection.exec_driver_sql(sql).scalar_one() for sql in (ZONES[dialect], LEVELS[dialect])]

        before = settings()
        with snapshot(engine) as connection:
            assert connection.exec_driver_sql(ZONES[dialect]).scalar_one() in ("UTC", "+00:00")
        assert settings() == before
        with engine.begin() as connection:
            assert connection.execute(delete(Customer)).rowcount == 50


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_snapshot_cannot_write(request, dialect):
    """The server itself refuses a write through the snapshot's connection."""
    with opened(request.getfixturevalue(f"{dialect}_url")) as engine:
        _start(engine)
        with pytest.raises(DBAPIError, match=r"(?i)read.only"), snapshot(engine) as connection:
            connection.execute(delete(Customer))


def test_engines_in_autocommit_mode_get_a_snapshot_too(database_url):
    """An engine whose connections commit by themselves is extracted from in one moment like any other."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with opened(database_url) as other:
        _start(other)
        found = extract(_definition(), engine, progress=_writer(other), page_size=10)
    engine.dispose()
    assert found.matrix.tolist() == [[n, 5] for n in range(0, 100, 2)]


SECRETS = ("open-sesame", "open%2Dsesame", "p/ss", "p%2Fss", "p%2fss", "hush")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ann:open-sesame@127.0.0.1:1/shop?sslpassword=hush",
        "postgresql+psycopg://ann:p%2Fss@no.such.host.invalid:5432/shop?passfile=/hush",
        "mysql+pymysql://ann:open-sesame@127.0.0.1:1/shop?ssl_key_password=hush",
    ],
)
def test_a_database_that_does_not_answer_is_told_without_secrets(url):
    """The error names driver, user, host and database, and shows neither password nor query, in message, context or traceback."""
    with pytest.raises(DatabaseConnectionError) as caught, snapshot(connect(url)):
        pass
    told = f"{caught.value} {dict(caught.value.context)} {caught.value.__cause__}"
    assert "ann@" in told
    assert "/shop" in told
    assert not [secret for secret in SECRETS if secret in told]
    assert caught.value.__suppress_context__


def test_a_wrong_password_is_told_without_it(mysql_url):
    """The server's refusal reaches the user, the password does not."""
    url = mysql_url.replace("prisml@", "prisml:open-sesame@")
    with pytest.raises(DatabaseConnectionError, match="Access denied") as caught, snapshot(connect(url)):
        pass
    assert "open-sesame" not in str(caught.value)


def test_a_sqlite_file_that_is_not_there_is_not_made(sqlite_url, tmp_path):
    """A mistyped SQLite path is an error and leaves no empty file behind."""
    with pytest.raises(DatabaseConnectionError, match="There is no database file"), snapshot(connect(sqlite_url)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(sqlite_url, tmp_path):
    """A file that SQLite does not understand is a DatabaseConnectionError."""
    Path(tmp_path, "data.db").write_bytes(b"this is text, not a database" * 100)
    with opened(sqlite_url) as engine, pytest.raises(DatabaseConnectionError, match="not a database"), snapshot(engine):
        pass


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgres://ann:open-sesame@host/shop", "postgres:// is written postgresql://"),
        ("nosuch://ann:open-sesame@host/shop", "no dialect 'nosuch'"),
        ("mysql+mysqldb://ann:open-sesame@host/shop", "no module 'MySQLdb'"),
        ("this is no url open-sesame", "cannot be read"),
        ("sqlite:///x.db?timeout=open-sesame", "does not take"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_configuration_error(url, reason):
    """An unknown dialect, a missing driver and an unreadable URL say what to do, without the URL's secrets."""
    with pytest.raises(ConfigurationError, match=reason) as caught:
        connect(url)
    assert "open-sesame" not in str(caught.value)


def test_errors_of_our_engines_hide_parameters(sqlite_url):
    """A failing statement on an engine that ``connect`` made does not repeat its bind parameters."""
    with opened(sqlite_url) as engine, engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT :value FROM nowhere"), {"value": "open-sesame"})
    assert "open-sesame" not in str(caught.value)
