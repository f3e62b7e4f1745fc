"""The registry itself: where it is, what it holds, and its schema."""

from __future__ import annotations

from dataclasses import dataclass

from prisml.registry.blobs import blob_sizes
from prisml.registry.registry import Registry
from prisml.registry.tables import SCHEMA_VERSION
from prisml.registry.versions import living_versions, model_names


@dataclass(frozen=True)
class Status:
    """Where the registry is and what it holds; ``schema`` is None where nothing was published yet, ``newest`` this release's."""

    place: str
    schema: int | None
    newest: int
    models: int
    versions: int
    blobs: int
    bytes: int


@dataclass(frozen=True)
class Upgraded:
    """The schema that the registry has now, and the one it had before; None where it is not there yet."""

    schema: int | None
    before: int | None

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.schema != self.before


def status(registry: Registry) -> Status:
    """Where the registry is and what it holds, seen at one moment."""
    with registry.database.reading() as transaction:
        names = model_names(transaction)
        count = sum(len(living_versions(transaction, name)) for name in names)
        sizes = blob_sizes(transaction)
        schema = None if transaction.connection is None else transaction.schema
    return Status(registry.place, schema, SCHEMA_VERSION, len(names), count, len(sizes), sum(sizes.values()))


def upgrade(registry: Registry) -> Upgraded:
    """Bring the registry up to this release's schema; one that is not there yet is not made."""
    before = registry.schema()
    return Upgraded(None if before is None else registry.upgrade(), before)
