"""Versions that are no longer needed: what may be deleted, and the blobs that go with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from prisml.errors import ArtifactError, ConfigurationError, ConflictError
from prisml.logs import DELETED, record
from prisml.manifest import read_manifest
from prisml.registry.blobs import delete_blob, read_blob
from prisml.registry.log import last_entry
from prisml.registry.tables import versions
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Version, change_row, every_version, find_version, living_versions


def delete_version(transaction: Transaction, name: str, which: int | str, author: str) -> Version:
    """Leave of that version only its row, marked as deleted; ``ConflictError`` where it serves or is in an experiment."""
    version = find_version(transaction, name, which)
    _refuse_needed(transaction, version)
    _delete(transaction, [version], author)
    return next(each for each in every_version(transaction, name) if each.number == version.number)


def delete_old(transaction: Transaction, name: str, keep: int, author: str) -> tuple[Version, ...]:
    """Delete what ``old_versions`` gives; those versions, oldest first."""
    old = old_versions(transaction, name, keep)
    _delete(transaction, old, author)
    numbers = {version.number for version in old}
    return tuple(version for version in every_version(transaction, name) if version.number in numbers)


def old_versions(transaction: Transaction, name: str, keep: int) -> tuple[Version, ...]:
    """All but the newest ``keep`` and those that serve, are in an experiment, or have a label."""
    if keep < 0:
        raise ConfigurationError(f"{keep} versions cannot be kept.", {"keep": keep}, ["Give 0 or more."])
    living = living_versions(transaction, name)
    last = last_entry(transaction, name)
    tried = set() if last is None or last.experiment is None else {variant.version for variant in last.experiment.variants}
    return tuple(
        version for version in living[: max(len(living) - keep, 0)] if not (version.active or version.label or version.number in tried)
    )


def living_rows(transaction: Transaction) -> list[Row[Any]]:
    """The row of every version of every model that is not deleted."""
    statement = select(*transaction.columns(versions)).order_by(versions.c.name, versions.c.number)
    return [row for row in transaction.rows(statement) if row.deleted_at is None]


def orphans(transaction: Transaction, stored: Iterable[str]) -> list[str]:
    """Those SHA-256 of ``stored`` that no living version needs; none while a damaged manifest hides which graph it needs."""
    needed: set[str | None] = set()
    for row in living_rows(transaction):
        graph = row.graph_sha256 or _graph_named_by(transaction, row.digest)
        if graph is None:
            return []
        needed |= {row.digest, graph, row.report_sha256}
    return sorted(set(stored) - needed)


def _refuse_needed(transaction: Transaction, version: Version) -> None:
    context = {"model": version.name, "version": version.number}
    last = last_entry(transaction, version.name)
    if last is not None and last.experiment is not None and last.experiment.of_version(version.number) is not None:
        raise ConflictError(
            f"{version.name!r} version {version.number} is in the experiment {last.experiment.name!r}.",
            {**context, "experiment": last.experiment.name},
            [f"Stop the experiment first: prisml experiment stop {version.name}."],
        )
    if version.active:
        raise ConflictError(
            f"{version.name!r} version {version.number} serves: the active version cannot be deleted.",
            context,
            [f"Activate another one first: prisml activate {version.name} NUMBER."],
        )


def _delete(transaction: Transaction, old: Iterable[Version], author: str) -> None:
    """Mark the versions as deleted; their labels are free again, and their blobs go where no other version needs them."""
    theirs: set[str] = set()
    for version in old:
        row = transaction.first(
            select(versions.c.digest, versions.c.graph_sha256, versions.c.report_sha256).where(
                versions.c.name == version.name, versions.c.number == version.number
            )
        )
        theirs |= {sha256 for sha256 in (row or ()) if sha256 is not None}
        gone = {"deleted_at": datetime.now(UTC), "deleted_by": author, "label": None, "report_sha256": None}
        change_row(transaction, (version.name, version.number), gone)
        transaction.committed.append(partial(record, DELETED, model=version.name, version=version.number))
    for sha256 in orphans(transaction, theirs):
        delete_blob(transaction, sha256)


def _graph_named_by(transaction: Transaction, digest: str) -> str | None:
    try:
        return read_manifest(read_blob(transaction, digest, of="The manifest").decode()).model_sha256
    except (ArtifactError, UnicodeDecodeError):
        return None
