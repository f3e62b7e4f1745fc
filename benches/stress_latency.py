"""What a single prediction takes under eight threads while versions are swapped, every answer compared with that of its version."""

from __future__ import annotations

import random
import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

import prisml
from benches.databases import lent
from benches.report import Report
from benches.stress_models import models, way
from benches.swap_models import NAME, VERSIONS, Row, copies, rows, truth
from benches.swap_moves import PATIENCE_S, SPAWN
from benches.verify_swaps import published
from prisml import Engine, Registry

THREADS = 8
ROWS = 50
SWAP_S = 0.1
SOON_S = 0.02
PACE_S = 0.002
"""Between two predictions of a thread that does something else, too."""
MOST_P99_S = 0.001


@dataclass
class Seen:
    """What one thread has seen: the seconds of each call, and what was wrong."""

    taken: array[float] = field(default_factory=lambda: array("f"))
    errors: int = 0
    wrong: int = 0
    versions: set[int] = field(default_factory=set)
    changes: int = 0
    examples: list[str] = field(default_factory=list)


def show(report: Report, kind: str, database: str, seconds: float) -> None:
    """A line for each way of asking: without a pause, and with one between two calls."""
    made = models(kind)
    asked = rows(ROWS, seed=3)
    right = truth(made, asked)
    for load, pause in (("busy", 0.0), ("paced", PACE_S)):
        with lent(database) as url:
            published(url, copies(made, VERSIONS))
            engine = prisml.load(NAME, registry=url, refresh=SOON_S)
            try:
                seen, moved = _under_swaps(engine, url, asked, right, seconds, pause)
            finally:
                engine.close()
            add(report, kind, way(engine), load, seen, moved)


def _under_swaps(
    engine: Engine, url: str, asked: Sequence[Row], right: NDArray[np.float64], seconds: float, pause: float
) -> tuple[list[Seen], int]:
    """What the threads saw while the mover activated a version each tenth of a second, and how often it did."""
    stop, each = threading.Event(), [Seen() for _ in range(THREADS)]
    threads = [
        threading.Thread(target=_predict, args=(engine, asked, right.T.tolist(), seen, stop, pause, seed)) for seed, seen in enumerate(each)
    ]
    here, there = SPAWN.Pipe()
    mover = SPAWN.Process(target=_activate, args=(url, seconds, there), daemon=True)
    mover.start()
    # It says when it begins: to start a process takes as long as a hundred swaps.
    _said(here)
    for thread in threads:
        thread.start()
    try:
        # Of this thread nothing is asked meanwhile: it would have to wait for its turn among eight that never rest.
        time.sleep(seconds)
        moved = _said(here)
        _wait_for_a_change(each)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        mover.join(PATIENCE_S)
    return each, moved


def _activate(url: str, seconds: float, pipe: Connection) -> None:
    """Activate a version each tenth of a second, and say how many were; the last is another than the first that served."""
    registry, moved = Registry(url), 0
    pipe.send(moved)
    due = time.monotonic()
    end = due + seconds
    while due < end or moved % VERSIONS == 0:
        registry.activate(NAME, 1 + (moved + 1) % VERSIONS)
        moved, due = moved + 1, due + SWAP_S
        time.sleep(max(due - time.monotonic(), 0.0))
    pipe.send(moved)


def _wait_for_a_change(each: Sequence[Seen]) -> None:
    """Let the threads go on until one has seen a second version: the one that follows has a hard time beside eight that never rest."""
    end = time.monotonic() + PATIENCE_S
    while not any(len(seen.versions) > 1 for seen in each) and time.monotonic() < end:
        time.sleep(SOON_S)


def _said(pipe: Connection) -> int:
    if not pipe.poll(PATIENCE_S):
        raise TimeoutError("the process that activates did not answer")
    return int(pipe.recv())


def _predict(
    engine: Engine, asked: Sequence[Row], right: Sequence[Sequence[float]], seen: Seen, stop: threading.Event, pause: float, seed: int
) -> None:
    source, clock, kinds = random.Random(seed), time.perf_counter, len(right[0])  # noqa: S311
    last, places = 0, [source.randrange(len(asked)) for _ in range(997)]
    while not stop.is_set():
        for place in places:
            row, values = asked[place], right[place]
            started = clock()
            try:
                found = engine.predict(row)
            except Exception as error:  # noqa: BLE001 -- Whatever it is, it is what the campaign looks for.
                seen.errors += 1
                seen.examples.append(f"{type(error).__name__}: {error}")
                continue
            seen.taken.append(clock() - started)
            version = found.version or 0
            if version != last:
                seen.versions.add(version)
                seen.changes, last = seen.changes + 1, version
            if found.value != values[(version - 1) % kinds]:
                seen.wrong += 1
            if pause:
                time.sleep(pause)
                if stop.is_set():
                    break


def add(report: Report, kind: str, answers: str, load: str, each: Sequence[Seen], moved: int) -> None:
    """A line of what the threads have seen together, and its promises."""
    taken = np.concatenate([np.frombuffer(seen.taken, dtype=np.float32) for seen in each])
    p50, p99, p999, p9999 = (float(found) for found in np.percentile(taken, [50, 99, 99.9, 99.99]))
    errors, wrong = sum(seen.errors for seen in each), sum(seen.wrong for seen in each)
    versions: set[int] = set().union(*(seen.versions for seen in each))
    report.add(
        model=kind,
        answers=answers,
        load=load,
        threads=len(each),
        swaps=moved,
        swaps_seen=max(seen.changes for seen in each),
        versions_seen=len(versions),
        predictions=len(taken),
        errors=errors,
        mixed=wrong,
        p50_us=p50 * 1e6,
        p99_us=p99 * 1e6,
        p99_9_us=p999 * 1e6,
        p99_99_us=p9999 * 1e6,
        largest_us=float(taken.max()) * 1e6,
    )
    examples = [example for seen in each for example in seen.examples][:3]
    report.expect(f"{kind}, {load}: no errors, and each value is that of its version {examples}", kept=errors + wrong == 0)
    report.expect(f"{kind}, {load}: 99 of 100 predictions take less than {MOST_P99_S * 1e3:g} ms", kept=p99 < MOST_P99_S)
