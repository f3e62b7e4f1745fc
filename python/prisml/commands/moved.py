"""What serves now, and what served before."""

from __future__ import annotations

from dataclasses import dataclass

from prisml.errors import ModelNotFoundError
from prisml.registry.experiments import Experiment
from prisml.registry.registry import Registry, Version


@dataclass(frozen=True)
class Moved:
    """The version that serves now, the number of the one that served before, and the experiment that ended by it."""

    version: Version
    before: int | None
    ended: Experiment | None = None

    @property
    def changed(self) -> bool:
        """Whether anything is other than it was."""
        return self.before != self.version.number or self.ended is not None


def in_force(registry: Registry, name: str) -> tuple[int | None, Experiment | None]:
    """The number of the version that serves and the experiment that runs; neither where nothing was ever activated."""
    try:
        now = registry.deployment(name)
    except ModelNotFoundError:
        return None, None
    return now.version, now.experiment
