"""Each model: its definition beside the database, and the version that serves beside both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from prisml.commands.check import Checked
from prisml.commands.check import check as check_definition
from prisml.commands.doctor.finding import Finding, ok, skipped, warning, wrong
from prisml.commands.targets import Definition
from prisml.commands.version import active_manifest
from prisml.errors import SchemaDriftError
from prisml.registry.registry import Registry
from prisml.serving.drift import check_drift


@dataclass(frozen=True)
class Beside:
    """What a definition is compared with; None for what cannot be reached or is not named.

    ``denied`` are the models some of whose tables may not be read, ``targets`` what the command was given.
    """

    database: Engine | None
    registry: Registry | None
    denied: frozenset[str] = frozenset()
    targets: tuple[str, ...] = ()

    @property
    def retrain(self) -> str:
        """The command that trains anew what has drifted."""
        return " ".join(("prisml check --retrain", *self.targets))


def look_at_model(definition: Definition, beside: Beside) -> Iterator[Finding]:
    """Findings of the definition, and of the version that serves it."""
    name = definition.name
    if beside.database is None or name in beside.denied:
        reason = "no database can be asked" if beside.database is None else "its tables may not be read"
        yield skipped("model.schema", name, reason)
        yield from _by_definition(definition, beside)
        return
    checked = check_definition(definition, database=beside.database, registry=beside.registry)
    yield from _schema(checked)
    yield from _version(checked, beside)


def _schema(checked: Checked) -> Iterator[Finding]:
    unfit = [each for each in checked.findings if not each.passed and not each.drifted]
    for each in unfit:
        yield wrong("model.schema", checked.model, f"{each.subject} {each.detail}", each.hint)
    if not unfit:
        yield ok("model.schema", checked.model, f"fits the database: {len(checked.findings)} looks")


def _version(checked: Checked, beside: Beside) -> Iterator[Finding]:
    if checked.version is None:
        yield _no_version(checked.model, beside.registry)
        return
    found = [each for each in checked.findings if each.drifted]
    subject = f"{checked.model}, version {checked.version}"
    for each in found if len(found) < 2 else [each for each in found if each.subject != f"version {checked.version}"]:
        yield wrong("model.version", subject, f"{each.subject} {each.detail}", beside.retrain)
    if not found:
        yield ok("model.version", subject, "was trained on what there is now")


def _by_definition(definition: Definition, beside: Beside) -> Iterator[Finding]:
    """The version that serves beside the definition and the mapping alone."""
    active = None if beside.registry is None else active_manifest(beside.registry, definition.name)
    if active is None:
        yield _no_version(definition.name, beside.registry)
        return
    subject = f"{definition.name}, version {active.number}"
    try:
        drift = check_drift(definition, active.manifest)
    except SchemaDriftError as error:
        yield wrong("model.version", subject, error.message, beside.retrain)
        return
    if drift is not None:
        yield warning("model.version", subject, drift, beside.retrain)
    else:
        yield ok("model.version", subject, "was trained with this definition and mapping")


def _no_version(name: str, registry: Registry | None) -> Finding:
    if registry is None:
        return skipped("model.version", name, "no registry can be asked")
    return skipped("model.version", name, "no version serves yet", "prisml train")


def wanting(checks: Sequence[Finding], identity: str) -> frozenset[str]:
    """The subjects of the findings of that check that are wrong."""
    return frozenset(each.subject for each in checks if each.id == identity and each.status == "wrong")
