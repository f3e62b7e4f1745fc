"""Load on the service: wrk, or where it is not installed a few threads of Python, which judge every answer alike."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

SCRIPT = Path(__file__).with_name("web.lua")
CONNECTIONS = 16
THREADS = 4
PREDICTED, PLAIN = "/customers/", "/plain/"

Right = Mapping[tuple[int, int], float]
"""What each version must answer for each customer."""


class Change(NamedTuple):
    """The moment (seconds since 1970) from which a worker's answers named another version than before."""

    worker: int
    version: int
    at: float


@dataclass
class Load:
    """What came of asking an endpoint for some time. ``lost`` are connections that failed, ``bad`` answers that were not right,
    ``example`` one of them.
    """

    requests: int = 0
    seconds: float = 0.0
    lost: int = 0
    bad: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0
    example: str = ""
    statuses: Counter[int] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """How many requests were not answered rightly."""
        return self.lost + self.bad + sum(self.statuses.values())


def has_wrk() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def by_wrk(port: int, path: str, right: Right, seconds: float, folder: Path) -> Load:
    """What wrk found with one thread and 16 connections."""
    expected, found = folder / "right.tsv", folder / "found.txt"
    expected.write_text("".join(f"{key}\t{version}\t{json.dumps(value)}\n" for (key, version), value in right.items()), encoding="ascii")
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(SCRIPT)]
    command = ["wrk", *options, f"http://127.0.0.1:{port}", "--", path, str(expected), str(found)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not found.exists():
        raise RuntimeError(f"wrk ended with {done.returncode}: {done.stdout}{done.stderr}")
    load = _read(found.read_text(encoding="ascii"))
    found.unlink()
    return load


def _read(text: str) -> Load:
    load = Load()
    for line in text.splitlines():
        name, *values = line.split()
        match name:
            case "status":
                load.statuses[int(values[0])] = int(values[1])
            case "change":
                load.changes.append(Change(int(values[0]), int(values[1]), float(values[2])))
            case "example":
                load.example = line.partition(" ")[2]
            case "requests" | "lost" | "bad":
                setattr(load, name, int(float(values[0])))
            case _:
                setattr(load, "longest" if name == "max" else name, float(values[0]))
    return load


def by_python(port: int, path: str, right: Right, seconds: float, folder: Path) -> Load:
    """What four threads of Python found, each with one connection. They cost more than the service does."""
    keys = sorted({key for key, _ in right})
    load, lock, times = Load(), threading.Lock(), []
    started = time.monotonic()

    def ask(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        mine = Judge(path, right)
        took = []
        for asked, key in enumerate(islice(cycle(keys), first, None)):
            before = time.monotonic()
            if before - started > seconds:
                break
            try:
                # Whoever is free takes a connection: now and then a new one, so that all workers have some.
                connection.request("GET", f"{path}{key}", headers={"Connection": "close"} if asked % 100 == 0 else {})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                mine.load.lost += 1
                connection.close()
                continue
            took.append(time.monotonic() - before)
            mine.look(key, answer.status, answer.getheader("x-worker"), body)
        connection.close()
        with lock:
            times.extend(took)
            _add(load, mine.load)

    threads = [threading.Thread(target=ask, args=(number * len(keys) // THREADS,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.requests, load.seconds = len(times), time.monotonic() - started
    load.p50, load.p99, load.longest = np.percentile(times, [50, 99, 100]).tolist() if times else (0.0, 0.0, 0.0)
    load.changes.sort(key=lambda change: change.at)
    return load


def _add(whole: Load, part: Load) -> None:
    whole.lost += part.lost
    whole.bad += part.bad
    whole.example = part.example or whole.example
    whole.statuses += part.statuses
    whole.changes += part.changes


class Judge:
    """Judges one connection's answers."""

    def __init__(self, path: str, right: Right) -> None:
        self.load = Load()
        self._predicted = path == PREDICTED
        self._right = right
        self._last: dict[int, int] = {}

    def look(self, key: int, status: int, worker: str | None, body: bytes) -> None:
        """Count the answer where it is not right, and note where a worker's version is another than before."""
        if status != http.client.OK:
            self.load.statuses[status] += 1
            return
        try:
            document = json.loads(body)
            fine = document["id"] == key and "profile" in document
            if self._predicted:
                version = document["churn"]["version"]
                fine = fine and self._right[key, version] == document["churn"]["churn_probability"]
        except (KeyError, TypeError, ValueError):
            fine = False
        if not fine:
            self.load.bad += 1
            self.load.example = body.decode(errors="replace")
        elif self._predicted and worker is not None and self._last.get(int(worker)) != version:
            self._last[int(worker)] = version
            self.load.changes.append(Change(int(worker), version, time.time()))
