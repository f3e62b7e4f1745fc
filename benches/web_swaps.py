"""Activate and rollback by the command line while the service is under load, and how long the workers took to follow."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

from benches.web_load import Change
from prisml import Registry

COMMANDS = (["activate", "churn", "2"], ["rollback", "churn"])
LAST_BEFORE_END_S = 6.0


class Swaps:
    """Lets the second version serve and takes it back, in turns, each by a process of its own, while the ``with`` block lasts."""

    def __init__(self, place: str, every: float, seconds: float) -> None:
        self._place = place
        self._every = every
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.failed: list[str] = []
        self._before = 0

    def __enter__(self) -> Self:
        self._before = Registry(self._place).deployment("churn").position
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        # The command takes a second or two, and the workers two to follow: whatever is begun must be seen.
        end = time.monotonic() + self._seconds - LAST_BEFORE_END_S
        for words in itertools.cycle(COMMANDS):
            if self._stop.wait(self._every) or time.monotonic() > end:
                return
            command = [sys.executable, "-m", "prisml", *words, "--registry", self._place, "--why", "to see who follows"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                self.failed.append(f"{' '.join(words)}: {done.stderr.strip()}")

    def made(self) -> Sequence[tuple[datetime, int]]:
        """The moment of each swap and the version that served from then on, as the registry's log has them, oldest first."""
        history = reversed(Registry(self._place).history("churn"))
        return [(each.at, each.version) for each in history if each.position > self._before]


def delays(swaps: Sequence[tuple[datetime, int]], changes: Iterable[Change], workers: Iterable[int]) -> dict[int, list[float | None]]:
    """For each worker and swap: the seconds until its first answer of the new version, None where the next swap came before one."""
    seen = sorted(changes, key=lambda change: change.at)
    found: dict[int, list[float | None]] = {}
    for worker in workers:
        moments = [(at.timestamp(), version) for at, version in swaps]
        ends = [at for at, _ in moments[1:]] + [float("inf")]
        found[worker] = [
            next(
                (change.at - at for change in seen if change.worker == worker and change.version == version and at <= change.at < end), None
            )
            for (at, version), end in zip(moments, ends, strict=True)
        ]
    return found
