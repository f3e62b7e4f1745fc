"""One consistent view of a database for as long as an extraction takes, which never makes a writer wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from prisml.errors import ConfigurationError
from prisml.extraction.database import reaching, refuse_asynchronous, shown
from prisml.extraction.sqlite_copy import copied


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever others write meanwhile; its session's time zone is UTC.

    PostgreSQL: a read-only transaction at REPEATABLE READ. MySQL and MariaDB: a consistent snapshot of InnoDB's tables. SQLite: a
    transaction where the journal is a write-ahead log, otherwise a temporary copy of the file, since there a reader would lock the
    writer out. What was changed in the session is put back at the end.

    Raises ``DatabaseConnectionError`` where the database cannot be reached and ``ConfigurationError`` where its dialect is none of
    these or its driver is asynchronous.
    """
    opened = _opener(engine)
    with ExitStack() as stack:
        with reaching(engine.url):
            connection = stack.enter_context(opened(engine))
        yield connection
        # A connection that breaks as it is given back takes nothing along: all was read.
        with suppress(DBAPIError):
            stack.close()


def _opener(engine: Engine) -> Callable[[Engine], AbstractContextManager[Connection]]:
    refuse_asynchronous(engine)
    context = {"dialect": engine.dialect.name, "database": shown(engine.url)}
    openers = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql, "mariadb": _mysql}
    if engine.dialect.name not in openers:
        message = f"No consistent snapshot is known for the dialect {engine.dialect.name!r}."
        raise ConfigurationError(message, context, ["Train from SQLite, PostgreSQL, MySQL or MariaDB."])
    return openers[engine.dialect.name]


@contextmanager
def _postgresql(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        begin_again(connection)
        yield connection


def begin_again(connection: Connection) -> None:
    """A new snapshot of PostgreSQL's in place of the one that ``connection`` may have."""
    connection.rollback()
    connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
    # PostgreSQL takes the snapshot at the first query, not at BEGIN.
    connection.exec_driver_sql("SELECT 1")


@contextmanager
def _mysql(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        # At any other level the server ignores WITH CONSISTENT SNAPSHOT.
        connection.execution_options(isolation_level="REPEATABLE READ")
        zone = connection.exec_driver_sql("SELECT @@session.time_zone").scalar_one()
        connection.exec_driver_sql("SET time_zone = '+00:00'")
        try:
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield connection
        finally:
            if not connection.invalidated:
                connection.rollback()
                connection.execute(text("SET time_zone = :zone"), {"zone": zone})


@contextmanager
def _sqlite(engine: Engine) -> Iterator[Connection]:
    with ExitStack() as stack:
        connection = stack.enter_context(engine.connect())
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() != "wal":
            connection = stack.enter_context(copied(connection))
        # The driver sends no BEGIN before a SELECT, unless the engine was told to; without it each SELECT would see another state.
        if not getattr(connection.connection.dbapi_connection, "in_transaction", False):
            connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        yield connection
