"""The versions of a model: immutable, numbered from one, and never numbered twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from prisml.errors import ArtifactError
from prisml.logs import PUBLISHED, record
from prisml.manifest import read_manifest
from prisml.registry.blobs import read_blob, write_blob
from prisml.registry.bundle import Artifact, read_report
from prisml.registry.labels import free_label
from prisml.registry.missing import all_deleted, none_active, unknown_model, unknown_version
from prisml.registry.tables import deployments, versions
from prisml.registry.transaction import Transaction


@dataclass(frozen=True)
class Version:
    """An immutable version of a model: its number within the model, its digest, and whether it serves.

    ``metrics`` are those of the hold-out; ``label``, ``note`` and ``commit`` (of the code it was trained by) are what it was published
    with or described by; ``size`` is the graph's, in bytes. ``deleted_at`` and ``deleted_by`` are None for a version that can serve.
    ``report_sha256`` is None where the registry keeps no report of the version.
    """

    name: str
    number: int
    digest: str
    created_at: datetime
    author: str
    active: bool
    metrics: Mapping[str, float] = field(hash=False)
    label: str | None = None
    note: str | None = None
    commit: str | None = None
    size: int | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    report_sha256: str | None = None


@dataclass(frozen=True)
class Details:
    """What is said of a version when it is stored: who did it, when, and how it is called."""

    author: str
    at: datetime
    label: str | None = None
    note: str | None = None
    commit: str | None = None


def model_names(transaction: Transaction) -> tuple[str, ...]:
    """The models that have a version which is not deleted, in order of their names."""
    statement = select(versions.c.name).distinct().order_by(versions.c.name)
    if transaction.schema >= 2:
        statement = statement.where(versions.c.deleted_at.is_(None))
    return tuple(row.name for row in transaction.rows(statement))


def every_version(transaction: Transaction, name: str) -> tuple[Version, ...]:
    """All versions of the model, deleted ones too, oldest first; none where the model is unknown."""
    mine = deployments.c.name == name
    serving = select(deployments.c.to_number).where(mine).order_by(deployments.c.position.desc()).limit(1).scalar_subquery()
    statement = select(*transaction.columns(versions), serving.label("serving")).where(versions.c.name == name).order_by(versions.c.number)
    try:
        return tuple(_read(row) for row in transaction.rows(statement))
    except (TypeError, ValueError):
        # Not chained: it quotes what stands there.
        message = f"A version of {name!r} is damaged in the registry: its moment or its metrics cannot be read."
        raise ArtifactError(message, {"model": name}, ["Restore the registry from a backup."]) from None


def living_versions(transaction: Transaction, name: str) -> tuple[Version, ...]:
    """The versions that are not deleted, oldest first; ``ModelNotFoundError`` where there is none."""
    every = every_version(transaction, name)
    if living := tuple(version for version in every if version.deleted_at is None):
        return living
    raise all_deleted(name, transaction.place) if every else unknown_model(name, transaction.place, model_names(transaction))


def find_version(transaction: Transaction, name: str, which: int | str) -> Version:
    """The version of that number or label; ``VersionNotFoundError`` says which there are."""
    for version in living_versions(transaction, name):
        if which == (version.label if isinstance(which, str) else version.number):
            return version
    raise unknown_version(name, which, every_version(transaction, name))


def active_version(transaction: Transaction, name: str) -> Version:
    """The version that serves; ``ModelNotFoundError`` where the model is unknown or none was activated."""
    living = living_versions(transaction, name)
    for version in living:
        if version.active:
            return version
    raise none_active(name, transaction.place, living)


def manifest_text(transaction: Transaction, version: Version) -> str:
    """The manifest of ``version`` as it was stored, checked against the version's digest."""
    return _read_checked(transaction, version, version.digest, "manifest").decode()


def graph(transaction: Transaction, version: Version, sha256: str) -> bytes:
    """The graph of ``version``, checked against its SHA-256, which the manifest gives."""
    return _read_checked(transaction, version, sha256, "graph")


def report_text(transaction: Transaction, version: Version) -> str | None:
    """The report of ``version``, checked against its SHA-256; None where the registry keeps none."""
    if version.report_sha256 is None:
        return None
    return read_report(_read_checked(transaction, version, version.report_sha256, "report"), of=version.name)


def read_artifact(transaction: Transaction, version: Version, *, with_report: bool = True) -> Artifact:
    """Manifest and graph of ``version``, and its report where there is one and it is wanted."""
    text = manifest_text(transaction, version)
    onnx = graph(transaction, version, read_manifest(text).model_sha256)
    return Artifact(text, onnx, report_text(transaction, version) if with_report else None)


def store(transaction: Transaction, artifact: Artifact, details: Details, *, number: int | None = None) -> int:
    """Store ``artifact`` under its model's name; its number.

    A digest that is there keeps its number, is called what ``details`` calls it, and is no longer deleted; its report too stays where
    ``artifact`` comes without it. A new one gets ``number``, which must be free, or else the next one.
    """
    name = artifact.manifest.name
    known = transaction.first(select(versions.c.number).where(versions.c.name == name, versions.c.digest == artifact.digest))
    row = (name, int(known.number)) if known is not None else (name, number or _next_number(transaction, name))
    free_label(transaction, row, details.label)
    write_blob(transaction, artifact.onnx)
    write_blob(transaction, artifact.manifest_text.encode())
    if artifact.report_text is not None:
        write_blob(transaction, artifact.report_text.encode())
    said = {"label": details.label, "note": details.note, "commit_id": details.commit}
    if known is None:
        _insert(transaction, artifact, details, row[1], said)
    else:
        given = {key: value for key, value in said.items() if value is not None}
        change_row(transaction, row, {**given, **_of_files(artifact), "deleted_at": None, "deleted_by": None})
    told = partial(record, PUBLISHED, model=name, version=row[1], digest=artifact.digest, bytes=len(artifact.onnx))
    transaction.committed.append(told)
    return row[1]


def add_report(transaction: Transaction, version: Version, artifact: Artifact) -> None:
    """Store the report of a version that is here without it; nothing where ``artifact`` has none either."""
    if artifact.report_text is not None and version.report_sha256 is None:
        write_blob(transaction, artifact.report_text.encode())
        change_row(transaction, (version.name, version.number), _of_files(artifact))


def describe(transaction: Transaction, row: tuple[str, int], given: Mapping[str, object]) -> None:
    """Write the label and the note that are ``given``; None takes one away."""
    label = given.get("label")
    free_label(transaction, row, None if label is None else str(label))
    if given:
        change_row(transaction, row, given)


def change_row(transaction: Transaction, row: tuple[str, int], values: Mapping[str, object]) -> None:
    """Write ``values`` into the row of that name and number."""
    transaction.write(update(versions).where(versions.c.name == row[0], versions.c.number == row[1]).values(dict(values)))


def _next_number(transaction: Transaction, name: str) -> int:
    last = transaction.first(select(func.max(versions.c.number).label("last")).where(versions.c.name == name))
    return ((last.last if last is not None else None) or 0) + 1


def _insert(transaction: Transaction, artifact: Artifact, details: Details, number: int, said: Mapping[str, str | None]) -> None:
    metrics = {metric: interval.value for metric, interval in artifact.manifest.metrics.items()}
    values = {
        "name": artifact.manifest.name,
        "number": number,
        "digest": artifact.digest,
        "created_at": details.at,
        "author": details.author,
        "metrics": json.dumps(metrics, sort_keys=True),
        **_of_files(artifact),
        **said,
    }
    transaction.write(insert(versions).values(values))


def _of_files(artifact: Artifact) -> dict[str, object]:
    graph: dict[str, object] = {"graph_sha256": artifact.manifest.model_sha256, "graph_bytes": len(artifact.onnx)}
    return graph if artifact.report_text is None else {**graph, "report_sha256": artifact.manifest.report_sha256}


def _read(row: Row[Any]) -> Version:
    metrics = json.loads(row.metrics)
    numbers = isinstance(metrics, dict) and all(isinstance(value, int | float) for value in metrics.values())
    moments = [row.created_at] if row.deleted_at is None else [row.created_at, row.deleted_at]
    if not numbers or any(moment.tzinfo is None for moment in moments):
        raise ValueError
    return Version(
        row.name,
        row.number,
        row.digest,
        row.created_at,
        row.author,
        row.number == row.serving,
        metrics,
        row.label,
        row.note,
        row.commit_id,
        row.graph_bytes,
        row.deleted_at,
        row.deleted_by,
        row.report_sha256,
    )


def _read_checked(transaction: Transaction, version: Version, sha256: str, what: str) -> bytes:
    try:
        return read_blob(transaction, sha256, of=f"The {what} of {version.name!r} version {version.number}")
    except ArtifactError:
        every = every_version(transaction, version.name)
        if any(each.number == version.number and each.deleted_at is not None for each in every):
            raise unknown_version(version.name, version.number, every) from None
        raise
