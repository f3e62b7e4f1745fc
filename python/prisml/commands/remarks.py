"""What is said of a version beside what it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remarks:
    """A version's label, a note, and the commit of the code that made it."""

    label: str | None = None
    note: str | None = None
    commit: str | None = None
