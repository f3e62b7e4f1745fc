"""Two publishers at once on one registry, killed in the middle of what they write, again and again."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from benches.crash_checks import Found, Inspector, Survived, Survivor
from benches.crash_kills import Durations, Process, fork, moment, watch
from benches.crash_writers import Phase, Seen, Writer, artifact, choose, publish
from prisml import Registry
from prisml.registry import Verification

PADDINGS = {0: 3, 100_000: 3, 600_000: 3, 1_500_000: 1}
"""How large graphs are, and how often: one of 1.5 MB is written in six parts."""
UNDISTURBED = 25
EARLY = 0.1
"""How many are killed before they hold the lock: while they open the registry, or wait for the other."""


@dataclass
class Killed:
    """What a campaign of kills has shown."""

    found: Found
    kills: int = 0
    phases: Counter[Phase] = field(default_factory=Counter)
    early: Counter[Phase] = field(default_factory=Counter)
    tenths: Counter[int] = field(default_factory=Counter)
    spent: Counter[Phase] = field(default_factory=Counter)
    refused: int = 0
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0
    rounds: int = 0
    seconds: float = 0.0
    survived: Survived = field(default_factory=Survived)
    before: Verification | None = None
    after: Verification | None = None


class Campaign:
    """Kills publishers on the registry at ``url`` until ``kills`` of them died within a write."""

    def __init__(self, url: str, kills: int, seed: int) -> None:
        self._registry = Registry(url)
        self._url = url
        self._kills = kills
        self._source = random.Random(seed)  # noqa: S311
        self._biases = count(1)
        self._inspector = Inspector(self._registry)
        self._durations = Durations()
        self.shown = Killed(self._inspector.found)

    def run(self) -> Killed:
        """What was shown."""
        started = time.monotonic()
        self._publish()
        self._publish()
        with Survivor(self._url) as survivor:
            seen = self._inspector.look()
            for _ in range(min(UNDISTURBED, 5 + self._kills // 10)):
                seen = self._round(seen, calm=True)
            while self.shown.kills < self._kills and self.shown.found.not_open == 0:
                seen = self._round(seen, calm=False)
        self.shown.survived = survivor.result
        self.shown.before = self._registry.verify(repair=True)
        self.shown.after = self._registry.verify()
        self.shown.seconds = time.monotonic() - started
        return self.shown

    def _round(self, seen: Seen, *, calm: bool) -> Seen:
        """Two publishers, of which none, one or both are killed; what stands in the registry then."""
        self.shown.rounds += 1
        fates = (False, False) if calm else self._source.choices(((True, True), (True, False), (False, False)), (55, 40, 5))[0]
        processes = [self._forked(writer, fatal) for writer, fatal in zip(self._writers(seen), fates, strict=True)]
        watch(processes)
        for process in processes:
            self._note(process)
        seen = self._inspector.look([process.text for process in processes if process.phase is Phase.DONE])
        if all(process.died for process in processes):
            self._publish()
        return seen

    def _writers(self, seen: Seen) -> list[Writer]:
        """What the two do: each something of its own, or now and then both the same."""
        writers = [choose(self._source, seen, self._bias(), self._padding(), f"why-{self.shown.rounds}-{place}") for place in range(2)]
        return [writers[0], writers[0]] if writers[0].kind.startswith("publish") and self._source.random() < 0.1 else writers

    def _forked(self, writer: Writer, fatal: bool) -> Process:
        if not fatal:
            return fork(self._registry, writer)
        since = Phase.OPENING if self._source.random() < EARLY else Phase.HOLDING
        delay, tenth = moment(self._source, self._durations, writer.kind, since)
        return fork(self._registry, writer, since=since, delay=delay, tenth=tenth if since is Phase.HOLDING else None)

    def _note(self, process: Process) -> None:
        shown = self.shown
        if process.died:
            shown.kills += 1
        if process.delay is not None and process.killed_at is not None and process.phase <= Phase.DONE:
            (shown.early if process.tenth is None else shown.phases)[process.phase] += 1
            if process.tenth is not None:
                shown.tenths[process.tenth] += 1
        if process.phase is Phase.REFUSED:
            shown.refused += 1
        elif process.phase is Phase.FAILED or (process.code != 0 and process.killed_at is None) or process.text.startswith("stuck"):
            shown.failed.append(process.text)
        elif process.delay is None and process.seconds is not None:
            self._durations.learn(process, Phase.HOLDING, Phase.DONE)
            self._durations.learn(process, Phase.OPENING, Phase.HOLDING)
            shown.longest = max(shown.longest, process.seconds)
            for (phase, begun), (_, ended) in zip(process.told, process.told[1:], strict=False):
                shown.spent[phase] += ended - begun

    def _publish(self) -> None:
        """Publish here: where the others died, nothing that they held must be in the way."""
        bias, started = self._bias(), time.monotonic()
        publish(artifact(bias, 0), bias, force=True, activate=True, registry=self._registry)
        self.shown.longest = max(self.shown.longest, time.monotonic() - started)

    def _padding(self) -> int:
        return self._source.choices(tuple(PADDINGS), tuple(PADDINGS.values()))[0]

    def _bias(self) -> float:
        """One that no other version has: by it their predictions differ."""
        return next(self._biases) / 512 - 4
