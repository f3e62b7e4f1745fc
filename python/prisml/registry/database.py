"""The registry's database: one transaction for each operation, and errors that show no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from prisml.errors import ConfigurationError, PrisMLError, RegistryError
from prisml.logs import UPGRADED, record
from prisml.registry import sqlite
from prisml.registry.refusals import translated
from prisml.registry.schema import add_columns, create_tables, fill_columns, has_tables, read_schema, refuse_older
from prisml.registry.tables import SCHEMA_VERSION
from prisml.registry.transaction import Transaction
from prisml.url import make_engine, read_url, refuse_torn


def show_url(url: URL) -> str:
    """The URL without its password and without its query, which may hold secrets too."""
    return url.set(query={}).render_as_string(hide_password=True)


def open_url(where: str | URL) -> Engine:
    """An engine that keeps no connection open between two operations, so that nothing is inherited across a fork."""
    url = read_url(where, of="registry")
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database in (None, "", ":memory:"):
        raise ConfigurationError(
            "An in-memory registry forgets what it is given.",
            {"registry": show_url(url)},
            ["Name a file, as in sqlite:///.prisml/registry.db, or pass a SQLAlchemy Engine of your own."],
        )
    if is_sqlite and not str(url.database).startswith("file:"):
        # A later chdir must not move the registry.
        url = url.set(database=str(Path(str(url.database)).absolute()))
    return make_engine(url, of="registry", poolclass=NullPool, connect_args={"timeout": sqlite.BUSY_SECONDS} if is_sqlite else {})


class Database:
    """Where the registry's tables are, or will be."""

    def __init__(self, where: str | URL | Engine) -> None:
        self.engine = where if isinstance(where, Engine) else open_url(where)
        refuse_torn(self.engine.url, of="registry")
        self.place = show_url(self.engine.url)
        self._is_own = not isinstance(where, Engine)
        if self.engine.dialect.is_async:
            raise ConfigurationError(
                f"The registry needs a synchronous driver; {self.engine.url.drivername!r} is asynchronous.",
                {"registry": self.place},
                ["Use its synchronous counterpart, as in postgresql+psycopg://."],
            )

    @property
    def identity(self) -> object:
        """Equal for two that are the same place, reached in the same way."""
        return self.engine.url if self._is_own else self.engine

    @property
    def _file(self) -> Path | None:
        database = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or not database or database == ":memory:" or database.startswith("file:"):
            return None
        return Path(database)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One snapshot of the registry, empty where nothing was published yet: reading makes neither file nor table."""
        if self._file is not None and not self._file.exists():
            yield Transaction(None, self.place)
            return
        with self._snapshot() as connection:
            number = read_schema(connection, self.place) if has_tables(connection) else None
            yield Transaction(None, self.place) if number is None else Transaction(connection, self.place, number)

    @contextmanager
    def statement(self) -> Iterator[Transaction]:
        """For a single statement that every schema understands, and no other: nothing is asked before it."""
        if self._file is not None and not self._file.exists():
            yield Transaction(None, self.place)
            return
        with self._connected() as connection:
            yield Transaction(connection, self.place)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction that every other writer waits for; committed when the block ends well."""
        with translated(self.place, self.engine):
            self._prepare()
            with self._transaction() as connection:
                refuse_older(read_schema(connection, self.place, lock=True) or 0, self.place)
                transaction = Transaction(connection, self.place)
                yield transaction
        for told in transaction.committed:
            told()

    def is_there(self) -> bool:
        """Whether the tables are there."""
        with self.reading() as transaction:
            return transaction.connection is not None

    def upgrade(self) -> int:
        """Bring the registry up to this release's schema, also where that was cut off before; the schema's number."""
        with self.reading() as transaction:
            if transaction.connection is None or transaction.schema == SCHEMA_VERSION:
                return SCHEMA_VERSION
        # The number is raised last, in a transaction of its own: MariaDB commits each change of a table.
        with translated(self.place, self.engine):
            for step in (add_columns, fill_columns):
                with self._transaction() as connection:
                    if (read_schema(connection, self.place, lock=True) or 0) < SCHEMA_VERSION:
                        step(Transaction(connection, self.place))
        record(UPGRADED, schema=SCHEMA_VERSION)
        return SCHEMA_VERSION

    def _prepare(self) -> None:
        """Make the tables where they are missing, so that later writers need no right to make any."""
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                sqlite.switch_to_wal(connection)
            if has_tables(connection) and (number := read_schema(connection, self.place)) is not None:
                refuse_older(number, self.place)
                return
        with suppress(IntegrityError), self._transaction() as connection:
            create_tables(connection)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """A connection whose statements all see the same state: a version that is read is there with all of its parts."""
        with self._connected() as connection:
            if connection.dialect.name == "sqlite":
                with connection.begin(), sqlite.deferred(connection):
                    yield connection
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        file = self._file
        with translated(self.place, self.engine):
            if file is None or not self._is_own or not sqlite.is_sealed(file):
                with self.engine.connect() as connection:
                    yield connection
                return
            sealed = make_engine(sqlite.sealed_url(self.engine.url, file), of="registry", poolclass=NullPool)
            with self._unchanged(file), sealed.connect() as connection:
                yield connection

    @contextmanager
    def _unchanged(self, file: Path) -> Iterator[None]:
        """Refuse what was read without a lock where it was written meanwhile, from a place that may."""
        before, damage = sqlite.seal(file), None
        try:
            yield
        except (PrisMLError, SQLAlchemyError) as error:
            damage = error
        if sqlite.seal(file) != before:
            raise RegistryError(f"The registry {self.place} was written while it was read.", {"registry": self.place}, ["Try again."])
        if damage is not None:
            raise damage

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                with connection.begin():
                    sqlite.begin_immediate(connection)
                    yield connection
            else:
                # What the writer before this one committed must be seen once its lock is released.
                connection.execution_options(isolation_level="READ COMMITTED")
                with connection.begin():
                    yield connection
