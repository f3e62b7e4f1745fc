"""Whether the registry is whole."""

from __future__ import annotations

from prisml.registry.registry import Registry
from prisml.registry.verification import Verification


def verify(registry: Registry, *, repair: bool = False) -> Verification:
    """What was read and what is wrong with it; with ``repair``, what no version needs is deleted."""
    return registry.verify(repair=repair)
