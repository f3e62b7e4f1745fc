"""The versions that a registry holds."""

from __future__ import annotations

from collections.abc import Mapping

from prisml.registry.registry import Registry, Version


def versions(registry: Registry, name: str | None = None, *, deleted: bool = False) -> Mapping[str, tuple[Version, ...]]:
    """The versions of ``name``, or of every model, oldest first; ``ModelNotFoundError`` where ``name`` has none.

    With ``deleted`` those that were deleted are among them.
    """
    names = registry.names() if name is None else (name,)
    return {each: registry.versions(each, deleted=deleted) for each in names}
