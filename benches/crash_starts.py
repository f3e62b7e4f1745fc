"""Kills while the tables are made by the very first publisher, and while ``Registry.upgrade`` brings schema 1 up to date."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

import prisml
from benches.crash_kills import Durations, Process, fork, moment, watch
from benches.crash_writers import NAME, ROW, Phase, Writer, artifact, publish
from prisml import Registry
from prisml.errors import PrisMLError
from prisml.registry.bundle import Artifact
from prisml.registry.tables import SCHEMA_VERSION, metadata
from tests.artifacts import expected, make_artifact
from tests.support.registry_v1 import make_registry_v1

UNDISTURBED = 2
OLD_BIASES = (0.25, 0.5, 0.75)


@dataclass
class Begun:
    """What a campaign of kills at the registry's beginning has shown."""

    what: str
    kills: int = 0
    rounds: int = 0
    phases: Counter[Phase] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


class Start:
    """One way in which a registry begins: what is there before, what a process does then, and what must hold after kills."""

    def __init__(self, url: str) -> None:
        self.registry = Registry(url)
        self.database = create_engine(url, poolclass=NullPool)

    def prepare(self) -> None:
        """Let the registry be as it is before."""
        drop_tables(self.database)

    def writer(self) -> Writer:
        """What each of two processes does."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise unless all is well, and the next one can go on."""
        raise NotImplementedError


class FirstPublish(Start):
    """Nothing is there; afterwards all or nothing of the version, and the next publisher makes version 1 or 2."""

    def writer(self) -> Writer:
        return _publisher(artifact(0.5, 600_000), 0.5)

    def check(self) -> None:
        before = self.registry.names()
        must(before in ((), (NAME,)), "names")
        number = publish(artifact(1.0, 0), 1.0, force=True, activate=True, registry=self.registry)
        must(number == ("version 2" if before else "version 1"), f"{number} after {before}")
        _check_serves(self.registry, 1.0)


class Upgrade(Start):
    """A registry of schema 1; it serves at every moment, the next call ends the upgrade, and it is then as any other."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._old: list[Artifact] = [make_artifact(NAME, bias=bias, padding=300_000) for bias in OLD_BIASES]

    def prepare(self) -> None:
        super().prepare()
        make_registry_v1(self.database, self._old)

    def writer(self) -> Writer:
        return Writer("upgrade", lambda registry: f"schema {registry.upgrade()}")

    def check(self) -> None:
        must(self.registry.schema() in (1, SCHEMA_VERSION), "the schema's number")
        _check_serves(self.registry, OLD_BIASES[-1])
        must(self.registry.upgrade() == SCHEMA_VERSION == self.registry.schema(), "the upgrade")
        for number, made in enumerate(self._old, start=1):
            must(self.registry.artifact(NAME, number) == made, f"version {number}")
            must(self.registry.version(NAME, number).size == len(made.onnx), f"the size of version {number}")
        publish(artifact(1.0, 0), 1.0, force=True, activate=True, registry=self.registry)
        _check_serves(self.registry, 1.0)


def begin(start: Start, what: str, kills: int, seed: int) -> Begun:
    """Kill one or both of two processes that do the same, until ``kills`` died before they were done."""
    source, durations, begun = random.Random(seed), Durations(0.05), Begun(what)  # noqa: S311
    while begun.kills < kills and len(begun.failed) < 3:
        begun.rounds += 1
        calm = begun.rounds <= UNDISTURBED
        fates = [False] if calm else source.choice(([True], [True, False], [True, True]))
        start.prepare()
        processes = [_forked(start, source, durations, fatal=fatal) for fatal in fates]
        watch(processes)
        for process in processes:
            _note(begun, process)
            if calm:
                durations.learn(process, Phase.OPENING, Phase.DONE)
        try:
            start.check()
            verified = start.registry.verify(repair=True)
            must(not verified.problems, f"verify: {verified.problems}")
            must(not start.registry.verify().orphans, "orphans after the repair")
        except (PrisMLError, BrokenPromiseError) as error:
            begun.failed.append(f"{[process.phase.name for process in processes]}: {error}")
    return begun


class BrokenPromiseError(Exception):
    """Something does not hold that must."""


def must(holds: bool, what: str) -> None:
    """Raise unless it holds."""
    if not holds:
        raise BrokenPromiseError(what)


def drop_tables(database: Engine) -> None:
    """Take the registry's tables away, whatever of them is there."""
    for _ in range(20):
        try:
            metadata.drop_all(database)
        except OperationalError:
            # A statement of one who was killed is still at work on the server.
            continue
        if not any(table.startswith("prisml_") for table in inspect(database).get_table_names()):
            return
    raise BrokenPromiseError("the tables of those who were killed cannot be dropped")


def _forked(start: Start, source: random.Random, durations: Durations, *, fatal: bool) -> Process:
    writer = start.writer()
    if not fatal:
        return fork(start.registry, writer)
    delay, tenth = moment(source, durations, writer.kind, Phase.OPENING)
    return fork(start.registry, writer, since=Phase.OPENING, delay=delay, tenth=tenth)


def _note(begun: Begun, process: Process) -> None:
    begun.kills += process.died
    if process.died:
        begun.phases[process.phase] += 1
    if process.phase in (Phase.FAILED, Phase.REFUSED) or process.text.startswith("stuck"):
        begun.failed.append(process.text)


def _publisher(made: Artifact, bias: float) -> Writer:
    return Writer("publish", lambda registry: publish(made, bias, force=True, activate=True, registry=registry))


def _check_serves(registry: Registry, bias: float) -> None:
    predicted = prisml.load(NAME, registry=registry, refresh=None).predict(ROW)
    must(abs(predicted.value - expected(ROW, bias=bias)) < 1e-6, f"version {predicted.version} predicts something else")
