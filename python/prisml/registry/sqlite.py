"""What only SQLite needs: its journal, its transactions, and files in folders that cannot be written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 30.0
BUSY, READ_ONLY, FULL, CANNOT_OPEN, NO_DATABASE = 5, 8, 13, 14, 26
_WAL_IN_HEADER = b"\x02\x02"


def error_code(error: Exception) -> int | None:
    """The primary code of what SQLite refused; None where another database did."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    # The low byte is the primary code.
    return None if code is None else int(code) & 0xFF


def switch_to_wal(connection: Connection) -> None:
    """Let readers and the writer not wait for each other; the mode stays with the file."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with connection.begin():
                _end_transaction(connection)
                if connection.exec_driver_sql("PRAGMA journal_mode").scalar() not in ("wal", "memory"):
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            # SQLite does not always wait here by itself.
            if error_code(error) != BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once: a transaction that reads first and writes later can fail without waiting."""
    _end_transaction(connection)
    connection.exec_driver_sql("PRAGMA synchronous=FULL")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def deferred(connection: Connection) -> Iterator[None]:
    """A transaction in which every SELECT sees the same state; the driver begins none for a SELECT."""
    _end_transaction(connection)
    connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        _end_transaction(connection)


def is_sealed(file: Path) -> bool:
    """Whether SQLite cannot open the file in its usual way, since it is in WAL mode and nothing can be made beside it.

    Where a log lies beside it already, somebody has it open, and SQLite reads it with the help of what they made.
    """
    folder = file.parent
    writable = os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    return not writable and not _log(file).exists() and _header(file)[18:20] == _WAL_IN_HEADER


def sealed_url(url: URL, file: Path) -> URL:
    """The URL by which a sealed file is read without any lock."""
    return url.set(database=f"file:{quote(str(file))}", query={"mode": "ro", "immutable": "1", "uri": "true"})


def seal(file: Path) -> tuple[object, ...]:
    """What differs once somebody has written to a sealed file, or has begun to, from another place."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, _log(file).exists()


def _log(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def _header(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(20)


def _end_transaction(connection: Connection) -> None:
    """End the deferred transaction that an engine of the caller's own may have begun; nothing was done in it."""
    if getattr(connection.connection.driver_connection, "in_transaction", False):
        connection.exec_driver_sql("ROLLBACK")
