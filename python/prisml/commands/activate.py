"""Which version serves."""

from __future__ import annotations

from dataclasses import dataclass

from prisml.errors import ModelNotFoundError
from prisml.registry.registry import Registry, Version


@dataclass(frozen=True)
class Activated:
    """The version that serves now, and the one that served before."""

    version: Version
    before: Version | None

    @property
    def changed(self) -> bool:
        return self.before is None or self.before.number != self.version.number


def activate(registry: Registry, name: str, number: int, *, why: str | None = None) -> Activated:
    """Version ``number`` of ``name`` serves from now on; ``VersionNotFoundError`` where there is none."""
    before = active_or_none(registry, name)
    return Activated(registry.activate(name, number, why=why), before)


def active_or_none(registry: Registry, name: str) -> Version | None:
    """The version that serves, or None where none does or the model is not known."""
    try:
        return registry.active(name)
    except ModelNotFoundError:
        return None
