"""A registry as the releases with schema 2 wrote it: the tables that differ from schema 1, word for word. Frozen: it is what users have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, text

from prisml.registry.bundle import Artifact
from tests.support.registry_v1 import BYTES, MOMENT, SUFFIX, write_blob
from tests.support.registry_v1 import TABLES as TABLES_V1

BLOBS, SCHEMA, _, _ = TABLES_V1
VERSIONS = """
CREATE TABLE prisml_versions (
	name VARCHAR(200) NOT NULL,
	number INTEGER NOT NULL,
	digest VARCHAR(64) NOT NULL,
	created_at VARCHAR(27) NOT NULL,
	author TEXT NOT NULL,
	metrics TEXT NOT NULL,
	label VARCHAR(100),
	note TEXT,
	commit_id VARCHAR(64),
	graph_sha256 VARCHAR(64),
	graph_bytes INTEGER,
	deleted_at VARCHAR(27),
	deleted_by TEXT,
	PRIMARY KEY (name, number),
	CONSTRAINT uq_prisml_versions_digest UNIQUE (name, digest),
	CONSTRAINT uq_prisml_versions_label UNIQUE (name, label)
){suffix}
"""
DEPLOYMENTS = """
CREATE TABLE prisml_deployments (
	name VARCHAR(200) NOT NULL,
	position INTEGER NOT NULL,
	at VARCHAR(27) NOT NULL,
	author TEXT NOT NULL,
	why TEXT,
	from_number INTEGER,
	to_number INTEGER NOT NULL,
	action VARCHAR(20),
	experiment TEXT,
	PRIMARY KEY (name, position),
	FOREIGN KEY(name, to_number) REFERENCES prisml_versions (name, number)
){suffix}
"""


def make_registry_v2(engine: Engine, artifacts: Sequence[Artifact]) -> None:
    """A registry of schema 2 with these versions of one model: each was published in turn, the last serves, the first was deleted."""
    dialect = engine.dialect.name
    if dialect == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        for table in (BLOBS, SCHEMA, VERSIONS, DEPLOYMENTS):
            connection.exec_driver_sql(table.format(bytes=BYTES[dialect], suffix=SUFFIX[dialect]))
        connection.execute(text("INSERT INTO prisml_schema (id, version) VALUES (1, 2)"))
        for number, artifact in enumerate(artifacts, 1):
            if number > 1:
                write_blob(connection, artifact.onnx)
                write_blob(connection, artifact.manifest_text.encode())
            _write_version(connection, number, artifact)
            _write_deployment(connection, artifact.manifest.name, number)


def _write_version(connection: Connection, number: int, artifact: Artifact) -> None:
    values = {
        "name": artifact.manifest.name,
        "number": number,
        "digest": artifact.digest,
        "created_at": MOMENT,
        "author": "ann",
        "metrics": json.dumps({metric: interval.value for metric, interval in artifact.manifest.metrics.items()}, sort_keys=True),
        "label": None if number == 1 else f"v{number}.0",
        "note": "a note",
        "commit_id": "9f3ab2c",
        "graph_sha256": artifact.manifest.model_sha256,
        "graph_bytes": len(artifact.onnx),
        "deleted_at": MOMENT if number == 1 else None,
        "deleted_by": "bob" if number == 1 else None,
    }
    _insert(connection, "prisml_versions", values)


def _write_deployment(connection: Connection, name: str, number: int) -> None:
    values = {
        "name": name,
        "position": number,
        "at": MOMENT,
        "author": "ann",
        "why": None,
        "from_number": number - 1 or None,
        "to_number": number,
        "action": "publish",
        "experiment": None,
    }
    _insert(connection, "prisml_deployments", values)


def _insert(connection: Connection, table: str, values: Mapping[str, object]) -> None:
    names = ", ".join(f":{key}" for key in values)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({names})"), values)
