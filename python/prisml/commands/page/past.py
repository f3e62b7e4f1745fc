"""What the page tells: a model's versions and log as values, and what of them is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prisml.manifest import Interval, read_manifest
from prisml.registry.log import Deployment, read_log
from prisml.registry.registry import Registry
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Version, every_version, living_versions, manifest_text


@dataclass(frozen=True)
class Told:
    """A version and its metrics; those of a deleted version have no intervals, since its manifest is gone."""

    version: Version
    metrics: Mapping[str, Interval]
    deleted: bool


@dataclass(frozen=True)
class Spell:
    """A stretch of time in which one version served, whole or a share of the keys. ``end`` is None where it does so still."""

    version: int
    start: datetime
    end: datetime | None
    position: int
    share: float = 1.0


@dataclass(frozen=True)
class Trial:
    """A stretch of time in which an experiment ran, and the other versions' shares in it, piece by piece."""

    name: str
    start: datetime
    end: datetime | None
    treatments: tuple[Spell, ...]


@dataclass(frozen=True)
class Past:
    """A model's versions in the order of their numbers, and its log, oldest entry first."""

    name: str
    versions: tuple[Told, ...]
    log: tuple[Deployment, ...]

    @property
    def serving(self) -> Deployment | None:
        """The entry in force."""
        return self.log[-1] if self.log else None

    def label(self, number: int) -> str:
        """How a version is called: v3, and its label where it has one."""
        known = {told.version.number: told.version.label for told in self.versions}
        return f"v{number} {label}" if (label := known.get(number)) else f"v{number}"

    def spells(self) -> tuple[Spell, ...]:
        """Which version was the active one, from when to when."""
        found: list[Spell] = []
        for entry, end in self._stretches():
            if found and found[-1].version == entry.version:
                last = found.pop()
                found.append(Spell(last.version, last.start, end, last.position))
            else:
                found.append(Spell(entry.version, entry.at, end, entry.position))
        return tuple(found)

    def trials(self) -> tuple[Trial, ...]:
        """Which experiments ran, from when to when."""
        found: list[Trial] = []
        for entry, end in self._stretches():
            if entry.experiment is None:
                continue
            pieces = tuple(
                Spell(variant.version, entry.at, end, entry.position, variant.weight) for variant in entry.experiment.variants[1:]
            )
            if found and found[-1].name == entry.experiment.name and found[-1].end == entry.at:
                last = found.pop()
                found.append(Trial(last.name, last.start, end, (*last.treatments, *pieces)))
            else:
                found.append(Trial(entry.experiment.name, entry.at, end, pieces))
        return tuple(found)

    def _stretches(self) -> Iterator[tuple[Deployment, datetime | None]]:
        """Each entry of the log, and when the next one took over."""
        ends = [entry.at for entry in self.log[1:]]
        return zip(self.log, [*ends, None], strict=True) if self.log else iter(())


def read_past(registry: Registry, name: str) -> Past:
    """The model's past; ``ModelNotFoundError`` where the registry has no such model."""
    with registry.database.reading() as transaction:
        living_versions(transaction, name)
        told = tuple(_told(transaction, version) for version in every_version(transaction, name))
        return Past(name, told, tuple(reversed(read_log(transaction, name))))


def _told(transaction: Transaction, version: Version) -> Told:
    if version.deleted_at is not None:
        return Told(version, {metric: Interval(value=value) for metric, value in version.metrics.items()}, deleted=True)
    return Told(version, read_manifest(manifest_text(transaction, version)).metrics, deleted=False)
