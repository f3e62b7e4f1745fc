"""A process that serves: started before anything changes, it answers what its engine predicts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.console import environment

ROW = {"age": 40, "country": "DE"}
PATIENCE_S = 20.0

PROGRAM = """
import json
import sys

import prisml

name, registry = sys.argv[1:]
engine = prisml.load(name, registry=registry, refresh=0.1)
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["refresh"]:
        engine.refresh()
    keys = asked["keys"]
    answers = engine.predict_many([asked["row"]] * len(keys), keys=keys)
    print(json.dumps([[each.value, each.version, each.variant] for each in answers]), flush=True)
"""


@dataclass(frozen=True)
class Seen:
    """What the process answered for one key."""

    value: float
    version: int
    variant: str | None


class Serving:
    """The other process. It looks at the registry every tenth of a second by itself."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._read() == "ready\n"

    def many(self, keys: Sequence[object], *, refresh: bool = False) -> list[Seen]:
        """What it predicts for the same row under each key; with ``refresh`` it looks at the registry first."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"row": ROW, "keys": list(keys), "refresh": refresh}) + "\n")
        self._process.stdin.flush()
        return [Seen(*each) for each in json.loads(self._read())]

    def one(self, key: object = None, *, refresh: bool = False) -> Seen:
        """What it predicts for the row under that key."""
        return self.many([key], refresh=refresh)[0]

    def until(self, expected: Callable[[Seen], bool], key: object = None) -> Seen:
        """Its first answer that is as expected; it is never told to look."""
        end = time.monotonic() + PATIENCE_S
        while not expected(seen := self.one(key)):
            assert time.monotonic() < end, seen
            time.sleep(0.02)
        return seen

    def until_version(self, number: int) -> Seen:
        """Its first answer by that version."""
        return self.until(lambda seen: seen.version == number)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def serving(name: str, registry: str) -> Iterator[Serving]:
    """A process that serves the model from now on, and ends with the block without a word on stderr."""
    command = [sys.executable, "-c", PROGRAM, name, registry]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield Serving(process)
            _, said = process.communicate(timeout=PATIENCE_S)
        except BaseException:
            process.kill()
            raise
    assert (process.returncode, said) == (0, "")
