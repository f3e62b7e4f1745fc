"""The definitions: which of the targets can be imported, and are valid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prisml.commands.doctor.finding import Finding, failed, isolated, ok, skipped
from prisml.commands.targets import Definition, find_definitions

NONE_NAMED = 'models = ["shop.ml.churn"] under [tool.prisml], or prisml doctor shop/ml/churn.py'


def look_at_definitions(targets: Sequence[str], root: Path | None) -> tuple[tuple[Finding, ...], tuple[Definition, ...]]:
    """The findings, and the definitions that could be had."""
    if not targets:
        return (skipped("definitions.import", "models", "none is named", NONE_NAMED),), ()
    kept: list[Definition] = []

    def look() -> list[Finding]:
        found = find_definitions(targets, root=root)
        kept.extend(found.definitions)
        fine = [
            ok("definitions.import", each.name, f"{each.entity.__name__}.{each.output}, {len(each.inputs)} features")
            for each in found.definitions
        ]
        return [*fine, *(failed("definitions.import", _short(target), error) for target, error in found.failures)]

    return isolated("definitions.import", "models", look), tuple(kept)


def _short(target: str) -> str:
    here = Path.cwd()
    return str(Path(target).relative_to(here)) if Path(target).is_absolute() and Path(target).is_relative_to(here) else target
