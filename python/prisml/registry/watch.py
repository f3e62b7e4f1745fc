"""Seeing that a registry's log has grown: one cheap query on a connection that stays open, and notifications where there are any."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import AssertionPool, Connection, Engine, QueuePool, SingletonThreadPool, StaticPool
from sqlalchemy.exc import DBAPIError

from prisml.errors import RegistryError
from prisml.registry.database import Database
from prisml.registry.log import CHANNEL, Mark, last_marks
from prisml.registry.refusals import translated
from prisml.registry.transaction import Transaction

_inherited: list[object] = []
"""Connections of a parent process: to close one here would end it there."""


class Watch:
    """Says how far the logs of models have come. For one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._raw: Any = None

    @property
    def identity(self) -> object:
        """Equal for two that watch the same place."""
        return self._database.identity

    @property
    def is_apart(self) -> bool:
        """Whether a thread has a connection of its own here. In a pool of one for all it would end what others are in the middle of."""
        return not isinstance(self._engine.pool, StaticPool | SingletonThreadPool | AssertionPool)

    def marks(self, names: Iterable[str]) -> dict[str, Mark]:
        """The last entry in each model's log; ``RegistryError`` where the registry cannot be asked."""
        wanted = sorted(names)
        if self._connection is not None:
            # One that was open may have been lost since it was used, and a new one work.
            with suppress(RegistryError):
                return self._asked(wanted)
        return self._asked(wanted)

    def wait(self, seconds: float, wake: socket.socket) -> None:
        """Sleep, until something was appended to a log (where the database says so), or something was sent to ``wake``."""
        with selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            if self._raw is not None:
                # What came while the log was read does not make the socket ready again.
                if self._take_notifications():
                    return
                selector.register(self._raw.fileno(), selectors.EVENT_READ)
            for key, _ in selector.select(seconds):
                if key.fileobj is wake:
                    wake.recv(4096)
                else:
                    self._take_notifications()

    def close(self) -> None:
        """Give the connection up."""
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            # It may be what failed.
            with suppress(Exception):
                connection.close()

    def forget(self) -> None:
        """In a forked child: leave the connection, and those in the pool of an engine, to the parent."""
        if self._connection is not None:
            _inherited.append(self._connection)
        self._connection = self._raw = None
        if isinstance(self._engine.pool, QueuePool):
            self._engine.dispose(close=False)

    @property
    def _engine(self) -> Engine:
        return self._database.engine

    def _asked(self, wanted: Sequence[str]) -> dict[str, Mark]:
        try:
            if self._engine.dialect.name == "sqlite":
                with self._database.statement() as transaction:
                    return last_marks(transaction, wanted)
            with translated(self._database.place, self._database.engine):
                return last_marks(Transaction(self._opened(), self._database.place), wanted)
        except BaseException:
            self.close()
            raise

    def _opened(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection = connection
            raw: Any = connection.connection.driver_connection
            # Out of the pool of the caller's engine, where others wait for a place.
            connection.detach()
            self._raw = raw if _listens(connection, raw) else None
        return self._connection

    def _take_notifications(self) -> bool:
        """Whether there were any, or the connection is lost."""
        try:
            if self._engine.dialect.driver == "psycopg":
                return bool(list(self._raw.notifies(timeout=0)))
            self._raw.poll()
            found = bool(self._raw.notifies)
            self._raw.notifies.clear()
        except Exception:  # noqa: BLE001 -- Whatever the driver raises: the connection is lost, and the next query opens another.
            self.close()
            return True
        return found


def _listens(connection: Connection, raw: Any) -> bool:
    """Whether the database will notify this connection: PostgreSQL does, through drivers that can be asked without waiting."""
    if connection.dialect.name != "postgresql" or connection.dialect.driver not in ("psycopg", "psycopg2"):
        return False
    try:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
    except DBAPIError:
        # A standby can be read and not listened to.
        return False
    return hasattr(raw, "fileno")
