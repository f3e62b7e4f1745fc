"""The user's database: whether it answers, what it is, and what of it may be read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, false, literal, select
from sqlalchemy.exc import DBAPIError

from prisml.commands.doctor.finding import Finding, ok, skipped, wrong
from prisml.commands.schema import tables_read
from prisml.commands.targets import Definition
from prisml.extraction.database import reaching, shown
from prisml.extraction.reads import statement_of
from prisml.extraction.snapshot import snapshot
from prisml.url import first_line

_NO_RIGHT_POSTGRESQL = "42501"
_NO_RIGHT_MYSQL = frozenset({1044, 1142, 1143})
_ZONES = {"postgresql": "SHOW TIME ZONE", "mysql": "SELECT @@session.time_zone", "mariadb": "SELECT @@session.time_zone"}


def look_at_server(database: Engine) -> Iterator[Finding]:
    """What answered."""
    dialect = database.dialect
    with reaching(database.url), database.connect():
        number = ".".join(str(part) for part in getattr(dialect, "server_version_info", None) or ())
    name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    driver = f"{dialect.driver} {getattr(dialect.loaded_dbapi, '__version__', '')}".strip()
    yield ok("database.reachable", "server", f"{name} {number} at {shown(database.url)}, by {driver}")


def look_at_snapshot(database: Engine) -> Iterator[Finding]:
    """Whether one consistent view can be had; a SQLite file that would be copied for it is not copied now."""
    if database.dialect.name == "sqlite" and (size := _copied_bytes(database)) is not None:
        yield _room_for_copy(size)
        return
    with snapshot(database):
        pass
    yield ok("database.snapshot", "snapshot", "training sees one consistent state, and no writer waits for it")


def _copied_bytes(database: Engine) -> int | None:
    """The size of the file that an extraction would copy; None where it copies none."""
    file = Path(database.url.database or "")
    with reaching(database.url), database.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    return file.stat().st_size if journal != "wal" and file.is_file() else None


def _room_for_copy(size: int) -> Finding:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    detail = f"its journal is no write-ahead log, so each training copies the file first: {size:,} bytes"
    if free > size:
        return ok("database.snapshot", "snapshot", detail)
    room = f"{detail}, and {tempfile.gettempdir()} has {free:,}"
    return wrong("database.snapshot", "snapshot", room, "Make room there, or set TMPDIR to a folder with room.")


def look_at_zone(database: Engine) -> Iterator[Finding]:
    """The time zone that a session of this user begins with."""
    statement = _ZONES.get(database.dialect.name)
    if statement is None:
        yield ok("database.zone", "time zone", "SQLite has none: moments are taken as UTC")
        return
    with reaching(database.url), database.connect() as connection:
        zone = connection.exec_driver_sql(statement).scalar_one()
    yield ok("database.zone", "time zone", f"{zone} by default; training and expressions ask for UTC themselves")


def look_at_rights(database: Engine, definitions: Sequence[Definition]) -> Iterator[Finding]:
    """For each definition, whether every column it reads may be read; no row is read for it."""
    if not definitions:
        yield skipped("database.rights", "rights", "no definition says what is read")
    for definition in definitions:
        with reaching(database.url), database.connect() as connection:
            denied = list(_denied(definition, connection))
        if not denied:
            yield ok("database.rights", definition.name, "may read all that it reads")
        for table, words in denied:
            name = connection.dialect.identifier_preparer.format_table(table)
            user = database.url.username or "this user"
            yield wrong("database.rights", definition.name, f"may not read {table.fullname}: {words}", f"GRANT SELECT ON {name} TO {user};")


def _denied(definition: Definition, connection: Connection) -> Iterator[tuple[Table, str]]:
    """Each table that may not be read, with the database's words; what is not there is another check's."""
    for table, read in tables_read(statement_of(definition).select).items():
        try:
            connection.execute(select(*read, literal(1)).select_from(table).where(false()))
        except DBAPIError as error:
            if _is_denial(error):
                yield table, first_line(str(error.orig), connection.engine.url)
        finally:
            connection.rollback()


def _is_denial(error: DBAPIError) -> bool:
    cause = error.orig
    number = cause.args[0] if cause is not None and cause.args else None
    return getattr(cause, "sqlstate", None) == _NO_RIGHT_POSTGRESQL or number in _NO_RIGHT_MYSQL
