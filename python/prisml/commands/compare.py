"""Two versions side by side."""

from __future__ import annotations

from prisml.registry.compare import Comparison
from prisml.registry.compare import compare as compare_versions
from prisml.registry.registry import Registry


def compare(registry: Registry, name: str, a: int | str, b: int | str) -> Comparison:
    """In what the versions ``a`` and ``b`` of the model differ, each a number or a label."""
    return compare_versions(registry, name, a, b)
