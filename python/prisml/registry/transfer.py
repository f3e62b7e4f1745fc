"""Models on their way from one registry to another, or to a folder that is served from: export and import."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prisml.errors import ConfigurationError, ModelNotFoundError
from prisml.registry.archive import INDEX_FILE, Index, ModelRecord, VersionRecord, damaged, member_of, read_index
from prisml.registry.bundle import MANIFEST_FILE, MODEL_FILE, REPORT_FILE, Artifact, is_bundle, read_bundle, read_report, write_bundle
from prisml.registry.container import SUFFIX, Source, add, clear, open_source, write_member, written
from prisml.registry.labels import checked_name
from prisml.registry.log import By
from prisml.registry.restore import Imported, check, import_model, let_serve, record
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Details, Version, every_version, find_version, living_versions, model_names, read_artifact, store

if TYPE_CHECKING:
    from prisml.registry.registry import Registry

__all__ = ["Exported", "Imported", "export", "import_"]


@dataclass(frozen=True)
class Exported:
    """What was written, and where: a bundle of one version, or an archive of models with their logs."""

    place: Path
    versions: tuple[Version, ...]
    is_bundle: bool


def export(registry: Registry, to: str | PathLike[str], *, name: str | None = None, which: int | str | None = None) -> Exported:
    """Write one version, a whole model, or without ``name`` the whole registry to ``to``.

    A version (``which``: a number or a label) becomes a bundle, a folder that ``prisml.load`` serves from. A model or a registry becomes
    an archive for ``import_``: one file where the name ends in ``.prisml``, otherwise a folder. Equal registries give equal bytes. What is
    written is one moment's state, whatever others publish meanwhile; a file is there whole or not at all.
    """
    place = Path(to)
    if which is not None:
        return _export_version(registry, place, name, which)
    with registry.database.reading() as transaction:
        names = model_names(transaction) if name is None else (living_versions(transaction, name)[0].name,)
        if not names:
            message = f"The registry {registry.place} is empty."
            raise ModelNotFoundError(message, {"registry": registry.place}, ["Publish a model first, with prisml train."])
        index = Index(models=tuple(record(transaction, each) for each in names))
        living = tuple(version for each in names for version in living_versions(transaction, each))
        with _target(place, index) as write:
            for version in living:
                artifact = read_artifact(transaction, version)
                write(member_of(version.digest, MANIFEST_FILE), artifact.manifest_text.encode())
                write(member_of(version.digest, MODEL_FILE), artifact.onnx)
                if artifact.report_text is not None:
                    write(member_of(version.digest, REPORT_FILE), artifact.report_text.encode())
            write(INDEX_FILE, index.to_json().encode())
    return Exported(place, living, is_bundle=False)


def import_(
    registry: Registry,
    source: str | PathLike[str],
    *,
    name: str | None = None,
    activate: bool = False,
    author: str | None = None,
    why: str | None = None,
) -> tuple[Imported, ...]:
    """Bring in the bundle or archive at ``source``, or of an archive only the model ``name``; its versions as they are here now.

    All of it is verified before anything is written; each model is one transaction. A model that is not here yet comes as it was, with
    numbers, labels and log, and so with what serves. Of a model that is here only the versions come: one whose digest is here keeps its
    number and label, another gets the next number; ``ConflictError`` where its label is taken. With ``activate``, what serves there serves
    here too. Importing the same again changes nothing. ``ArtifactError`` where the source is damaged.
    """
    place, by = Path(source), By(author, why)
    if place.is_dir() and not (place / INDEX_FILE).is_file():
        if not is_bundle(place):
            raise damaged(f"{place} holds neither {INDEX_FILE} nor {MANIFEST_FILE}", place=str(place))
        return (_import_bundle(registry, read_bundle(place), name, by, activate=activate),)
    with open_source(place) as archive:
        index = read_index(archive.read(INDEX_FILE))
        archive.only(index.members())
        models = _chosen(index, name)
        for model in models:
            check(model)
            for version in model.living:
                _artifact(archive, model, version)
        imported: list[Imported] = []
        for model in models:
            with registry.database.writing() as transaction:
                imported += _import_archived(transaction, archive, model, by, activate=activate)
    return tuple(imported)


def _export_version(registry: Registry, place: Path, name: str | None, which: int | str) -> Exported:
    if name is None:
        raise ConfigurationError("A version is of a model, and none is named.", {"version": which}, ["Name the model too."])
    if place.suffix == SUFFIX:
        raise ConfigurationError(
            f"{place.name} would be an archive, and one version is written as a bundle, which is a folder.",
            {"place": str(place)},
            [f"Name a folder, or leave out the version to write all of {name!r}."],
        )
    if (place / INDEX_FILE).exists():
        raise _occupied(place, "an archive")
    with registry.database.reading() as transaction:
        version = find_version(transaction, name, which)
        artifact = read_artifact(transaction, version)
    return Exported(write_bundle(artifact, place), (version,), is_bundle=True)


class _Write(Protocol):
    def __call__(self, member: str, content: bytes, /) -> None: ...


@contextmanager
def _target(place: Path, index: Index) -> Iterator[_Write]:
    """What writes a member to ``place``: into a file where the name says so, otherwise into a folder."""
    if place.suffix == SUFFIX:
        if place.is_dir():
            raise _occupied(place, "a folder")
        with written(place) as archive:
            yield _into(archive)
        return
    if is_bundle(place):
        raise _occupied(place, "a bundle")
    clear(place, index.members())
    yield lambda member, content: write_member(place, member, content)


def _into(archive: zipfile.ZipFile) -> _Write:
    return lambda member, content: add(archive, member, content)


def _chosen(index: Index, name: str | None) -> tuple[ModelRecord, ...]:
    chosen = tuple(model for model in index.models if name in (None, model.name))
    if not chosen:
        held = ", ".join(repr(model.name) for model in index.models[:20])
        raise ModelNotFoundError(f"The archive has no model {name!r}.", {"model": name}, [f"It has {held}."])
    return chosen


def _artifact(archive: Source, model: ModelRecord, version: VersionRecord) -> Artifact:
    """The version's files, checked against the digest and against each other."""
    try:
        text = archive.read(member_of(version.digest, MANIFEST_FILE)).decode()
    except UnicodeDecodeError:
        raise damaged(f"the manifest of {model.name!r} version {version.number} is not UTF-8", model=model.name) from None
    report = None
    if version.report_sha256 is not None:
        report = read_report(archive.read(member_of(version.digest, REPORT_FILE)), of=model.name)
    artifact = Artifact(text, archive.read(member_of(version.digest, MODEL_FILE)), report)
    if artifact.digest != version.digest or checked_name(artifact) != model.name:
        raise damaged(f"the manifest of {model.name!r} version {version.number} is that of another version", model=model.name)
    if version.report_sha256 not in (None, artifact.manifest.report_sha256):
        raise damaged(f"{INDEX_FILE} names another report of {model.name!r} version {version.number} than its manifest", model=model.name)
    return artifact


def _import_archived(transaction: Transaction, archive: Source, model: ModelRecord, by: By, *, activate: bool) -> tuple[Imported, ...]:
    return import_model(transaction, model, lambda version: _artifact(archive, model, version), by, activate=activate)


def _import_bundle(registry: Registry, artifact: Artifact, name: str | None, by: By, *, activate: bool) -> Imported:
    own = checked_name(artifact)
    if name not in (None, own):
        raise ModelNotFoundError(f"The bundle is of the model {own!r}, not of {name!r}.", {"model": name}, ["Leave the name out."])
    with registry.database.writing() as transaction:
        known = {version.digest for version in every_version(transaction, own) if version.deleted_at is None}
        number = store(transaction, artifact, Details(by.who, datetime.now(UTC)))
        if activate:
            let_serve(transaction, own, number, by)
        return Imported(find_version(transaction, own, number), None, artifact.digest not in known)


def _occupied(place: Path, by: str) -> ConfigurationError:
    return ConfigurationError(f"{place} is {by} already.", {"place": str(place)}, ["Name another place, or remove what is there."])
