"""Empty databases for campaigns: a SQLite file, or one in a server that is started for it and stopped after it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import make_url

from tests.support.servers import MariaDB, PostgreSQL, Server

DATABASES = ("sqlite", "postgresql", "mysql")
_Server = TypeVar("_Server", bound=Server)
_KINDS: dict[str, Callable[[Path], Server]] = {"postgresql": PostgreSQL, "mysql": MariaDB}


def named(url: str | None, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The databases of a campaign: that of ``url``, or else those ``chosen``."""
    return chosen if url is None else (url.partition(":")[0].partition("+")[0],)


@contextmanager
def lent(database: str, url: str | None = None) -> Iterator[str]:
    """The URL of an empty database, which is gone afterwards; ``url`` where there is one already."""
    if url is not None:
        yield _without_tls(url)
    elif database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="prisml-") as folder:
            yield f"sqlite:///{Path(folder) / 'registry.db'}"
    else:
        with started(_KINDS[database]) as server, lent_by(server) as found:
            yield found


@contextmanager
def started(kind: Callable[[Path], _Server]) -> Iterator[_Server]:
    """A server of that kind, in a folder that its user may enter."""
    with tempfile.TemporaryDirectory(prefix="prisml-server-") as folder:
        server = kind(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def lent_by(server: Server) -> Iterator[str]:
    """The URL of an empty database in ``server``."""
    with closing(cast("Generator[str]", server.database())) as found:
        yield _without_tls(next(found))


def _without_tls(url: str) -> str:
    # PyMySQL would read the system's certificates for each connection: 40 ms, and nothing to do with what is measured.
    found = make_url(url)
    if found.get_driver_name() == "pymysql":
        found = found.update_query_dict({"ssl_disabled": "true"})
    return found.render_as_string(hide_password=False)
