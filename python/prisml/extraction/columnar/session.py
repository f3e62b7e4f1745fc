"""A second connection to PostgreSQL, through ADBC, that sees what the first one sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.snapshot import begin_again

_BATCH_BYTES = 4 << 20
_TAKEN = frozenset({"sslmode"})
_DATABASE = "SELECT current_database(), pg_postmaster_start_time()::text, session_user::text, current_user::text"
# What a listener of the application's may have set for its sessions, and what decides how values and text are written.
_SETTINGS = """
SELECT name, setting FROM pg_settings
WHERE context IN ('user', 'superuser') AND name NOT LIKE 'transaction%%' AND name NOT IN ('application_name')
"""


def driver() -> Any:
    """The driver's module; ``RowByRow`` where it, or pyarrow, is not installed."""
    try:
        import adbc_driver_postgresql.dbapi as adbc
        import pyarrow  # noqa: F401, ICN001 -- The driver hands over its batches by it, and imports without it.
    except ImportError as missing:
        raise RowByRow(f"there is no module {missing.name!r}") from None
    return adbc


def conninfo(url: URL) -> str:
    """What libpq is told, secrets included; ``RowByRow`` where the URL has options that are not certain to mean the same."""
    others = sorted(set(url.query) - _TAKEN)
    if others:
        raise RowByRow(f"the URL has the options {', '.join(others)}")
    from psycopg.conninfo import make_conninfo

    parts = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database, **url.query}
    return make_conninfo(**{name: str(value) for name, value in parts.items() if value is not None})


@contextmanager
def session(connection: Connection) -> Iterator[Any]:
    """A cursor in the snapshot of ``connection``; ``RowByRow`` where it would read as another user or with other settings."""
    adbc, address = driver(), conninfo(connection.engine.url)
    name = _exported(connection)
    with closing(adbc.connect(address, autocommit=True)) as other, closing(other.cursor()) as cursor:
        for statement in (
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
            f"SET TRANSACTION SNAPSHOT '{name}'",
            "SET LOCAL TIME ZONE 'UTC'",
        ):
            cursor.execute(statement)
        _require_alike(connection, cursor)
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
        yield cursor


def _exported(connection: Connection) -> str:
    try:
        name: str = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    except DBAPIError as error:
        # Databases that only speak PostgreSQL's language have no such function, and the failure ended the transaction.
        begin_again(connection)
        raise RowByRow(f"the snapshot cannot be shared: {type(error.orig).__name__}") from None
    return name


def _require_alike(connection: Connection, cursor: Any) -> None:
    ours = tuple(connection.exec_driver_sql(_DATABASE).one()), dict(map(tuple, connection.exec_driver_sql(_SETTINGS).all()))
    cursor.execute(_DATABASE)
    identity = tuple(cursor.fetchone())
    cursor.execute(_SETTINGS.replace("%%", "%"))
    settings = dict(cursor.fetchall())
    if identity != ours[0]:
        raise RowByRow("ADBC reaches another server, or as another user")
    differing = sorted(name for name in settings.keys() | ours[1].keys() if settings.get(name) != ours[1].get(name))
    if differing:
        raise RowByRow(f"the session has settings of its own: {', '.join(differing)}")
    if settings.get("client_encoding") != "UTF8":
        raise RowByRow("the session's text is not in UTF-8")
