"""Which version serves."""

from __future__ import annotations

from prisml.commands.moved import Moved, in_force
from prisml.errors import ModelNotFoundError
from prisml.registry.registry import Registry, Version


def activate(registry: Registry, name: str, which: int | str, *, why: str | None = None) -> Moved:
    """The version of that number or label serves from now on, alone; ``VersionNotFoundError`` where there is none."""
    before, running = in_force(registry, name)
    return Moved(registry.activate(name, which, why=why), before, running)


def active_or_none(registry: Registry, name: str) -> Version | None:
    """The version that serves, or None where none does or the model is not known."""
    try:
        return registry.active(name)
    except ModelNotFoundError:
        return None
