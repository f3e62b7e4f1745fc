"""The versions that a registry holds."""

from __future__ import annotations

from collections.abc import Mapping

from prisml.registry.registry import Registry, Version


def versions(registry: Registry, name: str | None = None) -> Mapping[str, tuple[Version, ...]]:
    """The versions of ``name``, or of every model, oldest first; ``ModelNotFoundError`` where ``name`` has none."""
    names = registry.names() if name is None else (name,)
    return {each: registry.versions(each) for each in names}
