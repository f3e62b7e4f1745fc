"""A model of a registry as a record of an archive, and back into a registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import insert

from prisml.errors import ArtifactError, ConfigurationError
from prisml.registry.archive import Deleted, LogRecord, ModelRecord, VersionRecord, damaged
from prisml.registry.bundle import Artifact
from prisml.registry.experiments import Experiment, read_experiment
from prisml.registry.labels import check_commit, check_label
from prisml.registry.log import By, Deployment, change, last_entry, read_log, write_entry
from prisml.registry.tables import versions
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Details, Version, add_report, every_version, store

Artifacts = Callable[[VersionRecord], Artifact]


@dataclass(frozen=True)
class Imported:
    """A version as it is here now, the number it had where it came from (None: a bundle says none), and whether it is new here."""

    version: Version
    number_there: int | None
    is_new: bool


def record(transaction: Transaction, name: str) -> ModelRecord:
    """The model as an archive keeps it, deleted versions and the whole log with it."""
    entries = reversed(read_log(transaction, name))
    return ModelRecord(
        name=name,
        versions=tuple(_version_record(version) for version in every_version(transaction, name)),
        log=tuple(_log_record(entry) for entry in entries),
    )


def check(model: ModelRecord) -> None:
    """``ArtifactError`` where the record says what a registry would not."""
    for version in model.versions:
        try:
            check_label(version.label)
            check_commit(version.commit)
        except ConfigurationError as error:
            raise damaged(f"a version of {model.name!r} has a label or a commit that none can have", model=model.name) from error
    numbers = {version.number for version in model.versions}
    for place, entry in enumerate(model.log, start=1):
        experiment = _experiment(model, entry)
        if experiment is None:
            continue
        tried = {variant.version for variant in experiment.variants}
        last = place == len(model.log)
        if experiment.control.version != entry.version or not tried <= ({each.number for each in model.living} if last else numbers):
            raise damaged(f"the experiment of entry {place} of the log of {model.name!r} is not of its versions", model=model.name)


def restore(transaction: Transaction, model: ModelRecord, artifact_of: Artifacts) -> None:
    """Write a model that the registry does not have: the same numbers, labels and log."""
    for version in model.versions:
        if version.deleted is None:
            store(transaction, artifact_of(version), _details(version), number=version.number)
        else:
            transaction.write(insert(versions).values(_tombstone(model.name, version, version.deleted)))
    for position, entry in enumerate(model.log, start=1):
        experiment = _experiment(model, entry)
        write_entry(
            transaction,
            Deployment(model.name, position, entry.at, entry.author, entry.action, entry.why, entry.before, entry.version, experiment),
        )


def merge(transaction: Transaction, model: ModelRecord, artifact_of: Artifacts, known: dict[str, Version]) -> None:
    """Add to a model that is here what it lacks: new versions get the next numbers, a deleted one is back, the log stays as it is.

    A version that is here without its report gets that.
    """
    for version in model.living:
        here = known.get(version.digest)
        if here is None or here.deleted_at is not None:
            store(transaction, artifact_of(version), _details(version))
        elif version.report_sha256 is not None:
            add_report(transaction, here, artifact_of(version))


def import_model(transaction: Transaction, model: ModelRecord, artifact_of: Artifacts, by: By, *, activate: bool) -> tuple[Imported, ...]:
    """Bring the model in, whole, and with ``activate`` let serve here what serves there, or else its newest version."""
    known = {version.digest: version for version in every_version(transaction, model.name)}
    if known:
        merge(transaction, model, artifact_of, known)
    else:
        restore(transaction, model, artifact_of)
    numbers = {version.digest: version.number for version in every_version(transaction, model.name)}
    if activate and model.living and (known or model.serving is None):
        wanted = next((version for version in model.versions if version.number == model.serving), model.living[-1])
        let_serve(transaction, model.name, numbers[wanted.digest], by)
    here = {version.digest: version for version in every_version(transaction, model.name)}
    there_before = {digest for digest, version in known.items() if version.deleted_at is None}
    return tuple(Imported(here[version.digest], version.number, version.digest not in there_before) for version in model.living)


def let_serve(transaction: Transaction, name: str, number: int, by: By) -> None:
    """Let the imported version serve; where it does already, an experiment beside it runs on."""
    last = last_entry(transaction, name)
    if last is None or last.version != number:
        change(transaction, name, number, "import", by)


def _version_record(version: Version) -> VersionRecord:
    deleted = None
    if version.deleted_at is not None:
        deleted = Deleted(at=version.deleted_at, by=version.deleted_by, metrics=dict(version.metrics), size=version.size)
    return VersionRecord(
        number=version.number,
        digest=version.digest,
        created_at=version.created_at,
        author=version.author,
        label=version.label,
        note=version.note,
        commit=version.commit,
        deleted=deleted,
        report_sha256=version.report_sha256,
    )


def _log_record(entry: Deployment) -> LogRecord:
    return LogRecord.model_validate(
        {
            "at": entry.at,
            "author": entry.author,
            "action": entry.action,
            "why": entry.why,
            "before": entry.before,
            "version": entry.version,
            "experiment": None if entry.experiment is None else json.loads(entry.experiment.to_json()),
        }
    )


def _experiment(model: ModelRecord, entry: LogRecord) -> Experiment | None:
    if entry.experiment is None:
        return None
    try:
        return read_experiment(json.dumps(entry.experiment), model=model.name)
    except ArtifactError:
        raise damaged(f"an experiment in the log of {model.name!r} is damaged", model=model.name) from None


def _details(version: VersionRecord) -> Details:
    return Details(version.author, version.created_at, version.label, version.note, version.commit)


def _tombstone(name: str, version: VersionRecord, deleted: Deleted) -> dict[str, object]:
    return {
        "name": name,
        "number": version.number,
        "digest": version.digest,
        "created_at": version.created_at,
        "author": version.author,
        "metrics": json.dumps(deleted.metrics, sort_keys=True),
        "label": version.label,
        "note": version.note,
        "commit_id": version.commit,
        "graph_bytes": deleted.size,
        "deleted_at": deleted.at,
        "deleted_by": deleted.by,
    }
