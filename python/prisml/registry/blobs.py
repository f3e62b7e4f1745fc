"""Bytes kept in the registry, addressed by their SHA-256 and stored in parts."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, insert, select

from prisml.errors import ArtifactError
from prisml.registry.tables import CHUNK_BYTES, blobs


def write_blob(connection: Connection, data: bytes) -> str:
    """Store ``data`` unless it is stored already; its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    if connection.execute(select(blobs.c.position).where(blobs.c.sha256 == sha256).limit(1)).first() is None:
        for position, start in enumerate(range(0, max(len(data), 1), CHUNK_BYTES)):
            part = data[start : start + CHUNK_BYTES]
            connection.execute(insert(blobs).values(sha256=sha256, position=position, data=part))
    return sha256


def read_blob(connection: Connection | None, sha256: str, *, of: str) -> bytes:
    """The bytes stored under ``sha256``; ``ArtifactError`` where they are not those any more. ``of`` says whose they are."""
    statement = select(blobs.c.data).where(blobs.c.sha256 == sha256).order_by(blobs.c.position)
    data = b"".join(connection.execute(statement).scalars()) if connection is not None else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(
            f"{of} is damaged in the registry: its SHA-256 is not the one it was stored under.",
            {"sha256": sha256},
            ["Restore the registry from a backup, or train again."],
        )
    return data
