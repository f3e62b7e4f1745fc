"""What a container is to train, and what it is given for it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from prisml.commands.backend.mounts import Mount, merged, require_within
from prisml.commands.backend.network import network_for
from prisml.commands.commit import COMMIT_VARIABLE, git_commit
from prisml.commands.database import WAYS, open_database
from prisml.config import Config
from prisml.errors import ConfigurationError
from prisml.extraction.sqlite_copy import copy_into
from prisml.registry.log import process_user
from prisml.url import read_url

# Handed on where they are set. What names a file of this machine is not among them: no container sees it.
_ALSO_HANDED = ("PGUSER", "PGPASSWORD", "PGSSLMODE", "PYTHONPATH", "OMP_NUM_THREADS", "NO_COLOR")
_OUR_OWN = frozenset({"PRISML_BACKEND", "PRISML_IMAGE"})


@dataclass(frozen=True)
class Job:
    """One training in a container.

    ``environment`` are variables with their values, which may hold passwords: their names alone stand in a command. ``words`` follow
    ``prisml train`` in the container.
    """

    folder: Path
    mounts: tuple[Mount, ...]
    network: str | None
    environment: Mapping[str, str] = field(repr=False)
    words: tuple[str, ...]


@contextmanager
def prepared(config: Config, targets: Sequence[str], words: Sequence[str], *, dry_run: bool = False) -> Iterator[Job]:
    """The job of training ``targets`` by that configuration, with ``words`` as the command's options; what was made for it goes at the end.

    A SQLite database is given as a copy: a container can neither share its locks everywhere nor read a write-ahead log without writing
    beside it. ``dry_run`` makes nothing, and names a folder in place of the copy's.
    """
    folder = Path.cwd()
    project = config.root or folder
    require_within(project, targets)
    if not config.database:
        raise ConfigurationError("No database is named.", {}, WAYS)
    registry, database = _registry(config.registry), read_url(config.database, of="database")
    mounts = [Mount(project)]
    if (place := _sqlite_file(registry)) is not None:
        if not dry_run:
            place.parent.mkdir(parents=True, exist_ok=True)
        mounts.append(Mount(place.parent, writable=True))
    with _within_reach(config.database, database, dry_run=dry_run) as (given, copy):
        mounts += [] if copy is None else [Mount(copy, writable=True)]
        environment = _environment(given, registry, folder)
        yield Job(folder, merged(mounts), network_for((given, registry)), environment, tuple(words))


def _registry(where: str) -> URL:
    url = read_url(where, of="registry")
    place = _sqlite_file(url)
    return url if place is None else url.set(database=str(place))


def _sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite URL, or None for a server; ``ConfigurationError`` where it is in memory or named by a URI."""
    if url.get_backend_name() != "sqlite":
        return None
    name = url.database or ":memory:"
    if name.startswith((":", "file:")):
        message = "A container shares no SQLite database in memory, and none that is named by a URI."
        raise ConfigurationError(message, {"dialect": url.drivername}, ["Name a file, as in sqlite:///shop.db.", "Or: --backend local."])
    return Path(name).resolve()


@contextmanager
def _within_reach(where: str, url: URL, *, dry_run: bool) -> Iterator[tuple[URL, Path | None]]:
    """The URL that the container reads by, and the folder of the copy where it is one."""
    if _sqlite_file(url) is None:
        yield url, None
    elif dry_run:
        folder = Path(tempfile.gettempdir(), "prisml-copy").resolve()
        yield url.set(database=str(folder / "steps.db")), folder
    else:
        with tempfile.TemporaryDirectory(prefix="prisml-") as made:
            folder = Path(made).resolve()
            yield url.set(database=str(_copy(where, folder))), folder


def _copy(where: str, folder: Path) -> Path:
    with open_database(where) as engine, engine.connect() as connection:
        source: object = connection.connection.dbapi_connection
        if not isinstance(source, sqlite3.Connection):
            message = f"A SQLite database opened through {type(source).__module__} cannot be copied for a container."
            raise ConfigurationError(message, {}, ["Name it as sqlite:///FILE.", "Or: --backend local."])
        copy = copy_into(source, folder)
    opened = sqlite3.connect(copy)
    try:
        # With a write-ahead log extraction needs no copy of its own.
        opened.execute("PRAGMA journal_mode=WAL")
    finally:
        opened.close()
    return copy


def _environment(database: URL, registry: URL, folder: Path) -> dict[str, str]:
    handed = {name: value for name, value in os.environ.items() if name.startswith("PRISML_") or name in _ALSO_HANDED}
    told = {
        "DATABASE_URL": database.render_as_string(hide_password=False),
        "PRISML_REGISTRY": registry.render_as_string(hide_password=False),
        # The number of this user has no name in the container, and versions keep who made them.
        "LOGNAME": process_user(),
    }
    if (commit := git_commit(folder)) is not None:
        told[COMMIT_VARIABLE] = commit
    return {**{name: value for name, value in handed.items() if name not in _OUR_OWN}, **told}
