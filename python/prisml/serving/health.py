"""How an engine is: what it serves, and how it stands with its registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Health:
    """What an engine serves, by which library, and what a caller must know to use it.

    ``version`` is the active one, ``experiment`` the name of the experiment that runs beside it. ``following`` says whether changes of
    the registry reach the engine by themselves, ``refreshed_at`` when the registry last answered. ``problem`` says why the engine may
    not serve what the registry says: it cannot be reached, or its version cannot be served here; what served before serves on.
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
