"""Training: from a definition and a database to a version that serves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from prisml.commands.activate import active_or_none
from prisml.commands.check import Checked, check_database
from prisml.commands.chosen import check_choice
from prisml.commands.remarks import Remarks
from prisml.definition.model import ModelDefinition
from prisml.errors import ConflictError, ModelNotFoundError, QualityGateError, VersionNotFoundError
from prisml.extraction.database import reaching
from prisml.extraction.reads import reads_of
from prisml.extraction.reflected import observed
from prisml.extraction.stream import extract
from prisml.logs import BEGUN, ENDED, JUDGED, record
from prisml.manifest import GateVerdict, Read
from prisml.progress import Progress, silent
from prisml.registry.labels import check_label
from prisml.registry.moves import Expected
from prisml.registry.registry import Registry, Version
from prisml.training.active import needs_active, read_active
from prisml.training.environment import require_training_stack
from prisml.training.fit import Candidate, fit
from prisml.training.logged import LoggedSteps


@dataclass(frozen=True)
class Trained:
    """How the training of one model ended.

    ``candidate`` is None where the check before training said no; ``version`` is None where nothing was published. ``serving`` is the
    version that serves now. ``known`` says that a version of this digest was there before. ``held`` says why the version was not
    activated though that was asked for: an experiment runs, or the last move was a rollback.
    """

    model: str
    checked: Checked
    candidate: Candidate | None
    version: Version | None
    serving: Version | None
    known: bool
    seconds: float
    held: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the model was published."""
        return self.version is not None

    def refusal(self) -> QualityGateError | None:
        """The error that says which gates were not passed and what serves on; None where they were."""
        if self.candidate is None or self.candidate.passed:
            return None
        failed = [verdict for verdict in self.candidate.verdicts if not verdict.passed]
        names = tuple(verdict.name for verdict in failed)
        stays = "No version serves yet." if self.serving is None else f"Version {self.serving.number} stays active."
        message = f"{self.model!r} did not pass {len(failed)} of its {len(self.candidate.verdicts)} gates: {', '.join(names)}."
        context = {"model": self.model, "gates": names, "active": self.serving.number if self.serving else None}
        hints = [_hint(verdict) for verdict in failed]
        hints.append("Improve the features or the data, or lower the gate if it asks too much.")
        return QualityGateError(f"{message} Nothing was published. {stays}", context, hints)


def _hint(verdict: GateVerdict) -> str:
    """What a gate wanted and got, and what decided."""
    got = verdict.got
    found = "nothing" if got is None else f"{got.value:.4g}"
    ends = "" if got is None or got.low is None or got.high is None else f" ({got.low:.4g} to {got.high:.4g})"
    reason = "" if verdict.reason is None else f"; {verdict.reason.rstrip('.')}"
    return f"{verdict.name}: wanted {verdict.wanted}, got {found}{ends}{reason}."


def train(
    definition: ModelDefinition[Any],
    *,
    database: Engine,
    registry: Registry,
    activate: bool = True,
    remarks: Remarks | None = None,
    time_budget: float | None = None,
    progress: Progress = silent,
) -> Trained:
    """Check, extract, fit and judge the model, and publish it in one transaction where it passes.

    A check or a gate that says no is an answer and is returned; what cannot be done is raised. ``ConflictError`` where another version
    has the label already, and ``DefinitionError`` where the estimator is not offered: before any data is read. ``time_budget`` are the
    seconds of ``algorithm="auto"``, in place of the definition's.
    """
    algorithm = definition.algorithm if isinstance(definition.algorithm, str) else type(definition.algorithm).__name__
    record(BEGUN, model=definition.name, algorithm=algorithm, features=len(definition.features), dialect=database.dialect.name)
    with LoggedSteps(definition.name, progress) as steps:
        trained = _train(definition, database, registry, activate, remarks or Remarks(), time_budget, steps)
    _log(trained)
    return trained


def _train(
    definition: ModelDefinition[Any],
    database: Engine,
    registry: Registry,
    activate: bool,
    said: Remarks,
    time_budget: float | None,
    progress: Progress,
) -> Trained:
    started = time.perf_counter()
    require_training_stack(definition.algorithm)
    check_choice(definition)
    _require_free(registry, definition.name, said.label)
    before = active_or_none(registry, definition.name)
    checked = check_database(definition, database=database, progress=progress)
    if not checked.passed:
        return Trained(definition.name, checked, None, None, before, False, time.perf_counter() - started)
    reads = _reads(definition, database)
    active = read_active(definition, registry, before)
    # Before any row is read they are counted, which can take its time.
    progress("extract", 0, None)
    extracted = extract(definition, database, beside=() if active is None else active.inputs, progress=progress)
    candidate = fit(definition, extracted, reads=reads, active=active, time_budget=time_budget, progress=progress)
    version, known, held = None, False, None
    if candidate.passed:
        expected: Expected = active.number if active is not None else None if needs_active(definition) else "any"
        version, known = _publish(candidate, registry, said, activate=activate, expected=expected, progress=progress)
        if activate and not version.active:
            held = registry.held(definition.name) or "another version serves by now than the one that its gates compared with"
    serving = active_or_none(registry, definition.name)
    return Trained(definition.name, checked, candidate, version, serving, known, time.perf_counter() - started, held)


def _log(trained: Trained) -> None:
    if trained.candidate is not None:
        failed = tuple(verdict.name for verdict in trained.candidate.verdicts if not verdict.passed)
        gates = len(trained.candidate.verdicts)
        record(JUDGED, model=trained.model, gates=gates, passed=gates - len(failed), failed=failed)
    version, serving = (None if each is None else each.number for each in (trained.version, trained.serving))
    record(ENDED, model=trained.model, version=version, serving=serving, seconds=trained.seconds)


def _reads(definition: ModelDefinition[Any], database: Engine) -> tuple[Read, ...]:
    """The columns that the features read, compared with those of the database."""
    with reaching(database.url), database.connect() as connection:
        return observed(reads_of(definition), connection)


def _require_free(registry: Registry, model: str, label: str | None) -> None:
    """Refuse a label that cannot be given, before the time of a training is spent."""
    check_label(label)
    if label is None:
        return
    try:
        holder = registry.version(model, label)
    except (ModelNotFoundError, VersionNotFoundError):
        return
    hints = ["Choose another label.", f"Or take it away from that version: prisml describe {model} {holder.number} --no-label."]
    message = f"Version {holder.number} of {model!r} has the label {label!r} already; nothing was trained."
    raise ConflictError(message, {"model": model, "version": holder.number, "label": label}, hints)


def _publish(
    candidate: Candidate, registry: Registry, said: Remarks, *, activate: bool, expected: Expected, progress: Progress
) -> tuple[Version, bool]:
    progress("publish", 0, 1)
    name, digest = candidate.artifact.manifest.name, candidate.artifact.digest
    known = name in registry.names() and any(version.digest == digest for version in registry.versions(name))
    version = registry.publish(
        candidate.artifact, activate=activate, expected=expected, label=said.label, note=said.note, commit=said.commit
    )
    progress("publish", 1, 1)
    return version, known
