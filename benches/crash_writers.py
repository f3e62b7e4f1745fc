"""A process that writes to a registry, is watched from statement to statement through a pipe, and may be killed at any moment of it."""

from __future__ import annotations

import os
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from sqlalchemy import Connection, event

from prisml import Registry
from prisml.errors import PrisMLError, RegistryError
from prisml.registry.bundle import Artifact
from tests.artifacts import expected, make_artifact

NAME = "churn"
ROW = {"id": 7, "age": 41, "country": "DE"}
KEPT = 12
RECORD = struct.Struct("<Bq")
LINGER_S = 30.0
Act = Callable[[Registry], str]


class Phase(IntEnum):
    """How far a writer has come: the statement that it began last, or how it ended."""

    OPENING = 0
    LOCKING = 1
    HOLDING = 2
    TABLES = 3
    READING = 4
    BLOBS = 5
    VERSIONS = 6
    LOG = 7
    SCHEMA = 8
    READING_ON = 9
    COMMIT = 10
    DONE = 11
    REFUSED = 12
    FAILED = 13

    @property
    def said(self) -> str:
        """The phase, as a table shows it."""
        return _SAID[self]


_SAID = {
    Phase.OPENING: "before the transaction",
    Phase.LOCKING: "waiting for the lock",
    Phase.HOLDING: "lock just taken",
    Phase.TABLES: "CREATE or ALTER TABLE",
    Phase.READING: "SELECT, before anything is written",
    Phase.BLOBS: "write to prisml_blobs",
    Phase.VERSIONS: "write to prisml_versions",
    Phase.LOG: "write to prisml_deployments",
    Phase.SCHEMA: "write to prisml_schema",
    Phase.READING_ON: "SELECT, after something was written",
    Phase.COMMIT: "COMMIT",
    Phase.DONE: "after the write",
}
_TABLES = {
    "prisml_blobs": Phase.BLOBS,
    "prisml_versions": Phase.VERSIONS,
    "prisml_deployments": Phase.LOG,
    "prisml_schema": Phase.SCHEMA,
}


_WRITES = ("CREATE", "ALTER", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Writer:
    """What one process is to do: its kind, by which durations are compared, and the call."""

    kind: str
    act: Act


class Trace:
    """Tells through ``pipe`` which statement of a registry is begun, with the moment."""

    def __init__(self, registry: Registry, pipe: int) -> None:
        self._pipe = pipe
        self._holds = self._wrote = False
        engine = registry.database.engine
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "commit", self._commit)

    def note(self, phase: Phase, text: str = "") -> None:
        """Send ``phase``; ``text`` goes with the last one."""
        os.write(self._pipe, RECORD.pack(phase, time.monotonic_ns()) + text.encode()[:2000])

    def _before(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if _locks(statement):
            self.note(Phase.LOCKING)
        elif self._holds or statement.lstrip().startswith(_WRITES):
            phase = _phase(statement)
            self.note(Phase.READING_ON if phase is Phase.READING and self._wrote else phase)
            self._wrote = self._wrote or phase is not Phase.READING

    def _after(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if _locks(statement):
            self._holds = True
            self.note(Phase.HOLDING)

    def _commit(self, connection: Connection) -> None:
        if self._holds:
            self._holds = False
            self.note(Phase.COMMIT)


def run(registry: Registry, writer: Writer, pipe: int) -> None:
    """Do what ``writer`` says, telling where it stands, and then wait for what may come; only in a process of its own."""
    trace = Trace(registry, pipe)
    trace.note(Phase.OPENING)
    try:
        text = writer.act(registry)
    except RegistryError as error:
        trace.note(Phase.FAILED, f"{type(error).__name__}: {error.message}")
    except PrisMLError as error:
        # Another process was faster: what was to be done makes no sense any more.
        trace.note(Phase.REFUSED, f"{type(error).__name__}: {error.message}")
    except BaseException as error:
        trace.note(Phase.FAILED, f"{type(error).__name__}: {error}")
        raise
    else:
        trace.note(Phase.DONE, text)
        time.sleep(LINGER_S)


def artifact(bias: float, padding: int) -> Artifact:
    """A version with a report, whose answers ``bias`` decides; ``padding`` decides its size."""
    return make_artifact(NAME, bias=bias, padding=padding, report=f"report of {bias}")


def right_value(note: str | None) -> float:
    """What a version must predict for ``ROW``: its note tells its bias."""
    return expected(ROW, bias=float(note or "nan"))


def publish(made: Artifact, bias: float, *, force: bool, activate: bool, registry: Registry) -> str:
    """Publish; the number that must be there from now on."""
    return f"version {registry.publish(made, note=repr(bias), force=force, activate=activate).number}"


@dataclass(frozen=True)
class Seen:
    """What stood in the registry when it was looked at last: the numbers that can serve, the active one, and whether a test runs."""

    numbers: tuple[int, ...]
    active: int
    trying: bool


def choose(source: random.Random, seen: Seen, bias: float, padding: int, tag: str) -> Writer:
    """Something that a publisher does: mostly publishing and activating, now and then any other write."""
    kind = source.choices(("publish", "activate", "rollback", "experiment", "prune"), (55, 22, 8, 12, 3))[0]
    others = [number for number in seen.numbers if number != seen.active]
    if kind == "publish" or not others:
        force = source.random() < 0.7
        made = artifact(bias, padding)
        return Writer(f"publish {padding}", lambda registry: publish(made, bias, force=force, activate=True, registry=registry))
    if kind == "prune":
        return Writer(kind, lambda registry: _nothing(registry.prune(NAME, keep=KEPT)))
    if kind == "experiment":
        return Writer(kind, partial(_experiment, seen.active, source.choice(others), tag, ends=seen.trying, by=source.choice("srp")))
    number = source.choice(others)
    if kind == "activate":
        return Writer(kind, lambda registry: _nothing(registry.activate(NAME, number, why=tag)))
    return Writer(kind, lambda registry: _logged(tag, registry.rollback(NAME, why=tag)))


def _experiment(active: int, other: int, tag: str, registry: Registry, *, ends: bool, by: str) -> str:
    experiments = registry.experiments
    if not ends:
        return _logged(tag, experiments.start(NAME, {active: 0.5, other: 0.5}, why=tag))
    if by == "r":
        return _nothing(experiments.ramp(NAME, {active: 0.25, other: 0.75}, why=tag))
    return _logged(tag, experiments.stop(NAME, why=tag) if by == "s" else experiments.promote(NAME, why=tag))


def _logged(tag: str, done: object) -> str:
    """That the log must have an entry with ``tag`` as its reason."""
    return f"log {tag}"


def _nothing(done: object) -> str:
    """That nothing must be there: where nothing changes, nothing is written."""
    return ""


def _locks(statement: str) -> bool:
    return statement.startswith("BEGIN IMMEDIATE") or statement.rstrip().endswith("FOR UPDATE") or "pg_advisory_xact_lock" in statement


def _phase(statement: str) -> Phase:
    verb, _, rest = statement.lstrip().partition(" ")
    if verb in ("CREATE", "ALTER"):
        return Phase.TABLES
    if verb in ("INSERT", "UPDATE", "DELETE"):
        return next(
            (phase for table, phase in _TABLES.items() if rest.removeprefix("INTO ").removeprefix("FROM ").startswith(table)), Phase.READING
        )
    return Phase.READING
