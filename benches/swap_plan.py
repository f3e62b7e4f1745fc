"""The moves of a campaign, written down beforehand, with every way in which a batch may be answered meanwhile."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from benches.swap_models import NAME, VERSIONS
from prisml import Registry
from prisml.registry import Deployment, Experiment
from prisml.registry.experiments import distribute

ACTIVATIONS = 10
"""In each cycle, beside one rollback and five moves of experiments."""
Weights = Mapping[int, float]
Signature = tuple[tuple[int, ...], tuple[str | None, ...]]


@dataclass(frozen=True)
class Move:
    """A move of the registry: its kind, the version it is about, and what must stand in the log after it."""

    kind: str
    version: int
    serves: int
    weights: Weights | None = None
    experiment: Experiment | None = None

    def make(self, registry: Registry) -> None:
        """Make it."""
        experiments = registry.experiments
        if self.kind == "activate":
            registry.activate(NAME, self.version)
        elif self.kind == "rollback":
            registry.rollback(NAME)
        elif self.kind == "promote":
            experiments.promote(NAME, self.version)
        elif self.kind == "stop":
            experiments.stop(NAME)
        elif self.kind == "start" and self.experiment is not None:
            experiments.start(NAME, self.weights or {}, name=self.experiment.name, salt=self.experiment.salt)
        else:
            experiments.ramp(NAME, self.weights or {})

    def stands(self, entry: Deployment) -> bool:
        """Whether ``entry`` of the log is what the move should have left."""
        found = None if entry.experiment is None else (entry.experiment.salt, entry.experiment.variants)
        wanted = None if self.experiment is None else (self.experiment.salt, self.experiment.variants)
        return (entry.action, entry.version, found) == (self.kind, self.serves, wanted)


def plan(cycles: int) -> list[Move]:
    """Ten activations, one rollback and five moves of experiments for each cycle; version 1 serves before."""
    numbers = (2 + place % (VERSIONS - 1) for place in itertools.count())
    return [move for cycle in range(cycles) for move in _cycle(cycle, numbers)]


def _cycle(cycle: int, numbers: Iterator[int]) -> Iterator[Move]:
    def activate(number: int) -> Move:
        return Move("activate", number, number)

    first, second, third, control, other = itertools.islice(numbers, 5)
    yield from map(activate, (first, second, third, control))
    tried = _started(f"{cycle}-a", control, {control: 0.5, other: 0.5})
    yield Move("start", control, control, {control: 0.5, other: 0.5}, tried)
    weights = {control: 0.2, other: 0.8}
    ramped = replace(tried, variants=distribute(weights, control, tried.variants))
    yield Move("ramp", control, control, weights, ramped)
    yield Move("promote", other, other)
    before, after, third, last = itertools.islice(numbers, 4)
    yield from map(activate, (before, after))
    yield Move("rollback", before, before)
    weights = {before: 0.34, after: 0.33, third: 0.33}
    yield Move("start", before, before, weights, _started(f"{cycle}-b", before, weights))
    yield activate(last)
    other, control = itertools.islice(numbers, 2)
    weights = {last: 0.9, other: 0.1}
    yield Move("start", last, last, weights, _started(f"{cycle}-c", last, weights))
    yield Move("stop", last, last)
    yield from map(activate, (other, control))


def _started(name: str, control: int, weights: Weights) -> Experiment:
    return Experiment(name, f"salt-{name}", datetime(1970, 1, 1, tzinfo=UTC), distribute(weights, control))


def signatures(moves: Sequence[Move], keys: Sequence[object]) -> set[Signature]:
    """Which versions and variants may answer rows of these keys together, while experiments run, one set for each deployment."""
    return {_signature(move.experiment, keys) for move in moves if move.experiment is not None}


def _signature(experiment: Experiment, keys: Sequence[object]) -> Signature:
    variants = [None if index < 0 else experiment.variants[index] for index in experiment.assign_many(keys).tolist()]
    versions = tuple(experiment.control.version if variant is None else variant.version for variant in variants)
    return versions, tuple(None if variant is None else variant.name for variant in variants)
