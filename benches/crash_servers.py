"""The database server itself killed with SIGKILL while publishers write, started again, and asked for what it had acknowledged."""

from __future__ import annotations

import itertools
import random
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from benches.crash_checks import Found, Inspector, Survived, Survivor
from benches.crash_kills import fork, watch
from benches.crash_writers import Phase, Writer, artifact
from prisml import Registry
from prisml.errors import RegistryError
from prisml.registry import Verification
from tests.support.servers import MariaDB, PostgreSQL, Server, as_user

LONGEST_DELAY_S = 0.6
PATIENCE_S = 10.0
PADDINGS = (0, 600_000)


class Durable(Server):
    """A server that waits for the disk at each commit, as it does unless it is told otherwise, and that can be killed."""

    def crash(self) -> None:
        """Kill every process of the server."""
        main = psutil.Process(self._process.pid)
        every = [main, *main.children(recursive=True)]
        for each in every:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait()
        psutil.wait_procs(every, timeout=30)

    def start_again(self) -> None:
        """Start the server on what is left."""
        command = as_user(self.account, self._command())
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, cwd=self.folder)
        self._wait()


class DurablePostgreSQL(Durable, PostgreSQL):
    """PostgreSQL with fsync."""

    def _command(self) -> Sequence[str | Path]:
        return [str(word).replace("fsync=off", "fsync=on") for word in super()._command()]


class DurableMariaDB(Durable, MariaDB):
    """MariaDB that flushes its log at each commit."""

    def _command(self) -> Sequence[str | Path]:
        words = [str(word).replace("flush-log-at-trx-commit=0", "flush-log-at-trx-commit=1") for word in super()._command()]
        # The user is made once: on the first start, after which this file is there.
        made = self.folder / "user-is-made"
        if made.exists():
            return [word for word in words if not word.startswith("--init-file")]
        made.touch()
        return words


DURABLE: dict[str, type[Durable]] = {"postgresql": DurablePostgreSQL, "mysql": DurableMariaDB}


@dataclass
class Crashed:
    """What a campaign of server crashes has shown."""

    found: Found
    crashes: int = 0
    acknowledged: int = 0
    failed: list[str] = field(default_factory=list)
    longest_start: float = 0.0
    survived: Survived = field(default_factory=Survived)
    after: Verification | None = None


class Crashes:
    """Kills the server again and again while two publishers write to it."""

    def __init__(self, server: Durable, url: str, seed: int) -> None:
        self._server = server
        self._url = url
        self._registry = Registry(url)
        self._source = random.Random(seed)  # noqa: S311
        self._tags = itertools.count(1)
        self._inspector = Inspector(self._registry)
        self.shown = Crashed(self._inspector.found)

    def run(self, crashes: int) -> Crashed:
        """What was shown by so many crashes."""
        publish_on(2, next(self._tags), self._registry)
        with Survivor(self._url) as survivor:
            for _ in range(crashes):
                self._round()
        self.shown.survived = survivor.result
        self._registry.verify(repair=True)
        self.shown.after = self._registry.verify()
        return self.shown

    def _round(self) -> None:
        shown = self.shown
        writers = [Writer("publish", partial(publish_on, 1_000, next(self._tags))) for _ in range(2)]
        processes = [fork(self._registry, writer) for writer in writers]
        time.sleep(self._source.uniform(0.0, LONGEST_DELAY_S))
        self._server.crash()
        shown.crashes += 1
        watch(processes)
        started = time.monotonic()
        self._server.start_again()
        shown.longest_start = max(shown.longest_start, time.monotonic() - started)
        shown.failed += [process.text for process in processes if process.phase is not Phase.DONE]
        acknowledged = [each for process in processes if process.phase is Phase.DONE for each in process.text.split(";") if each]
        shown.acknowledged += len(acknowledged)
        self._inspector.look(acknowledged)
        publish_on(1, next(self._tags), self._registry)


def publish_on(times: int, tag: int, registry: Registry) -> str:
    """Publish so many versions, or until the database is gone; what was acknowledged."""
    acknowledged: list[str] = []
    end = time.monotonic() + PATIENCE_S
    for place in range(times):
        bias, why = tag / 32 - 3 + place / 32_768, f"why-{tag}-{place}"
        made = artifact(bias, PADDINGS[(tag + place) % len(PADDINGS)])
        try:
            number = registry.publish(made, note=repr(bias), why=why, force=True).number
        except RegistryError:
            break
        acknowledged += [f"version {number}", f"log {why}"]
        if time.monotonic() > end:
            break
    return ";".join(acknowledged)
