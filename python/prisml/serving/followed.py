"""What an engine serves, and how it stands with the registry that says so."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.logs import SWAPPED, record
from prisml.registry.registry import Registry
from prisml.serving.deployed import Deployed
from prisml.serving.drift import OnDrift


@dataclass(frozen=True)
class Standing:
    """When the registry last answered, and what stands between it and the engine."""

    refreshed_at: datetime | None = None
    problem: str | None = None


class Followed:
    """One reference to what serves, read once by each prediction and swapped whole.

    ``registry`` is where to look for changes; None for a version that was named and for a bundle, which never change. ``followed`` is
    whether a thread looks there for it. ``preloads`` is whether what will serve is made ready for its first prediction. ``told`` is the
    problem that the log was told of last; None where it is over.
    """

    def __init__(
        self, deployed: Deployed, registry: Registry | None, definition: ModelDefinition[Any] | None, on_drift: OnDrift = "warn"
    ) -> None:
        self.deployed = deployed
        self.standing = Standing(None if registry is None else datetime.now(UTC))
        self.followed = False
        self.preloads = False
        self.told: str | None = None
        self._registry = registry
        self._given = definition
        self._on_drift: OnDrift = on_drift
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        """The model's name."""
        return self.deployed.control.manifest.name

    def catch_up(self) -> bool:
        """Serve what the registry says now; whether that is something else than before. What fails is kept in ``standing``, and raised."""
        if self._registry is None:
            return False
        with self._lock:
            before = self.deployed
            try:
                found = Deployed.read(self._registry, self.model, self._given, before=before, on_drift=self._on_drift)
            except PrisMLError as error:
                self.noticed(error.message)
                raise
            if self.preloads:
                found.preload()
            self.deployed = found
            self.standing = Standing(datetime.now(UTC))
        if found.said() == before.said():
            return False
        experiment = None if found.experiment is None else found.experiment.name
        record(SWAPPED, model=self.model, version=found.number, before=before.number, position=found.position, experiment=experiment)
        return True

    def noticed(self, problem: str | None) -> None:
        """Keep that the registry answered (None), or what stands between it and the engine."""
        self.standing = Standing(datetime.now(UTC)) if problem is None else replace(self.standing, problem=problem)

    def after_fork(self) -> None:
        """In a forked child: the lock may be held by a thread that was left behind."""
        self._lock = threading.Lock()
