"""Versions of models in SQL tables, and the log of which one serves."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import URL, Connection, Engine, Row, func, insert, select

from prisml.errors import ArtifactError, ModelNotFoundError, VersionNotFoundError
from prisml.manifest import read_manifest
from prisml.registry.blobs import read_blob, write_blob
from prisml.registry.bundle import Artifact
from prisml.registry.database import Database
from prisml.registry.tables import LONGEST_NAME, deployments, versions


@dataclass(frozen=True)
class Version:
    """An immutable version of a model: its number within the model, its digest, and whether it serves."""

    name: str
    number: int
    digest: str
    created_at: datetime
    author: str
    active: bool
    metrics: Mapping[str, float] = field(hash=False)


class Registry:
    """The versions of every model at one place: a SQLAlchemy URL, or an ``Engine`` of yours.

    Reading makes neither file nor table; the first ``publish`` makes them. Every method is one transaction and raises
    ``RegistryError`` where the place cannot be reached.
    """

    def __init__(self, where: str | URL | Engine) -> None:
        self._database = Database(where)

    def __repr__(self) -> str:
        return f"Registry({self.place!r})"

    @property
    def place(self) -> str:
        """The URL, without password and query."""
        return self._database.place

    def names(self) -> tuple[str, ...]:
        """The models that have a version, in order of their names."""
        with self._database.reading() as connection:
            return _names(connection)

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version of the model, oldest first; ``ModelNotFoundError`` where there is none."""
        with self._database.reading() as connection:
            found = _select(connection, name)
            if not found:
                raise self._unknown(connection, name)
            return found

    def version(self, name: str, number: int) -> Version:
        """The version of that number; ``VersionNotFoundError`` says which there are."""
        with self._database.reading() as connection:
            return self._version(connection, name, number)

    def active(self, name: str) -> Version:
        """The version that serves; ``ModelNotFoundError`` where the model is unknown or none was activated."""
        with self._database.reading() as connection:
            return self._active(connection, name)

    def artifact(self, name: str, number: int | None = None) -> Artifact:
        """Manifest and graph of a version (None: the active one), each checked against its SHA-256."""
        with self._database.reading() as connection:
            version = self._active(connection, name) if number is None else self._version(connection, name, number)
            text = _manifest_text(connection, version)
            return Artifact(text, _graph(connection, version, read_manifest(text).model_sha256))

    def manifest_text(self, version: Version) -> str:
        """The manifest of ``version`` as it was stored, checked against the version's digest."""
        with self._database.reading() as connection:
            return _manifest_text(connection, version)

    def graph(self, version: Version, sha256: str) -> bytes:
        """The graph of ``version``, whose SHA-256 its manifest gives."""
        with self._database.reading() as connection:
            return _graph(connection, version, sha256)

    def publish(self, artifact: Artifact, *, activate: bool = True, author: str | None = None, why: str | None = None) -> Version:
        """Store ``artifact`` as the model's next version and let it serve; a digest that is there already keeps its number.

        ``author`` is the user of this process unless given. All of it is one transaction: it is there whole, or not at all.
        """
        name = _checked_name(artifact)
        who, now = author or _user(), datetime.now(UTC)
        with self._database.writing() as connection:
            number = _find_digest(connection, name, artifact.digest)
            if number is None:
                number = _insert_version(connection, artifact, who, now)
            if activate:
                _deploy(connection, name, number, who, now, why)
            return self._version(connection, name, number)

    def activate(self, name: str, number: int, *, author: str | None = None, why: str | None = None) -> Version:
        """Let that version serve, and log who did so, when and why; nothing is logged where it serves already."""
        self.version(name, number)
        with self._database.writing() as connection:
            self._version(connection, name, number)
            _deploy(connection, name, number, author or _user(), datetime.now(UTC), why)
            return self._version(connection, name, number)

    def _version(self, connection: Connection | None, name: str, number: int) -> Version:
        found = _select(connection, name)
        if not found:
            raise self._unknown(connection, name)
        for version in found:
            if version.number == number:
                return version
        numbers = [version.number for version in found]
        raise VersionNotFoundError(
            f"{name!r} has no version {number}.",
            {"model": name, "version": number, "versions": tuple(numbers)},
            [f"It has {', '.join(map(str, numbers[-20:]))}."],
        )

    def _active(self, connection: Connection | None, name: str) -> Version:
        found = _select(connection, name)
        if not found:
            raise self._unknown(connection, name)
        for version in found:
            if version.active:
                return version
        raise ModelNotFoundError(
            f"No version of {name!r} is active.",
            {"model": name, "registry": self.place, "versions": tuple(version.number for version in found)},
            [f"Activate one, as in: prisml activate {name} {found[-1].number}."],
        )

    def _unknown(self, connection: Connection | None, name: str) -> ModelNotFoundError:
        names = _names(connection)
        if close := get_close_matches(name, names, n=1):
            way_out = f"Did you mean {close[0]!r}?"
        elif names:
            way_out = f"It has {', '.join(map(repr, names[:20]))}."
        else:
            way_out = "It is empty: publish a model with prisml train, or name another registry."
        return ModelNotFoundError(f"The registry {self.place} has no model {name!r}.", {"model": name, "registry": self.place}, [way_out])


def _names(connection: Connection | None) -> tuple[str, ...]:
    if connection is None:
        return ()
    return tuple(connection.execute(select(versions.c.name).distinct().order_by(versions.c.name)).scalars())


def _select(connection: Connection | None, name: str) -> tuple[Version, ...]:
    if connection is None:
        return ()
    mine = deployments.c.name == name
    serving = select(deployments.c.to_number).where(mine).order_by(deployments.c.position.desc()).limit(1).scalar_subquery()
    statement = select(versions, serving.label("serving")).where(versions.c.name == name).order_by(versions.c.number)
    try:
        return tuple(_read_version(row) for row in connection.execute(statement))
    except (TypeError, ValueError):
        # Not chained: it quotes what stands there.
        message = f"A version of {name!r} is damaged in the registry: its moment or its metrics cannot be read."
        raise ArtifactError(message, {"model": name}, ["Restore the registry from a backup."]) from None


def _read_version(row: Row[Any]) -> Version:
    metrics = json.loads(row.metrics)
    numbers = isinstance(metrics, dict) and all(isinstance(value, int | float) for value in metrics.values())
    if not numbers or row.created_at.tzinfo is None:
        raise ValueError
    return Version(row.name, row.number, row.digest, row.created_at, row.author, row.number == row.serving, metrics)


def _manifest_text(connection: Connection | None, version: Version) -> str:
    return read_blob(connection, version.digest, of=f"The manifest of {version.name!r} version {version.number}").decode()


def _graph(connection: Connection | None, version: Version, sha256: str) -> bytes:
    return read_blob(connection, sha256, of=f"The graph of {version.name!r} version {version.number}")


def _find_digest(connection: Connection, name: str, digest: str) -> int | None:
    statement = select(versions.c.number).where(versions.c.name == name, versions.c.digest == digest)
    return connection.execute(statement).scalar()


def _insert_version(connection: Connection, artifact: Artifact, author: str, now: datetime) -> int:
    name = artifact.manifest.name
    write_blob(connection, artifact.onnx)
    write_blob(connection, artifact.manifest_text.encode())
    last = connection.execute(select(func.max(versions.c.number)).where(versions.c.name == name)).scalar()
    number = (last or 0) + 1
    metrics = {metric: interval.value for metric, interval in artifact.manifest.metrics.items()}
    connection.execute(
        insert(versions).values(
            name=name, number=number, digest=artifact.digest, created_at=now, author=author, metrics=json.dumps(metrics, sort_keys=True)
        )
    )
    return number


def _deploy(connection: Connection, name: str, number: int, author: str, now: datetime, why: str | None) -> None:
    """Append to the log that ``number`` serves from now on, unless it does so already."""
    statement = select(deployments.c.position, deployments.c.to_number).where(deployments.c.name == name)
    last = connection.execute(statement.order_by(deployments.c.position.desc()).limit(1)).first()
    position, serving = (last.position, last.to_number) if last else (0, None)
    if serving == number:
        return
    connection.execute(
        insert(deployments).values(name=name, position=position + 1, at=now, author=author, why=why, from_number=serving, to_number=number)
    )


def _checked_name(artifact: Artifact) -> str:
    name = artifact.manifest.name
    if not name or name != name.strip() or len(name) > LONGEST_NAME:
        raise ArtifactError(
            f"The registry cannot keep a model under the name {name[:40]!r}.",
            {"model": name},
            [f"Use 1 to {LONGEST_NAME} characters, with no space at either end."],
        )
    return name


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        # A container may run under a number that has no name.
        return "unknown"
