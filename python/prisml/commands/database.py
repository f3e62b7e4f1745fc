"""The user's database, opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from prisml.errors import ConfigurationError
from prisml.extraction.database import connect, reaching, refuse_asynchronous

WAYS = (
    "Give it to the command: --database sqlite:///shop.db, or postgresql+psycopg://user@host/shop.",
    "Or set DATABASE_URL in the environment.",
    'Or write database = "..." under [tool.prisml] in pyproject.toml.',
)


@contextmanager
def open_database(url: str | None) -> Iterator[Engine]:
    """An engine on ``url`` that has answered once; its connections are closed at the end.

    Raises ``ConfigurationError`` where there is no URL or one that cannot be used, and ``DatabaseConnectionError`` where nobody
    answers.
    """
    if not url:
        raise ConfigurationError("No database is named.", {}, WAYS)
    engine = connect(url)
    refuse_asynchronous(engine)
    try:
        with reaching(engine.url):
            engine.connect().close()
        yield engine
    finally:
        engine.dispose()
