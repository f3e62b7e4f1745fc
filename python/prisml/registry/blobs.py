"""Bytes kept in the registry, addressed by their SHA-256 and stored in parts."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, func, insert, select

from prisml.errors import ArtifactError
from prisml.registry.tables import CHUNK_BYTES, blobs
from prisml.registry.transaction import Transaction


def write_blob(transaction: Transaction, data: bytes) -> str:
    """Store ``data`` unless it is stored already, undamaged; its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    stored = _stored(transaction, sha256)
    if stored == data and stored is not None:
        return sha256
    if stored is not None:
        delete_blob(transaction, sha256)
    for position, start in enumerate(range(0, max(len(data), 1), CHUNK_BYTES)):
        transaction.write(insert(blobs).values(sha256=sha256, position=position, data=data[start : start + CHUNK_BYTES]))
    return sha256


def read_blob(transaction: Transaction, sha256: str, *, of: str) -> bytes:
    """The bytes stored under ``sha256``; ``ArtifactError`` where they are not those any more. ``of`` says whose they are."""
    data = _stored(transaction, sha256)
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(
            f"{of} is damaged in the registry: its SHA-256 is not the one it was stored under.",
            {"sha256": sha256},
            ["Restore the registry from a backup, or publish the same artifact again."],
        )
    return data


def delete_blob(transaction: Transaction, sha256: str) -> None:
    """Remove every part stored under ``sha256``."""
    transaction.write(delete(blobs).where(blobs.c.sha256 == sha256))


def blob_sizes(transaction: Transaction) -> dict[str, int]:
    """The bytes stored under each SHA-256."""
    statement = select(blobs.c.sha256, func.sum(func.length(blobs.c.data)).label("size")).group_by(blobs.c.sha256)
    return {row.sha256: int(row.size) for row in transaction.rows(statement.order_by(blobs.c.sha256))}


def _stored(transaction: Transaction, sha256: str) -> bytes | None:
    parts = transaction.rows(select(blobs.c.data).where(blobs.c.sha256 == sha256).order_by(blobs.c.position))
    return b"".join(part.data for part in parts) if parts else None
