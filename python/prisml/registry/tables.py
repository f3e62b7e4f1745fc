"""The registry's four tables.

Rule of change: ``SCHEMA_VERSION`` is raised by one for whatever changes here, and ``schema.py`` brings older registries up to it. A
registry of an older number is read as it is; one of a newer number is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, ForeignKeyConstraint, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint
from sqlalchemy.types import TypeDecorator, TypeEngine

SCHEMA_VERSION = 3
LONGEST_NAME = 200
LONGEST_LABEL = 100
LONGEST_COMMIT = 64
CHUNK_BYTES = 256 * 1024
"""A blob is stored in parts of this size: far below any ``max_allowed_packet``, also when each byte is escaped."""


class UtcText(TypeDecorator[datetime]):
    """A moment as ISO 8601 text in UTC: readable in any client, exact to the microsecond and sortable on every dialect."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def utc_text(value: datetime) -> str:
    """The text that the registry keeps of a moment; a naive one is UTC."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


metadata = MetaData()

# Binary collation: MySQL would otherwise take "Churn" and "churn" for the same model.
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def _since(number: int, name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> Column[Any]:
    return Column(name, kind, nullable=True, info={"since": number})


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
    _since(2, "label", String(LONGEST_LABEL)),
    _since(2, "note", Text),
    _since(2, "commit_id", String(LONGEST_COMMIT)),
    _since(2, "graph_sha256", String(64)),
    _since(2, "graph_bytes", Integer),
    _since(2, "deleted_at", UtcText),
    _since(2, "deleted_by", Text),
    _since(3, "report_sha256", String(64)),
    UniqueConstraint("name", "digest", name="uq_prisml_versions_digest"),
    UniqueConstraint("name", "label", name="uq_prisml_versions_label", info={"since": 2}),
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
    _since(2, "action", String(20)),
    _since(2, "experiment", Text),
    ForeignKeyConstraint(["name", "to_number"], ["prisml_versions.name", "prisml_versions.number"]),
    **_MYSQL,
)
