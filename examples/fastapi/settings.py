"""Where the database is."""

from __future__ import annotations

import os

from sqlalchemy import URL, make_url

DEFAULT = "sqlite:///examples/fastapi/data/shop.db"


def database_url() -> URL:
    """``DATABASE_URL``, such as ``postgresql+psycopg://shop@db/shop``; without it, a SQLite file."""
    return make_url(os.environ.get("DATABASE_URL") or DEFAULT)


def async_database_url() -> URL:
    """The same database for an async engine: psycopg serves both kinds under one name, SQLite has a driver for each."""
    url = database_url()
    return url.set(drivername="sqlite+aiosqlite") if url.drivername == "sqlite" else url
