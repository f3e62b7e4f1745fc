"""What must hold of a registry whatever died in it, and a process beside it that must go on predicting all the while."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Self

import prisml
from benches.crash_writers import NAME, ROW, Seen, right_value
from prisml import Registry
from prisml.errors import PrisMLError
from prisml.registry import Deployment, Version

TOLERANCE = 5e-7
REFRESH_S = 0.1
PAUSE_S = 0.005
PATIENCE_S = 60.0
SPAWN = multiprocessing.get_context("spawn")


@dataclass
class Found:
    """What was found broken, each with an example, and how often was looked."""

    looks: int = 0
    not_open: int = 0
    not_loading: int = 0
    half: int = 0
    log: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, message: str) -> None:
        """Count ``what`` once more."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < 10:
            self.examples.append(f"{what}: {message}")


class Inspector:
    """Looks at a registry again and again, with a memory of what was there before."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.found = Found()
        self._whole: set[int] = set()
        self._log: tuple[Deployment, ...] = ()

    def look(self, promised: Sequence[str] = ()) -> Seen:
        """Open the registry, check all that is new in it, load what serves; ``promised`` is what writers were told to be there."""
        self.found.looks += 1
        try:
            versions = self.registry.versions(NAME, deleted=True)
            log = self.registry.history(NAME)
        except PrisMLError as error:
            self.found.note("not_open", error.message)
            return Seen((), 0, trying=False)
        self._check_versions(versions)
        self._check_log(log)
        self._check_promises(promised, versions, log)
        try:
            self._check_serving(versions, log[0])
        except PrisMLError as error:
            self.found.note("not_loading", error.message)
        living = tuple(version.number for version in versions if version.deleted_at is None)
        return Seen(living, log[0].version, trying=log[0].experiment is not None)

    def _check_versions(self, versions: Sequence[Version]) -> None:
        if [version.number for version in versions] != list(range(1, len(versions) + 1)):
            self.found.note("half", "the numbers have a gap or a double")
        for version in versions:
            if version.deleted_at is None and version.number not in self._whole:
                try:
                    self.registry.artifact(NAME, version.number)
                except PrisMLError as error:
                    self.found.note("half", error.message)
                self._whole.add(version.number)

    def _check_log(self, log: tuple[Deployment, ...]) -> None:
        """Entries count from one, each goes on from where the one before it ended, and none that was there has changed."""
        chained = [entry.before for entry in log] == [*(entry.version for entry in log[1:]), None]
        if not chained or [entry.position for entry in log] != list(range(len(log), 0, -1)):
            self.found.note("log", "an entry does not follow the one before it")
        if log[len(log) - len(self._log) :] != self._log:
            self.found.note("log", "what was in it is not any more")
        self._log = log

    def _check_promises(self, promised: Sequence[str], versions: Sequence[Version], log: Sequence[Deployment]) -> None:
        there = {f"version {version.number}" for version in versions} | {f"log {entry.why}" for entry in log} | {""}
        for promise in promised:
            if promise not in there:
                self.found.note("lost", f"{promise} was acknowledged, and is not there")

    def _check_serving(self, versions: Sequence[Version], entry: Deployment) -> None:
        """A new engine serves what the log says, and each version that serves predicts what it must."""
        engine = prisml.load(NAME, registry=self.registry, refresh=None)
        if engine.version != entry.version:
            self.found.note("not_loading", f"version {entry.version} is to serve, and {engine.version} does")
        keys: list[object] = [None, *range(6)] if entry.experiment is not None else [None]
        notes = {version.number: version.note for version in versions}
        for key in keys:
            predicted = engine.predict(ROW, key=key)
            if not abs(predicted.value - right_value(notes[predicted.version or 0])) <= TOLERANCE:
                self.found.note("not_loading", f"version {predicted.version} predicts something else")


@dataclass
class Survived:
    """What a process that never stopped predicting saw: how many predictions, of how many versions, and what was wrong."""

    predictions: int = 0
    versions: int = 0
    wrong: int = 0
    errors: int = 0
    examples: list[str] = field(default_factory=list)


class Survivor:
    """A process that holds an engine and predicts with it until the ``with`` block ends."""

    def __init__(self, url: str) -> None:
        self._here, there = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_predict_on, args=(url, there), daemon=True)
        self._process.start()
        there.close()
        self.result = Survived()

    def __enter__(self) -> Self:
        if not self._here.poll(PATIENCE_S):
            raise TimeoutError("the process that predicts did not begin")
        self._here.recv()
        return self

    def __exit__(self, *raised: object) -> None:
        self._here.send("stop")
        if self._here.poll(PATIENCE_S):
            self.result = self._here.recv()
        else:
            self.result.errors += 1
            self.result.examples.append("it did not answer at the end")
        self._process.join(PATIENCE_S)


def _predict_on(url: str, pipe: Connection) -> None:
    registry, survived = Registry(url), Survived()
    engine = prisml.load(NAME, registry=url, refresh=REFRESH_S)
    source, notes = random.Random(0), _Notes(registry)  # noqa: S311
    pipe.send("ready")
    while not pipe.poll():
        key = source.choice((None, source.randrange(1_000_000)))
        try:
            predicted = engine.predict(ROW, key=key)
        except PrisMLError as error:
            survived.errors += 1
            survived.examples = [*survived.examples, error.message][:5]
            continue
        survived.predictions += 1
        right = notes.of(predicted.version or 0)
        if right is not None and not abs(predicted.value - right) <= TOLERANCE:
            survived.wrong += 1
        time.sleep(PAUSE_S)
    survived.versions = len(notes.known)
    engine.close()
    pipe.send(survived)


class _Notes:
    """What each version must predict, asked of the registry when a version is met first."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.known: dict[int, float] = {}

    def of(self, number: int) -> float | None:
        """The value; None while the registry cannot be asked."""
        if number not in self.known:
            try:
                versions = self._registry.versions(NAME, deleted=True)
            except PrisMLError:
                return None
            self.known |= {version.number: right_value(version.note) for version in versions if version.number == number}
        return self.known.get(number)
