"""Whether everything in the registry is as it was stored: read whole, and checked against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from prisml.errors import ArtifactError
from prisml.manifest import read_manifest
from prisml.registry.blobs import blob_sizes, delete_blob, read_blob
from prisml.registry.bundle import read_report
from prisml.registry.database import Database
from prisml.registry.log import Deployment, read_log
from prisml.registry.maintenance import living_rows, orphans
from prisml.registry.tables import deployments, versions
from prisml.registry.transaction import Transaction


@dataclass(frozen=True)
class Problem:
    """What is wrong with a model, or with one of its versions."""

    name: str
    version: int | None
    message: str


@dataclass(frozen=True)
class Verification:
    """What was read, and what is wrong with it.

    ``versions`` that can serve, ``blobs`` and their ``bytes``; ``problems``, which only a backup or publishing again can mend; ``orphans``,
    the SHA-256 of blobs that no version needs, which do no harm. ``repaired``: the orphans were deleted.
    """

    versions: int
    blobs: int
    bytes: int
    problems: tuple[Problem, ...]
    orphans: tuple[str, ...]
    repaired: bool


def verify(database: Database, *, repair: bool) -> Verification:
    """Read every manifest, graph, report and entry of the log; with ``repair``, delete what no version needs, and nothing else."""
    with database.reading() as transaction:
        sizes = blob_sizes(transaction)
        rows = living_rows(transaction)
        problems = [*_version_problems(transaction, rows), *_log_problems(transaction, rows)]
        found = orphans(transaction, sizes)
    if repair and found:
        with database.writing() as transaction:
            found = orphans(transaction, blob_sizes(transaction))
            for sha256 in found:
                delete_blob(transaction, sha256)
    return Verification(len(rows), len(sizes), sum(sizes.values()), tuple(problems), tuple(found), repaired=repair)


def _version_problems(transaction: Transaction, rows: Iterable[Row[Any]]) -> Iterator[Problem]:
    for row in rows:
        whose = f"{row.name!r} version {row.number}"
        try:
            manifest = read_manifest(read_blob(transaction, row.digest, of=f"The manifest of {whose}").decode())
            graph = read_blob(transaction, manifest.model_sha256, of=f"The graph of {whose}")
            if row.report_sha256 is not None:
                read_report(read_blob(transaction, row.report_sha256, of=f"The report of {whose}"), of=row.name)
        except ArtifactError as error:
            yield Problem(row.name, row.number, error.message)
            continue
        except UnicodeDecodeError:
            yield Problem(row.name, row.number, f"The manifest of {whose} is not UTF-8.")
            continue
        if manifest.name != row.name:
            yield Problem(row.name, row.number, f"The manifest of {whose} is that of another model.")
        if (row.graph_sha256 or manifest.model_sha256) != manifest.model_sha256 or row.graph_bytes not in (None, len(graph)):
            yield Problem(row.name, row.number, f"The row of {whose} tells of another graph than its manifest.")
        if row.report_sha256 not in (None, manifest.report_sha256):
            yield Problem(row.name, row.number, f"The row of {whose} tells of another report than its manifest.")


def _log_problems(transaction: Transaction, rows: Iterable[Row[Any]]) -> Iterator[Problem]:
    living = {(row.name, row.number) for row in rows}
    ever = {(row.name, row.number) for row in transaction.rows(select(versions.c.name, versions.c.number))}
    for row in transaction.rows(select(deployments.c.name).distinct().order_by(deployments.c.name)):
        try:
            entries = read_log(transaction, row.name)
        except ArtifactError as error:
            yield Problem(row.name, None, error.message)
            continue
        for older, entry in zip([*entries[1:], None], entries, strict=True):
            if message := _wrong_with(entry, older, ever):
                yield Problem(entry.name, entry.version, message)
        serving = {entries[0].version, *(variant.version for variant in (entries[0].experiment.variants if entries[0].experiment else ()))}
        for number in sorted(serving):
            if (row.name, number) in ever - living:
                yield Problem(row.name, number, f"{row.name!r} version {number} serves, and was deleted.")


def _wrong_with(entry: Deployment, older: Deployment | None, ever: set[tuple[str, int]]) -> str | None:
    """What is wrong with an entry of the log, by the one before it and the versions that were ever there."""
    tried = () if entry.experiment is None else entry.experiment.variants
    unknown = [number for number in (entry.version, *(variant.version for variant in tried)) if (entry.name, number) not in ever]
    whose = f"Entry {entry.position} of the log of {entry.name!r}"
    if unknown:
        return f"{whose} is about version {unknown[0]}, which there never was."
    if entry.position != (older.position if older is not None else 0) + 1:
        return f"{whose} does not follow the one before it: an entry is missing."
    if entry.before != (older.version if older is not None else None):
        return f"{whose} tells of another version before it than the one that served."
    return None
