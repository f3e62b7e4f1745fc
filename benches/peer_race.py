"""Timing side by side: in every block each contender has its turn, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from benches.peer_contenders import Contender
from benches.peer_data import Sample

Clock = Callable[[], float]
ROWS = 200
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.process_time}
"""Seconds as they pass, or those that this process was at work, which others on a busy machine disturb less."""
_TURN = 0.004
_MOST_CALLS = 2_000
_FEWEST_FOR_P99 = 100
# Who takes less for a row has a 99th percentile.
_QUICK = 100e-6


@dataclass(frozen=True)
class Timing:
    """Seconds: ``median`` and ``p99`` are medians over the blocks, of the time per call and of each block's own 99th percentile.

    ``p99`` is None where a block has too few calls to have one. ``best`` is the shortest block.
    """

    contender: Contender
    median: float
    best: float
    p99: float | None
    blocks: int


def one_row(contenders: Sequence[Contender], sample: Sample, *, blocks: int, clock: Clock) -> list[Timing]:
    """Each contender on single rows: as many calls a block as fit into some milliseconds."""
    singles = [sample.alone(place) for place in range(len(sample))]
    turns = [_Turn(contender, [contender.ready(single) for single in singles], clock) for contender in contenders]
    with _undisturbed():
        for block in range(blocks):
            for turn in _rotated(turns, block):
                turn.run()
    return [turn.timing() for turn in turns]


def batch(contenders: Sequence[Contender], sample: Sample, *, rounds: int, clock: Clock, enough: float = 0.3) -> list[Timing]:
    """Each contender on the whole batch: ``rounds`` times at least, and more where ``enough`` seconds for each are not used up."""
    inputs = [contender.ready(sample) for contender in contenders]
    taken: list[list[float]] = [[] for _ in contenders]
    with _undisturbed():
        for contender, given in zip(contenders, inputs, strict=True):
            contender.call(given)
        spent = 0.0
        while len(taken[0]) < rounds or (spent < enough * len(contenders) and len(taken[0]) < _MOST_CALLS):
            for place in _rotated(range(len(contenders)), len(taken[0])):
                taken[place].append(_timed(clock, contenders[place].call, inputs[place]))
                spent += taken[place][-1]
    return [
        Timing(contender, float(np.median(times)), min(times), None, len(times)) for contender, times in zip(contenders, taken, strict=True)
    ]


class _Turn:
    """A contender with its rows, and what was measured of it so far."""

    def __init__(self, contender: Contender, rows: list[Any], clock: Clock) -> None:
        self._contender = contender
        self._clock = clock
        self._rows = rows
        self._means: list[float] = []
        self._highest: list[float] = []
        for row in rows[:20]:
            contender.call(row)
        once = float(np.median([_timed(clock, contender.call, row) for row in rows[:20]]))
        fewest = _FEWEST_FOR_P99 if once < _QUICK else 3
        self._calls = max(fewest, min(_MOST_CALLS, int(_TURN / once)))

    def run(self) -> None:
        call, clock, rows = self._contender.call, self._clock, self._picked()
        started = clock()
        for row in rows:
            call(row)
        self._means.append((clock() - started) / len(rows))
        if len(rows) >= _FEWEST_FOR_P99:
            # By the wall always: to ask for the time at work takes longer than some contenders do.
            self._highest.append(float(np.percentile([_timed(CLOCKS["wall"], call, row) for row in rows], 99)))

    def timing(self) -> Timing:
        highest = float(np.median(self._highest)) if self._highest else None
        return Timing(self._contender, float(np.median(self._means)), min(self._means), highest, len(self._means))

    def _picked(self) -> list[Any]:
        """The rows of this block; other ones in the next, where a block has fewer calls than there are rows."""
        start = len(self._means) * self._calls
        return [self._rows[(start + place) % len(self._rows)] for place in range(self._calls)]


def _timed(clock: Clock, call: Callable[[Any], object], given: Any) -> float:
    started = clock()
    call(given)
    return clock() - started


def _rotated(items: Sequence[Any], by: int) -> list[Any]:
    by %= len(items)
    return [*items[by:], *items[:by]]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the collector of cycles, which would fall on whoever has its turn."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
