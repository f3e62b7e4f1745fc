"""The registry's database: one transaction for each operation, and errors that show no secret."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from prisml.errors import ConfigurationError, RegistryError
from prisml.registry.tables import check_schema, create_tables, has_tables
from prisml.url import make_engine, read_url, refuse_torn

BUSY_SECONDS = 30.0


def show_url(url: URL) -> str:
    """The URL without its password and without its query, which may hold secrets too."""
    return url.set(query={}).render_as_string(hide_password=True)


def open_url(where: str | URL) -> Engine:
    """An engine that keeps no connection open between two operations, so that nothing is inherited across a fork."""
    url = read_url(where, of="registry")
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and url.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "An in-memory registry forgets what it is given.",
            {"registry": show_url(url)},
            ["Name a file, as in sqlite:///.prisml/registry.db, or pass a SQLAlchemy Engine of your own."],
        )
    if sqlite and not str(url.database).startswith("file:"):
        # A later chdir must not move the registry.
        url = url.set(database=str(Path(str(url.database)).absolute()))
    return make_engine(url, of="registry", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS} if sqlite else {})


class Database:
    """Where the registry's tables are, or will be."""

    def __init__(self, where: str | URL | Engine) -> None:
        self.engine = where if isinstance(where, Engine) else open_url(where)
        refuse_torn(self.engine.url, of="registry")
        self.place = show_url(self.engine.url)
        if self.engine.dialect.is_async:
            raise ConfigurationError(
                f"The registry needs a synchronous driver; {self.engine.url.drivername!r} is asynchronous.",
                {"registry": self.place},
                ["Use its synchronous counterpart, as in postgresql+psycopg://."],
            )

    @property
    def _file(self) -> Path | None:
        database = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or not database or database == ":memory:" or database.startswith("file:"):
            return None
        return Path(database)

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """A connection to read by, or None where nothing was published yet: reading makes neither file nor table."""
        if self._file is not None and not self._file.exists():
            yield None
            return
        with self._translated(), self.engine.connect() as connection:
            yield connection if has_tables(connection) and check_schema(connection, self.place) else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in one transaction that every other writer waits for; committed when the block ends well."""
        with self._translated():
            self._prepare()
            with self._transaction() as connection:
                check_schema(connection, self.place, lock=True)
                yield connection

    def _prepare(self) -> None:
        """Make the tables where they are missing, so that later writers need no right to make any."""
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                _switch_to_wal(connection)
            if has_tables(connection) and check_schema(connection, self.place):
                return
        with suppress(IntegrityError), self._transaction() as connection:
            create_tables(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                with connection.begin():
                    _begin_immediate(connection)
                    yield connection
            else:
                # What the writer before this one committed must be seen once its lock is released.
                connection.execution_options(isolation_level="READ COMMITTED")
                with connection.begin():
                    yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what SQLAlchemy and the file system raise into ``RegistryError``, without statement, values or password."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self._error(error) from None
        except OSError as error:
            raise RegistryError(
                f"The registry {self.place} cannot be written: {type(error).__name__}.",
                {"registry": self.place},
                ["Name a place that can be written."],
            ) from None

    def _error(self, error: SQLAlchemyError) -> RegistryError:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        context = {"registry": self.place, "reason": type(cause).__name__}
        if _is_busy(error):
            return RegistryError(
                f"The registry {self.place} is held by another writer.", context, ["Wait until it has finished, then try again."]
            )
        return RegistryError(
            f"The registry {self.place} cannot be used: {type(cause).__name__}.",
            context,
            ["Check that it can be reached from here, that the URL is right, and that its user may do this."],
        )


def _is_busy(error: SQLAlchemyError) -> bool:
    # The low byte is the primary code; 5 is SQLITE_BUSY.
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == 5


def _switch_to_wal(connection: Connection) -> None:
    """Let readers and the writer not wait for each other; the mode stays with the file."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with connection.begin():
                _end_transaction(connection)
                if connection.exec_driver_sql("PRAGMA journal_mode").scalar() not in ("wal", "memory"):
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            # SQLite does not always wait here by itself.
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once: a transaction that reads first and writes later can fail without waiting."""
    _end_transaction(connection)
    connection.exec_driver_sql("PRAGMA synchronous=FULL")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _end_transaction(connection: Connection) -> None:
    """End the deferred transaction that an engine of the caller's own may have begun; nothing was done in it."""
    if getattr(connection.connection.driver_connection, "in_transaction", False):
        connection.exec_driver_sql("ROLLBACK")
