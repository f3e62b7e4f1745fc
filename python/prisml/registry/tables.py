"""The registry's four tables, and how they are made.

Rule of change: a release that adds a table or a nullable column keeps ``SCHEMA_VERSION``; any other change raises it by one and
brings its own migration. A registry with a newer number is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeDecorator

from prisml.errors import RegistryError

SCHEMA_VERSION = 1
LONGEST_NAME = 200
CHUNK_BYTES = 256 * 1024
"""A blob is stored in parts of this size: far below any ``max_allowed_packet``, also when each byte is escaped."""

# Two sessions that create the tables at once would collide in PostgreSQL's own catalogue.
_POSTGRESQL_LOCK = 5_743_271_905


class UtcText(TypeDecorator[datetime]):
    """An aware moment as ISO 8601 text in UTC: readable in any client, exact to the microsecond and sortable on every dialect."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

# Binary collation: MySQL would otherwise take "Churn" and "churn" for the same model.
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

schema = Table(
    "prisml_schema",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    **_MYSQL,
)

blobs = Table(
    "prisml_blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary(CHUNK_BYTES), nullable=False),
    **_MYSQL,
)

versions = Table(
    "prisml_versions",
    metadata,
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcText, nullable=False),
    Column("author", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    UniqueConstraint("name", "digest", name="uq_prisml_versions_digest"),
    **_MYSQL,
)

deployments = Table(
    "prisml_deployments",
    metadata,
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcText, nullable=False),
    Column("author", Text, nullable=False),
    Column("why", Text),
    Column("from_number", Integer),
    Column("to_number", Integer, nullable=False),
    ForeignKeyConstraint(["name", "to_number"], ["prisml_versions.name", "prisml_versions.number"]),
    **_MYSQL,
)


def create_tables(connection: Connection) -> None:
    """Make what is missing of the four tables, and then the schema's number.

    Two processes may do so at once: where the dialect cannot make one wait, the second gets an ``IntegrityError`` for the number, and
    all is there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
    if connection.execute(select(schema.c.id).where(schema.c.id == 1)).first() is None:
        connection.execute(insert(schema).values(id=1, version=SCHEMA_VERSION))


def has_tables(connection: Connection) -> bool:
    """Whether the registry's tables are there; nothing is made."""
    return inspect(connection).has_table(schema.name)


def check_schema(connection: Connection, place: str, *, lock: bool = False) -> bool:
    """Whether the registry can be read: False where its number is not there yet.

    ``RegistryError`` where it is newer than this release, or lost: a registry that holds versions had one.

    With ``lock``, every other writer waits at this row until the transaction ends.
    """
    statement = select(schema.c.version).where(schema.c.id == 1)
    number = connection.execute(statement.with_for_update() if lock else statement).scalar()
    if number is None:
        if inspect(connection).has_table(versions.name) and connection.execute(select(versions.c.number).limit(1)).first() is not None:
            raise RegistryError(
                f"The registry {place} is damaged: it holds versions, and not the number of its schema.",
                {"registry": place},
                ["Restore the registry from a backup."],
            )
        return False
    if number > SCHEMA_VERSION:
        raise RegistryError(
            f"The registry {place} has schema {number}; this release reads up to {SCHEMA_VERSION}.",
            {"registry": place, "schema": number},
            ["Upgrade prisml to the release that wrote it."],
        )
    return True
