"""The examination: every subject in turn, each by itself, on what those before it left to look at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine

from prisml.commands.database import WAYS, open_database
from prisml.commands.doctor.answers import look_at_answers
from prisml.commands.doctor.configuration import look_at_environment, look_at_file, look_at_settings
from prisml.commands.doctor.database import look_at_rights, look_at_server, look_at_snapshot, look_at_zone
from prisml.commands.doctor.definitions import look_at_definitions
from prisml.commands.doctor.finding import CHECKS, Finding, failed, isolated, skipped
from prisml.commands.doctor.installation import look_at_installation
from prisml.commands.doctor.machine import look_at_machine
from prisml.commands.doctor.models import Beside, look_at_model, wanting
from prisml.commands.doctor.patience import patient
from prisml.commands.doctor.registry import look_at_content
from prisml.commands.doctor.registry import look_at_file as look_at_registry_file
from prisml.commands.doctor.runtime import look_at_runtime
from prisml.commands.doctor.training import look_at_training
from prisml.config import Config
from prisml.errors import PrisMLError
from prisml.registry.registry import Registry


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was looked at, in the order of ``CHECKS``; each check has a finding, if only that it was skipped."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong; warnings are not."""
        return not any(finding.status == "wrong" for finding in self.findings)


def examine(targets: Sequence[str] = (), *, database: str | None = None, registry: str | None = None) -> Diagnosis:
    """The state of the installation, the configuration and all that they lead to, seen from the current folder; it writes nothing.

    It raises nothing because what it looks at is broken: that is a finding.
    """
    found = [*isolated("installation.python", "Python", look_at_installation), *isolated("machine.cores", "machine", look_at_machine)]
    found += isolated("runtime.library", "library", look_at_runtime)
    config = _configured(found, database, registry)
    if config is not None:
        found += isolated("training.stack", "stack", lambda: look_at_training(config.backend))
        found += isolated("configuration.file", "pyproject.toml", lambda: look_at_file(config))
    found += isolated("configuration.environment", "environment", look_at_environment)
    found += isolated("configuration.settings", "settings", look_at_settings)
    if config is not None:
        with contextlib.ExitStack() as opened:
            _look_at_project(found, config, tuple(targets), opened)
    return Diagnosis(_completed(found))


def _configured(found: list[Finding], database: str | None, registry: str | None) -> Config | None:
    try:
        return Config.read(database=database, registry=registry)
    except PrisMLError as error:
        found.append(failed("configuration.file", "pyproject.toml", error))
        return None


def _look_at_project(found: list[Finding], config: Config, targets: tuple[str, ...], opened: contextlib.ExitStack) -> None:
    """What the configuration leads to: definitions, database, registry, and the models that stand between them."""
    named = targets or config.models
    looks, definitions = look_at_definitions(named, config.root)
    found += looks
    database = _database(found, config.database, opened)
    if database is not None:
        found += isolated("database.rights", "rights", lambda: look_at_rights(database, definitions))
    registry = _registry(found, config.registry, begin="prisml train" if named else "prisml init")
    denied = wanting(found, "database.rights")
    beside = Beside(database, registry, denied, targets)
    for definition in definitions:
        found += isolated("model.schema", definition.name, partial(look_at_model, definition, beside))
    if registry is not None and not wanting(found, "runtime.loads") and not wanting(found, "runtime.library"):
        found += isolated("model.answers", "golden rows", lambda: look_at_answers(registry))


def _database(found: list[Finding], url: str | None, opened: contextlib.ExitStack) -> Engine | None:
    """The database where it answers."""
    if not url:
        found.append(skipped("database.reachable", "server", "no database is named", WAYS[0]))
        return None
    kept: list[Engine] = []

    def look() -> Iterator[Finding]:
        kept.append(opened.enter_context(open_database(patient(url))))
        yield from look_at_server(kept[0])

    found += isolated("database.reachable", "server", look)
    if not kept:
        return None
    found += isolated("database.snapshot", "snapshot", lambda: look_at_snapshot(kept[0]))
    found += isolated("database.zone", "time zone", lambda: look_at_zone(kept[0]))
    return kept[0]


def _registry(found: list[Finding], url: str, *, begin: str) -> Registry | None:
    """The registry where it can be read; ``begin`` is what helps one in which nothing is."""
    kept: list[Registry] = []

    def look() -> Iterator[Finding]:
        registry = Registry(patient(url))
        yield from look_at_content(registry, begin)
        kept.append(registry)

    found += isolated("registry.reachable", "registry", look)
    if not kept:
        return None
    found += isolated("registry.ignored", "file", lambda: look_at_registry_file(kept[0]))
    return kept[0]


def _completed(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of ``CHECKS``, with one for each check that found nothing since what it needs is not there."""
    by_check: dict[str, list[Finding]] = {identity: [] for identity in CHECKS}
    for finding in found:
        by_check[finding.id].append(finding)
    for identity, findings in by_check.items():
        if not findings:
            findings.append(skipped(identity, identity.partition(".")[2], "needs what is not there: see above"))
    return tuple(finding for findings in by_check.values() for finding in findings)
