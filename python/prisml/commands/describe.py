"""A label and a note for a version."""

from __future__ import annotations

from prisml.registry.registry import Registry, Version


def describe(registry: Registry, name: str, which: int | str, changes: dict[str, str | None]) -> Version:
    """The version with the changes made: ``label`` and ``note``, each a text or None; what is not named stays.

    ``ConflictError`` where another version has the label.
    """
    return registry.describe(name, which, **changes)
