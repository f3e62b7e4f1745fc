"""How much memory a block takes at its most."""

from __future__ import annotations

import threading
from typing import Self

import psutil


class Peak:
    """The growth of resident memory at its highest while the block runs, sampled every 2 ms."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.growth = 0

    def __enter__(self) -> Self:
        self._before = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.002):
            self.growth = max(self.growth, self._process.memory_info().rss - self._before)
