"""Engines for tests, whose connections are gone when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

from prisml.extraction.database import connect


@contextmanager
def opened(url: str, *, journal: str | None = None) -> Iterator[Engine]:
    """An engine on ``url``; a SQLite file is there afterwards, with ``journal`` as its journal mode."""
    engine = connect(url)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).touch()
    if journal is not None:
        with engine.connect() as connection:
            assert connection.exec_driver_sql(f"PRAGMA journal_mode={journal}").scalar_one() == journal
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The SQL that is sent through ``engine`` meanwhile."""
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
