"""Engines on the user's database, and its refusals told without a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from prisml.errors import ConfigurationError, DatabaseConnectionError
from prisml.url import first_line, make_engine, read_url, refuse_torn


def connect(url: str | URL) -> Engine:
    """An engine on the database of ``url`` that keeps bind parameters out of its errors; nothing is opened yet.

    Raises ``ConfigurationError`` where the URL cannot be read or its driver is not installed.
    """
    return make_engine(read_url(url, of="database"), of="database")


def refuse_asynchronous(engine: Engine) -> None:
    """Raise ``ConfigurationError`` where the engine's driver is asynchronous: reading a database for training waits for it."""
    if engine.dialect.is_async:
        message = f"{engine.url.drivername!r} is an asynchronous driver."
        hints = ["Name a synchronous one: postgresql+psycopg://, mysql+pymysql:// or sqlite:///."]
        raise ConfigurationError(message, {"dialect": engine.dialect.name, "database": shown(engine.url)}, hints)


@contextmanager
def reaching(url: URL) -> Iterator[None]:
    """While this is open, a refusal by the database becomes a ``DatabaseConnectionError`` that shows no secret of ``url``."""
    refuse_torn(url, of="database")
    try:
        _refuse_absent_file(url)
        yield
    except DBAPIError as error:
        place = shown(url)
        words = first_line(str(error.orig), url).rstrip(".")
        message = f"The database {place} cannot be read: {type(error.orig).__name__}: {words}."
        # The driver's own words may repeat what we leave out: they are not chained.
        raise DatabaseConnectionError(message, {"database": place}, [_way_out(url)]) from None


def _way_out(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return "Is that a SQLite database, and may this user read it?"
    return "Does it run, and do host, port, user, password and database fit?"


def shown(url: URL) -> str:
    """What may be shown of a URL: neither password nor query."""
    public = URL.create(url.drivername, username=url.username, host=url.host, port=url.port, database=url.database)
    return public.render_as_string()


def _refuse_absent_file(url: URL) -> None:
    """Opening a SQLite file that is not there would make an empty one, and the mistake would show much later."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:") or Path(name).is_file():
        return
    message = f"There is no database file {name}."
    raise DatabaseConnectionError(message, {"database": shown(url)}, ["Three slashes start a relative path, four an absolute one."])
