"""A temporary copy of a SQLite database, made while others go on writing to it."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.event import listen
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from prisml.errors import ConfigurationError, DatabaseConnectionError

STEP_PAGES = 1_000
"""Pages copied under one lock: about 4 MB, some milliseconds."""
RESTARTS = 3
"""How often a write may make the copy start again before it is made in one step, which lets writers wait for that long."""
PATIENCE_S = 30.0
"""How long somebody else's lock is waited for."""


@contextmanager
def copied(connection: Connection) -> Iterator[Connection]:
    """A connection to a copy of the database that ``connection`` is on; ``connection`` is closed, the copy is deleted at the end.

    The copy's connection keeps the dialect, the execution options and the connect listeners of the engine, so that its functions
    and collations are there. Databases that a listener attaches are not copied. Where writers commit all the time, the copy is made
    under one lock in the end, and they wait for it: about as long as it takes to copy the file. A write-ahead log spares them that.
    """
    source: object = connection.connection.dbapi_connection
    if not isinstance(source, sqlite3.Connection):
        message = f"A SQLite database opened through {type(source).__module__} cannot be copied, and reading it would lock its writers."
        raise ConfigurationError(message, {}, ["Set PRAGMA journal_mode=WAL on the database: then no copy is needed."])
    with tempfile.TemporaryDirectory(prefix="prisml-") as folder:
        engine = _engine(connection.engine, copy_into(source, Path(folder)))
        connection.close()
        with engine.connect() as copy:
            yield copy


def copy_into(source: sqlite3.Connection, folder: Path) -> Path:
    """The file of a copy in ``folder``: made in steps between which writers go on, or else in one."""
    try:
        return _backup(source, folder / "steps.db", STEP_PAGES, _Watch(RESTARTS))
    except _RestartedError:
        return _backup(source, folder / "whole.db", -1, _Watch(None))


def _backup(source: sqlite3.Connection, path: Path, pages: int, watch: _Watch) -> Path:
    with closing(sqlite3.connect(path)) as target:
        # Nobody needs the copy after a crash, or half of it.
        target.execute("PRAGMA synchronous=OFF")
        target.execute("PRAGMA journal_mode=OFF")
        source.backup(target, pages=pages, progress=watch, sleep=0.005)
    return path


def _engine(original: Engine, path: Path) -> Engine:
    def opened() -> DBAPIConnection:
        return cast("DBAPIConnection", sqlite3.connect(path))

    def configure(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        original.pool.dispatch.connect(connection, entry)

    pool = NullPool(opened)
    listen(pool, "connect", configure)
    return Engine(pool, original.dialect, original.url, execution_options=original.get_execution_options(), hide_parameters=True)


class _RestartedError(Exception):
    """The copy began anew too often."""


class _Watch:
    """Told after each step how many pages remain: ends a copy that starts again too often, or waits too long for a lock."""

    def __init__(self, restarts: int | None) -> None:
        self._restarts = restarts
        self._remaining: int | None = None
        self._moved = time.monotonic()

    def __call__(self, status: int, remaining: int, total: int) -> None:
        del total
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            self._wait()
            return
        self._moved = time.monotonic()
        if self._restarts is not None and self._remaining is not None and remaining >= self._remaining:
            self._restarts -= 1
            if self._restarts < 0:
                raise _RestartedError
        self._remaining = remaining

    def _wait(self) -> None:
        if time.monotonic() - self._moved > PATIENCE_S:
            message = f"The SQLite database has been locked by somebody else for {PATIENCE_S:.0f} seconds."
            raise DatabaseConnectionError(message, {}, ["Let the writer end its transaction, or set PRAGMA journal_mode=WAL."])
