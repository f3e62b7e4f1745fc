"""What the mapping alone tells of leakage, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prisml.commands.finding import Finding
from prisml.definition.identifiers import find_identifiers
from prisml.definition.model import ModelDefinition


def check_leaks(definition: ModelDefinition[Any]) -> Iterator[Finding]:
    """A finding for each feature that is an identifier; one that is waived passes."""
    for leak in find_identifiers(definition):
        waived = leak.waived(definition.waive)
        detail = f"{leak.what} ({leak.guard}{', waived' if waived else ''})"
        yield Finding(f"feature {leak.feature}", waived, detail, f'{leak.way_out} Or waive it: waive=["{leak.waiver}"].')
