"""Deleting versions."""

from __future__ import annotations

from prisml.commands.moved import in_force
from prisml.registry.registry import Registry, Version


def stays(registry: Registry, version: Version) -> bool:
    """Whether ``delete`` would refuse the version: it serves, or takes part in the experiment that runs."""
    _, running = in_force(registry, version.name)
    return version.active or (running is not None and running.of_version(version.number) is not None)


def delete(registry: Registry, name: str, which: int | str) -> Version:
    """The version that was deleted; ``ConflictError`` where it serves or takes part in an experiment."""
    return registry.delete(name, which)


def prune(registry: Registry, name: str, *, keep: int, dry_run: bool = False) -> tuple[Version, ...]:
    """The versions that were deleted, or would be: all but the newest ``keep``, and those that serve, take part or have a label."""
    return registry.prune(name, keep=keep, dry_run=dry_run)
