"""A registry as the release with schema 1 wrote it: its tables, word for word, and its rows. Frozen: it is what users have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import Connection, Engine, LargeBinary, bindparam, text

from prisml.registry.bundle import Artifact

PART = 256 * 1024
MOMENT = "2026-03-04T05:06:07.000089Z"
BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA", "mysql": "BLOB(262144)"}
SUFFIX = {"sqlite": "", "postgresql": "", "mysql": "ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin"}
TABLES = (
    """
CREATE TABLE IF NOT EXISTS prisml_blobs (
	sha256 VARCHAR(64) NOT NULL,
	position INTEGER NOT NULL,
	data {bytes} NOT NULL,
	PRIMARY KEY (sha256, position)
){suffix}
""",
    """
CREATE TABLE IF NOT EXISTS prisml_schema (
	id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (id)
){suffix}
""",
    """
CREATE TABLE IF NOT EXISTS prisml_versions (
	name VARCHAR(200) NOT NULL,
	number INTEGER NOT NULL,
	digest VARCHAR(64) NOT NULL,
	created_at VARCHAR(27) NOT NULL,
	author TEXT NOT NULL,
	metrics TEXT NOT NULL,
	PRIMARY KEY (name, number),
	CONSTRAINT uq_prisml_versions_digest UNIQUE (name, digest)
){suffix}
""",
    """
CREATE TABLE IF NOT EXISTS prisml_deployments (
	name VARCHAR(200) NOT NULL,
	position INTEGER NOT NULL,
	at VARCHAR(27) NOT NULL,
	author TEXT NOT NULL,
	why TEXT,
	from_number INTEGER,
	to_number INTEGER NOT NULL,
	PRIMARY KEY (name, position),
	FOREIGN KEY(name, to_number) REFERENCES prisml_versions (name, number)
){suffix}
""",
)


def make_tables_v1(connection: Connection) -> None:
    """The four tables, without the schema's number."""
    dialect = connection.dialect.name
    for table in TABLES:
        connection.exec_driver_sql(table.format(bytes=BYTES[dialect], suffix=SUFFIX[dialect]))


def make_registry_v1(engine: Engine, artifacts: Sequence[Artifact]) -> None:
    """A registry of schema 1 with these versions of one model; each served in turn, and the last one serves."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        make_tables_v1(connection)
        connection.execute(text("INSERT INTO prisml_schema (id, version) VALUES (1, 1)"))
        for number, artifact in enumerate(artifacts, 1):
            write_blob(connection, artifact.onnx)
            write_blob(connection, artifact.manifest_text.encode())
            _write_version(connection, number, artifact)
            _write_deployment(connection, artifact.manifest.name, number)


def write_blob(connection: Connection, data: bytes) -> None:
    """Store ``data`` in parts, unless it is there."""
    sha256 = hashlib.sha256(data).hexdigest()
    if connection.execute(text("SELECT 1 FROM prisml_blobs WHERE sha256 = :sha256"), {"sha256": sha256}).first() is not None:
        return
    insert = text("INSERT INTO prisml_blobs (sha256, position, data) VALUES (:sha256, :position, :data)")
    insert = insert.bindparams(bindparam("data", type_=LargeBinary))
    for position, start in enumerate(range(0, max(len(data), 1), PART)):
        connection.execute(insert, {"sha256": sha256, "position": position, "data": data[start : start + PART]})


def _write_version(connection: Connection, number: int, artifact: Artifact) -> None:
    metrics = {metric: interval.value for metric, interval in artifact.manifest.metrics.items()}
    connection.execute(
        text(
            "INSERT INTO prisml_versions (name, number, digest, created_at, author, metrics)"
            " VALUES (:name, :number, :digest, :created_at, :author, :metrics)"
        ),
        {
            "name": artifact.manifest.name,
            "number": number,
            "digest": artifact.digest,
            "created_at": MOMENT,
            "author": "ann",
            "metrics": json.dumps(metrics, sort_keys=True),
        },
    )


def _write_deployment(connection: Connection, name: str, number: int) -> None:
    connection.execute(
        text(
            "INSERT INTO prisml_deployments (name, position, at, author, why, from_number, to_number)"
            " VALUES (:name, :position, :at, 'ann', NULL, :before, :number)"
        ),
        {"name": name, "position": number, "at": MOMENT, "before": number - 1 or None, "number": number},
    )
