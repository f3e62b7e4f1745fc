"""Experiments: several versions serve at once, each a share of the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prisml.commands.moved import Moved, in_force
from prisml.errors import ExperimentError
from prisml.registry.experiments import Experiment
from prisml.registry.log import Deployment
from prisml.registry.registry import Registry

Shares = Sequence[tuple[int | str, float]]
"""Versions, by number or label, with their weights."""


@dataclass(frozen=True)
class Serving:
    """What serves a model: the active version, and the experiment that shares its keys out, where one runs."""

    name: str
    active: int | None
    experiment: Experiment | None


@dataclass(frozen=True)
class Stopped:
    """The entry of the log that says which version serves everyone again, and the experiment that ended."""

    deployment: Deployment
    ended: Experiment


def start(
    registry: Registry,
    model: str,
    shares: Shares,
    *,
    name: str | None = None,
    salt: str | None = None,
    forced: Mapping[str, int | str] | None = None,
    why: str | None = None,
) -> Experiment:
    """The experiment that runs from now on; ``ExperimentError`` where the shares are wrong or another one runs."""
    weights = _numbered(registry, model, shares)
    keys: dict[object, int] = {key: _number(registry, model, which) for key, which in (forced or {}).items()}
    return registry.experiments.start(model, weights, name=name, salt=salt, forced=keys or None, why=why)


def ramp(registry: Registry, model: str, shares: Shares, *, why: str | None = None) -> Experiment:
    """The experiment with these shares; only the keys that must move do, and none from a treatment that grows."""
    return registry.experiments.ramp(model, _numbered(registry, model, shares), why=why)


def status(registry: Registry, model: str | None = None) -> tuple[Serving, ...]:
    """What serves the model; without one, every model of which an experiment runs."""
    if model is not None:
        registry.versions(model)
        return (Serving(model, *in_force(registry, model)),)
    found = (Serving(each, *in_force(registry, each)) for each in registry.names())
    return tuple(each for each in found if each.experiment is not None)


def stop(registry: Registry, model: str, *, why: str | None = None) -> Stopped:
    """The active version serves everyone again; ``ExperimentError`` where no experiment runs."""
    running = registry.experiments.status(model)
    done = registry.experiments.stop(model, why=why)
    if running is None:
        # It was started between the two statements, and is in the log.
        running = next(each.experiment for each in registry.history(model) if each.experiment is not None)
    return Stopped(done, running)


def promote(registry: Registry, model: str, which: int | str | None = None, *, why: str | None = None) -> Moved:
    """The version of the experiment that serves everyone from now on; without one, its only treatment."""
    before, running = in_force(registry, model)
    number = None if which is None else _number(registry, model, which)
    return Moved(registry.experiments.promote(model, number, why=why), before, running)


def _numbered(registry: Registry, model: str, shares: Shares) -> dict[int, float]:
    weights: dict[int, float] = {}
    for which, weight in shares:
        number = _number(registry, model, which)
        if number in weights:
            message = f"Version {number} of {model!r} is given two weights."
            raise ExperimentError(message, {"model": model, "version": number}, ["Give each version one weight."])
        weights[number] = weight
    return weights


def _number(registry: Registry, model: str, which: int | str) -> int:
    return which if isinstance(which, int) else registry.version(model, which).number
