"""Pages of a statement, and what can go wrong while they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DBAPIError

from prisml.errors import DatabaseConnectionError, FeatureExtractionError, PrisMLError
from prisml.extraction.database import shown
from prisml.extraction.statement import Statement

PAGE_SIZE = 10_000
Page = Sequence[Row[Any]]
Parameters = dict[str, Any]

# What a statement is ended with that ran for longer than it may: PostgreSQL's state, MariaDB's and MySQL's numbers. While it sorts,
# MariaDB says it in words alone.
_OUT_OF_TIME = frozenset({"57014", 1969, 3024})
# MySQL's: access denied, unknown column, unknown table, no such function.
_MYSQL_SCHEMA = frozenset({1054, 1109, 1142, 1143, 1146, 1305})


def pages(connection: Connection, statement: Statement, as_of: datetime, *, size: int = PAGE_SIZE) -> Iterator[Page]:
    """The rows of ``statement`` as seen at ``as_of``, at most ``size`` at a time, in the order of the primary key.

    Never more than a page is in memory.

    A value that the driver or the column's type cannot turn into Python raises ``FeatureExtractionError`` that names what the column
    is read for.
    """
    after: tuple[object, ...] | None = None
    parameters = statement.parameters(as_of)
    while True:
        page = _read(connection, statement, statement.page(size, after), parameters)
        if page:
            yield page
        if len(page) < size:
            return
        after = tuple(page[-1][place] for place in statement.keys.values())


def count(connection: Connection, statement: Statement, as_of: datetime) -> int:
    """How many rows ``statement`` has, as seen at ``as_of``."""
    with Failure(connection, lambda: "the rows' number"):
        total: int = connection.execute(statement.total, statement.parameters(as_of)).scalar_one()
        return total


def _read(connection: Connection, statement: Statement, page: Select[Any], parameters: Parameters) -> Page:
    with Failure(connection, lambda: _culprit(connection, statement, page, parameters)):
        return connection.execute(page, parameters).all()


def _culprit(connection: Connection, statement: Statement, page: Select[Any], parameters: Parameters) -> str:
    """What the column is read for that alone raises, found by reading each by itself."""
    for name, column in zip(statement.names, statement.select.selected_columns, strict=True):
        trial = _Trial()
        with trial:
            connection.execute(page.with_only_columns(column, maintain_column_froms=True), parameters).all()
        if trial.failed:
            return name
    return "the columns read together"


class _Trial(AbstractContextManager[None]):
    """Lets nothing through that is raised meanwhile, and says whether something was."""

    failed = False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        self.failed = isinstance(error, Exception)
        return self.failed


class LostConnectionError(DatabaseConnectionError):
    """The connection broke while rows were read, and with it went the snapshot that they were of."""


class Failure(AbstractContextManager[None]):
    """While rows are read, whatever is raised becomes an error of ours.

    Drivers, column types and decorators of the user's may raise anything, and say in it which value they met: the original error is
    not chained, only its type is told.
    """

    def __init__(self, connection: Connection, culprit: Callable[[], str]) -> None:
        self._connection = connection
        self._culprit = culprit

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception) or isinstance(error, PrisMLError):
            return
        original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        if isinstance(error, DBAPIError):
            self._refuse_unreachable(error, original)
        if isinstance(error, DBAPIError) and _is_of_the_schema(original):
            message = f"The database does not have what the mapping says: {_first_line(original).rstrip('.')}."
            raise FeatureExtractionError(message, {}, ["Bring the database up to date, or correct the mapping."]) from None
        self._blame(original)

    def _refuse_unreachable(self, error: DBAPIError, original: BaseException) -> None:
        place, kind = shown(self._connection.engine.url), type(original).__name__
        if error.connection_invalidated:
            message = f"The database {place} stopped answering while it was read: {kind}."
            raise LostConnectionError(message, {"database": place}, ["Is it still up? Try again."]) from None
        if _code(original) in _OUT_OF_TIME or "max_statement_time exceeded" in str(original):
            message = f"The database {place} ended a query that was read from: {kind}."
            hints = ["Lift a limit on the time of statements for the account that trains: statement_timeout, max_statement_time."]
            raise DatabaseConnectionError(message, {"database": place, "error": kind}, hints) from None
        if isinstance(original, sqlite3.OperationalError) and "locked" in str(original):
            message = f"The database {place} was locked by somebody else while it was read: {kind}."
            raise DatabaseConnectionError(message, {"database": place}, ["Let the writer end its transaction, and try again."]) from None

    def _blame(self, original: BaseException) -> None:
        kind = type(original).__name__
        reason = f"Reading it raised {kind}"
        where = self._culprit() if self._is_alive() else "one of the columns"
        raise FeatureExtractionError(
            f"{where[:1].upper()}{where[1:]} cannot be read. {reason}.",
            {"column": where, "error": kind},
            ["Does the database hold what the column's type expects?"],
        ) from None

    def _is_alive(self) -> bool:
        trial = _Trial()
        with trial:
            self._connection.exec_driver_sql("SELECT 1").all()
        return not trial.failed


def _code(original: BaseException) -> object:
    """By what the driver tells its errors apart: a state of SQL, or MySQL's number."""
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return state if isinstance(state, str) else next(iter(original.args), None)


def _is_of_the_schema(original: BaseException) -> bool:
    """Whether the driver speaks of tables, columns and rights, whose names are no secret; other messages may quote values."""
    if isinstance(original, sqlite3.Error):
        return str(original).startswith(("no such table", "no such column", "no such function", "ambiguous column"))
    code = _code(original)
    return code in _MYSQL_SCHEMA if isinstance(code, int) else isinstance(code, str) and len(code) == 5 and code.startswith("42")


def _first_line(error: BaseException) -> str:
    text = str(error.args[-1] if error.args else error)
    return next(iter(text.strip().splitlines()), type(error).__name__)
