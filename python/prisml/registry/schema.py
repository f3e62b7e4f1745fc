"""How the registry's tables are made, checked, and brought up to this release's schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, Table, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import CreateColumn, CreateTable

from prisml.errors import ArtifactError, RegistryError
from prisml.manifest import read_manifest
from prisml.registry.blobs import blob_sizes, read_blob
from prisml.registry.tables import SCHEMA_VERSION, deployments, metadata, schema, versions
from prisml.registry.transaction import Transaction

# Two sessions that create the tables at once would collide in PostgreSQL's own catalogue.
_POSTGRESQL_LOCK = 5_743_271_905
_LABEL_INDEX = "uq_prisml_versions_label"
# MariaDB does not make a reader wait for a CREATE TABLE: the definition has changed, or is being modified.
_BEING_MADE = frozenset({1412, 1684})


def create_tables(connection: Connection) -> None:
    """Make what is missing of the four tables, and then the schema's number.

    Two processes may do so at once: where the dialect cannot make one wait, the second gets an ``IntegrityError`` for the number, and
    all is there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
    # An older release may have died after it had made the tables, and before it had numbered them.
    _add_columns(connection)
    if connection.execute(select(schema.c.id).where(schema.c.id == 1)).first() is None:
        connection.execute(insert(schema).values(id=1, version=SCHEMA_VERSION))


def has_tables(connection: Connection) -> bool:
    """Whether the registry's tables are there; nothing is made."""
    return _unless_being_made(lambda: inspect(connection).has_table(schema.name))


def read_schema(connection: Connection, place: str, *, lock: bool = False) -> int | None:
    """The number of the registry's schema: None where it is not there yet.

    ``RegistryError`` where it is newer than this release, or lost: a registry that holds versions had one.

    With ``lock``, every other writer waits at this row until the transaction ends.
    """
    statement = select(schema.c.version).where(schema.c.id == 1)
    number: int | None = connection.execute(statement.with_for_update() if lock else statement).scalar()
    if number is None:
        if _unless_being_made(lambda: _has_versions(connection)):
            raise RegistryError(
                f"The registry {place} is damaged: it holds versions, and not the number of its schema.",
                {"registry": place},
                ["Restore the registry from a backup."],
            )
        return None
    if number > SCHEMA_VERSION:
        raise RegistryError(
            f"The registry {place} has schema {number}; this release reads up to {SCHEMA_VERSION}.",
            {"registry": place, "schema": number},
            ["Upgrade prisml to the release that wrote it."],
        )
    return number


def refuse_older(number: int, place: str) -> None:
    """Raise ``RegistryError`` where the registry is to be written, and an older release made it."""
    if number < SCHEMA_VERSION:
        raise RegistryError(
            f"The registry {place} has schema {number}; this release writes {SCHEMA_VERSION}.",
            {"registry": place, "schema": number},
            ["Bring it up to date with prisml registry upgrade, once every process that writes to it has this release."],
        )


def add_columns(transaction: Transaction) -> None:
    """Add what an older schema lacks; what is there already stays, so that it may be done again after it was cut off."""
    if transaction.connection is not None:
        _add_columns(transaction.connection)


def fill_columns(transaction: Transaction) -> None:
    """Write what the new columns say of the versions that are there, and then the schema's number.

    A version whose manifest is damaged keeps NULL there: nothing of it can be said.
    """
    sizes = blob_sizes(transaction)
    statement = select(versions.c.name, versions.c.number, versions.c.digest).where(versions.c.graph_sha256.is_(None))
    for row in transaction.rows(statement):
        try:
            manifest = read_manifest(read_blob(transaction, row.digest, of="The manifest").decode())
        except (ArtifactError, UnicodeDecodeError):
            continue
        sha256 = manifest.model_sha256
        here = (versions.c.name == row.name) & (versions.c.number == row.number)
        transaction.write(update(versions).where(here).values(graph_sha256=sha256, graph_bytes=sizes.get(sha256)))
    transaction.write(update(schema).where(schema.c.id == 1).values(version=SCHEMA_VERSION))


def _add_columns(connection: Connection) -> None:
    for table in (versions, deployments):
        there = _column_names(connection, table)
        for column in table.c:
            if column.name not in there:
                spec = CreateColumn(column).compile(dialect=connection.dialect)
                _add(connection, f"ALTER TABLE {table.name} ADD COLUMN {spec}", partial(_has_column, connection, column))
    if not _has_label_index(connection):
        statement = f"CREATE UNIQUE INDEX {_LABEL_INDEX} ON {versions.name} (name, label)"
        _add(connection, statement, partial(_has_label_index, connection))


def _has_versions(connection: Connection) -> bool:
    if not inspect(connection).has_table(versions.name):
        return False
    return connection.execute(select(versions.c.number).limit(1)).first() is not None


def _unless_being_made(is_there: Callable[[], bool]) -> bool:
    """Whether it is there; what another process makes at this moment is not there yet."""
    try:
        return is_there()
    except DBAPIError as error:
        arguments = getattr(error.orig, "args", ())
        if not arguments or arguments[0] not in _BEING_MADE:
            raise
        return False


def _add(connection: Connection, statement: str, is_there: Callable[[], bool]) -> None:
    try:
        connection.execute(text(statement))
    except OperationalError:
        # MariaDB ends the transaction, and so the lock, at each of these: another process may have been faster.
        if not is_there():
            raise


def _column_names(connection: Connection, table: Table) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table.name)}


def _has_column(connection: Connection, column: Column[Any]) -> bool:
    return column.name in _column_names(connection, column.table)


def _has_label_index(connection: Connection) -> bool:
    inspector = inspect(connection)
    found = {index["name"] for index in inspector.get_indexes(versions.name)}
    return _LABEL_INDEX in found | {constraint["name"] for constraint in inspector.get_unique_constraints(versions.name)}
