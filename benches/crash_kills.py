"""Processes made by fork, and killed with SIGKILL at moments that are uniform over what they do."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Never

from benches.crash_writers import RECORD, Phase, Writer, run
from prisml import Registry

PATIENCE_S = 90.0
BEYOND = 1.08
"""How far beyond the usual duration moments are drawn, so that slow writes are met at their end too."""
ENDS = (Phase.DONE, Phase.REFUSED, Phase.FAILED)


@dataclass
class Process:
    """A forked writer: what it has told, when it is to be killed (``delay`` seconds after it reaches ``since``), and how it ended."""

    writer: Writer
    pid: int
    pipe: int
    since: Phase
    delay: float | None
    tenth: int | None
    told: list[tuple[Phase, int]] = field(default_factory=list)
    text: str = ""
    killed_at: int | None = None
    code: int | None = None

    @property
    def phase(self) -> Phase:
        """Where it stood last."""
        return self.told[-1][0] if self.told else Phase.OPENING

    @property
    def died(self) -> bool:
        """Whether it was killed before it had told that it was done."""
        return self.code == -signal.SIGKILL and self.phase not in ENDS

    @property
    def seconds(self) -> float | None:
        """How long the whole call took, where it was done."""
        return (self.told[-1][1] - self.told[0][1]) / 1e9 if self.phase is Phase.DONE else None

    def reached(self, phase: Phase) -> int | None:
        """The moment at which it was there first."""
        return next((moment for told, moment in self.told if told >= phase), None)

    @property
    def due(self) -> int | None:
        """When it is to be killed; None while that is open."""
        begun = self.reached(self.since)
        ended = self.phase in (Phase.REFUSED, Phase.FAILED)
        return None if self.delay is None or begun is None or ended or self.killed_at is not None else begun + int(self.delay * 1e9)


class Durations:
    """How long writes of each kind take from one phase to another, by the last that were left alone."""

    def __init__(self, guess: float = 0.02) -> None:
        self._guess = guess
        self._taken: dict[tuple[str, Phase], deque[float]] = defaultdict(lambda: deque(maxlen=25))

    def learn(self, process: Process, since: Phase, until: Phase) -> None:
        """Take what an undisturbed process has told."""
        begun, ended = process.reached(since), process.reached(until)
        if process.phase is Phase.DONE and begun is not None and ended is not None:
            self._taken[process.writer.kind, since].append((ended - begun) / 1e9)

    def usual(self, kind: str, since: Phase) -> float:
        """The median, or a guess where none was seen."""
        taken = self._taken.get((kind, since)) or [each for (_, begun), some in self._taken.items() if begun is since for each in some]
        return median(taken) if taken else self._guess


def moment(source: random.Random, durations: Durations, kind: str, since: Phase) -> tuple[float, int]:
    """A delay that is uniform over what usually follows on ``since``, and in which tenth of it it lies."""
    share = source.uniform(0, BEYOND)
    return share * durations.usual(kind, since), int(share * 10)


def fork(
    registry: Registry, writer: Writer, *, since: Phase = Phase.HOLDING, delay: float | None = None, tenth: int | None = None
) -> Process:
    """A process that runs ``writer`` on the registry with connections of its own."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        _run_and_exit(registry, writer, writes)
    os.close(writes)
    os.set_blocking(reads, False)
    return Process(writer, pid, reads, since, delay, tenth)


def watch(processes: Sequence[Process]) -> None:
    """Read what the processes tell, kill each at its moment, and return when all are gone."""
    deadline = time.monotonic() + PATIENCE_S
    open_pipes = {process.pipe: process for process in processes}
    rests = dict.fromkeys(open_pipes, b"")
    while open_pipes:
        if time.monotonic() > deadline:
            for process in processes:
                process.text = process.text or f"stuck in {process.phase.name} for {PATIENCE_S:.0f} s"
                _kill(process)
        dues = [process.due for process in open_pipes.values()]
        first = min((due for due in dues if due is not None), default=None)
        wait = 1.0 if first is None else max(0.0, (first - time.monotonic_ns()) / 1e9)
        ready, _, _ = select.select(list(open_pipes), [], [], min(wait, 1.0))
        now = time.monotonic_ns()
        for process in processes:
            if process.due is not None and process.due <= now:
                _kill(process)
        for pipe in ready:
            rests[pipe] = _read(open_pipes, pipe, rests[pipe])
    for process in processes:
        process.code = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])


def _read(open_pipes: dict[int, Process], pipe: int, rest: bytes) -> bytes:
    """Take what is in the pipe; what is left of a record that is not whole."""
    process = open_pipes[pipe]
    data = os.read(pipe, 65536)
    rest += data
    while len(rest) >= RECORD.size and process.phase not in ENDS:
        phase, at = RECORD.unpack(rest[: RECORD.size])
        process.told.append((Phase(phase), at))
        rest = rest[RECORD.size :]
    if process.phase in ENDS:
        process.text, rest = process.text + rest.decode(errors="replace"), b""
        if process.delay is None:
            # Nobody is going to: it has told what there is to tell.
            _kill(process)
    if not data:
        os.close(pipe)
        del open_pipes[pipe]
    return rest


def _kill(process: Process) -> None:
    if process.killed_at is None:
        process.killed_at = time.monotonic_ns()
        os.kill(process.pid, signal.SIGKILL)


def _run_and_exit(registry: Registry, writer: Writer, pipe: int) -> Never:
    try:
        run(registry, writer, pipe)
    finally:
        os._exit(1)
