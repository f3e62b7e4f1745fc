"""How an engine is: what it serves, and how it stands with its registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Health:
    """What an engine serves, what answers, and what a caller must know to use it.

    ``runtime`` is what answers for the active version: ``"native"``, or what ONNX Runtime says of its build (``engine.info()`` says why).
    ``notes`` are what a caller must give to each row, and a doubt about the version's answers. ``version`` is the active one,
    ``experiment`` the name of the experiment that runs beside it. ``following`` says whether changes of the registry reach the engine by
    themselves, ``refreshed_at`` when the registry last answered. ``problem`` says why the engine may not serve what the registry says:
    it cannot be reached, or its version cannot be served here; what served before serves on.
    """

    name: str
    version: int | None
    digest: str
    runtime: str
    notes: tuple[str, ...]
    experiment: str | None = None
    following: bool = False
    refreshed_at: datetime | None = None
    problem: str | None = None
