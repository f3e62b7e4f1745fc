"""What pages take for granted, by the name in their comment ``<!-- given: name -->``."""

from __future__ import annotations

from tests.docs.surroundings import Given

GIVENS: dict[str, Given] = {}
