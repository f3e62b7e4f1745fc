"""A connection whose session counts time in UTC, as the snapshot of an extraction does, so that the same SQL gives the same values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

_UTC = frozenset({"UTC", "ETC/UTC", "GMT", "ETC/GMT", "+00:00", "+0:00"})
_KNOWN = "prisml.utc"
_READ = {"postgresql": "SHOW TIME ZONE", "mysql": "SELECT @@session.time_zone", "mariadb": "SELECT @@session.time_zone"}
_WRITE = {
    "postgresql": "SELECT set_config('TimeZone', :zone, false)",
    "mysql": "SET time_zone = :zone",
    "mariadb": "SET time_zone = :zone",
}


@contextmanager
def in_utc(connection: Connection) -> Iterator[None]:
    """While this is open the session's time zone is UTC; afterwards it is what it was. A connection that is in UTC is asked once."""
    dialect = connection.dialect.name
    zone = _zone(connection, dialect)
    if zone is None or zone.upper() in _UTC:
        yield
        return
    write = text(_WRITE[dialect])
    connection.execute(write, {"zone": "UTC" if dialect == "postgresql" else "+00:00"})
    try:
        yield
    except BaseException:
        # PostgreSQL takes nothing after an error until the transaction is rolled back, and that takes the setting back.
        if dialect != "postgresql" and not connection.invalidated:
            connection.execute(write, {"zone": zone})
        raise
    connection.execute(write, {"zone": zone})


def _zone(connection: Connection, dialect: str) -> str | None:
    """The session's zone; None where it has none, or is known to be in UTC."""
    if dialect not in _READ or connection.info.get(_KNOWN):
        return None
    told = _told(connection)
    if told is not None:
        return told
    zone = str(connection.exec_driver_sql(_READ[dialect]).scalar_one())
    if zone.upper() in _UTC:
        connection.info[_KNOWN] = True
    return zone


def _told(connection: Connection) -> str | None:
    """What PostgreSQL has told the driver by itself, which psycopg and asyncpg show; it costs no statement."""
    driver: Any = connection.connection.driver_connection
    zone: str | None
    try:
        zone = driver.get_settings().TimeZone if hasattr(driver, "get_settings") else driver.info.parameter_status("TimeZone")
    except (AttributeError, TypeError):
        return None
    return zone
