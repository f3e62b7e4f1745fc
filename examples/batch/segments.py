"""What a score means for the people who write to customers."""

from __future__ import annotations

from typing import Literal

Segment = Literal["keep", "grow", "win back", "let go"]

SEGMENTS: tuple[Segment, ...] = ("keep", "grow", "win back", "let go")
LIKELY = 0.2
"""From which probability on a customer is taken to return by themselves."""

WORTH = 60.0
"""From how many dollars on, spent where they return, a customer is worth an effort."""


def segment_of(probability: float, spend: float) -> Segment:
    """``keep``: likely and worth an effort. ``grow``: likely alone. ``win back``: worth an effort alone. ``let go``: neither."""
    worth_it = spend >= WORTH * probability
    if probability >= LIKELY:
        return "keep" if worth_it else "grow"
    return "win back" if worth_it else "let go"
