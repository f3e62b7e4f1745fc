"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is as it should be, what it is, and the way out where it is not."""

    subject: str
    passed: bool
    detail: str
    hint: str | None = None
