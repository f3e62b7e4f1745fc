"""Databases for the tests: a SQLite file, and real servers that start when the first test asks for one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.servers import MariaDB, MissingProgramError, PostgreSQL, Server

DIALECTS = ("sqlite", "postgresql", "mysql")


# Where a copy of the checkout is tested in a temporary folder, these lie there too.
_OURS = ("prisml", "tests", "benches", "examples", "docs")


@pytest.fixture(scope="module", autouse=True)
def _own_modules() -> Iterator[None]:
    """What a test file imports from temporary folders, as the command line does for users, is forgotten before the next file begins."""
    folder, path = tempfile.gettempdir() + os.sep, list(sys.path)
    yield
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or ())]
        if name.partition(".")[0] not in _OURS and any(str(place).startswith(folder) for place in places):
            del sys.modules[name]


def _started(kind: Callable[[Path], Server]) -> Iterator[Server]:
    # Not pytest's own folder: its path can be too long for a Unix socket, and the server's user may not enter it.
    with tempfile.TemporaryDirectory(prefix="prisml-server-") as folder:
        try:
            server = kind(Path(folder))
        except MissingProgramError as missing:
            if os.environ.get("PRISML_REQUIRE_SERVERS") == "1":
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL of this test run's own, on a free port, stopped at the end."""
    yield from _started(PostgreSQL)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """A MariaDB of this test run's own, on a free port, stopped at the end."""
    yield from _started(MariaDB)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'data.db'}"


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> Iterator[str]:
    """The URL of a fresh, empty database in PostgreSQL."""
    yield from postgresql_server.database()


@pytest.fixture
def mysql_url(mariadb_server: Server) -> Iterator[str]:
    """The URL of a fresh, empty database in MariaDB."""
    yield from mariadb_server.database()


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, empty database: the test runs once on SQLite, once on PostgreSQL, once on MariaDB."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
