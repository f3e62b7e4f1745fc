"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is as it should be, what it is, the way out where it is not, and the features that it concerns.

    ``drifted`` says that the active version was trained on something else.
    """

    subject: str
    passed: bool
    detail: str
    hint: str | None = None
    features: tuple[str, ...] = ()
    drifted: bool = False
