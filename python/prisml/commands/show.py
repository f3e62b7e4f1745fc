"""All that is known of a version."""

from __future__ import annotations

from dataclasses import dataclass

from prisml.commands.moved import in_force
from prisml.errors import PrisMLError
from prisml.manifest import Manifest, read_manifest
from prisml.registry.experiments import Experiment
from prisml.registry.registry import Registry, Version
from prisml.serving.info import Info
from prisml.serving.served import Served


@dataclass(frozen=True)
class Card:
    """A version, its manifest, and the experiment that runs where the version takes part in it.

    ``info`` says what answers for it in this process; None where it cannot be loaded here, and ``problem`` says why.
    """

    version: Version
    manifest: Manifest
    experiment: Experiment | None
    info: Info | None
    problem: str | None


def show(registry: Registry, name: str, which: int | str | None = None) -> Card:
    """The card of the version of that number or label, or of the one that serves."""
    version = registry.active(name) if which is None else registry.version(name, which)
    _, running = in_force(registry, name)
    if running is not None and running.of_version(version.number) is None:
        running = None
    manifest = read_manifest(registry.manifest_text(version))
    try:
        return Card(version, manifest, running, Served.from_registry(registry, version, definition=None).info(), None)
    except PrisMLError as error:
        return Card(version, manifest, running, None, str(error))
