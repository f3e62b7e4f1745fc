"""Back to a version that served before."""

from __future__ import annotations

from prisml.commands.moved import Moved, in_force
from prisml.registry.registry import Registry


def rollback(
    registry: Registry, name: str, to: int | str | None = None, *, expected: int | str | None = None, why: str | None = None
) -> Moved:
    """The version that served before serves again, or the one that ``to`` names.

    ``ConflictError`` where another version than ``expected`` serves; ``VersionNotFoundError`` where there is nothing to go back to.
    """
    before, running = in_force(registry, name)
    return Moved(registry.rollback(name, to, expected=expected, why=why), before, running)
