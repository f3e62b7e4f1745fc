"""Versions swapped, rolled back and put to experiments by one process while eight threads of another predict, and how soon it is seen.

Random forests that answer differently serve under more versions than a process keeps loaded, so that every swap fetches and loads a model.
The threads ask for one row and for batches, with keys and without; each value must be exactly that of the version which the answer names,
and each batch must be answered by one entry of the log. Then another process holds ``prisml.load(name)`` and says when it first predicts
with the version that was activated here; the clock is one for all processes of the machine, and runs from before the call of ``activate``.
Last, what a prediction takes while a larger forest is swapped again and again, beside the same without swaps.
"""

from __future__ import annotations

import sys
import time
from array import array
from collections.abc import Sequence
from multiprocessing.connection import Connection
from statistics import median

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import prisml
from benches.databases import DATABASES, lent, named
from benches.report import Report, arguments
from benches.swap_models import NAME, VERSIONS, Row, copies, forests, rows
from benches.swap_moves import delays, drive, mover, receive, wait_for
from benches.swap_plan import ACTIVATIONS, Move, plan
from benches.swap_threads import Judged, Threads, askings
from prisml import Engine, Registry
from prisml.registry.bundle import Artifact
from prisml.serving.loading import REFRESH_SECONDS

SWAPS = 1_000
THREADS = 8
SOON_S = 0.02
SLACK_S = 1.0
"""What loading, a busy machine and the call of ``activate`` itself may add to the time between two looks."""
EVERY_S = 0.25


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--swaps", type=int, default=SWAPS, help="activations under the threads; beside them a tenth as many rollbacks")
    parser.add_argument("--activations", type=int, default=30, help="activations to time from one process to another")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to time predictions, with swaps and without")
    parser.add_argument(
        "--trees", type=int, default=100, help="the size of the forest for that; those that are swapped under threads have a third"
    )
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES, help="which databases")
    parser.add_argument("--url", help="an empty database to use in place of one that is started here")
    options = parser.parse_args()
    swaps, seen, calm = (
        Report(f"{THREADS} threads predict while versions are swapped"),
        Report("From activate in one process to the first new prediction in another, seconds"),
        Report("What a prediction takes while models are swapped, microseconds"),
    )
    with threadpool_limits(limits=1):
        small, large = forests(max(options.trees // 3, 5), 8), forests(options.trees, 10, count=1)
    moves = plan(max(options.swaps // ACTIVATIONS, 1))
    for database in named(options.url, tuple(options.databases)):
        with lent(database, options.url) as url:
            registry = published(url, copies(small, VERSIONS))
            show_swaps(swaps, database, registry, moves, swap(registry, url, small, moves))
            numbers = [1 + place % VERSIONS for place in range(1, options.activations + 1)]
            registry.activate(NAME, VERSIONS)
            show_delays(seen, database, delays(url, numbers, rows(1, 0)[0], seed=1))
            show_latency(calm, database, url, large, options.seconds)
    shown = {"swaps": swaps, "delays": seen, "latency": calm}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in shown.items())


def published(url: str, made: Sequence[Artifact]) -> Registry:
    """A registry that has these versions, of which the first serves."""
    registry = Registry(url)
    for artifact in made:
        registry.publish(artifact, activate=artifact is made[0])
    return registry


def swap(registry: Registry, url: str, made: Sequence[Artifact], moves: Sequence[Move]) -> tuple[Judged, list[float], float]:
    """Make the moves under the threads: what these have seen, the seconds until each move served there, and the seconds in all."""
    asked = askings(made, moves)
    engine = prisml.load(NAME, registry=registry, refresh=SOON_S)
    started = time.monotonic()
    try:
        with mover(url, moves) as pipe, Threads(engine, asked, THREADS) as threads:
            taken = drive(pipe, engine, moves)
    finally:
        engine.close()
    return threads.judged, taken, time.monotonic() - started


def show_swaps(report: Report, database: str, registry: Registry, moves: Sequence[Move], shown: tuple[Judged, list[float], float]) -> None:
    """A line of what the threads have seen, and its promises."""
    judged, taken, seconds = shown
    log = registry.history(NAME)[::-1][-len(moves) :]
    stands = all(move.stands(entry) for move, entry in zip(moves, log, strict=True))
    report.add(
        database=database,
        activations=sum(move.kind in {"activate", "promote"} for move in moves),
        rollbacks=sum(move.kind == "rollback" for move in moves),
        moves_of_experiments=sum(move.kind in {"start", "ramp", "stop"} for move in moves),
        calls=judged.calls,
        predictions=judged.predictions,
        in_experiments=judged.in_experiments,
        versions_seen=len(judged.versions),
        errors=judged.errors,
        wrong=judged.wrong,
        mixed=judged.mixed,
        median_s_to_serve=median(taken),
        seconds=seconds,
    )
    report.expect(
        f"{database}: no error, nothing wrong, nothing mixed: {judged.examples}", kept=judged.errors + judged.wrong + judged.mixed == 0
    )
    report.expect(f"{database}: the log says what was done", kept=stands)
    report.expect(f"{database}: experiments answered too", kept=0 < judged.in_experiments < judged.predictions)


def show_delays(report: Report, database: str, taken: Sequence[float]) -> None:
    """A line of how soon another process followed, and its promise."""
    notified = database == "postgresql"
    most = SLACK_S if notified else REFRESH_SECONDS + SLACK_S
    promise = "at once, by notification" if notified else f"within refresh={REFRESH_SECONDS:g} and the load"
    report.add(database=database, activations=len(taken), median=median(taken), largest=max(taken), promise=promise)
    report.expect(f"{database}: every process follows {promise}: {max(taken):.3f} s", kept=max(taken) <= most)


def show_latency(report: Report, database: str, url: str, made: Sequence[Artifact], seconds: float) -> None:
    """Two lines: what predictions take without swaps, and with them; none waits for a load."""
    registry = Registry(url)
    swaps = max(int(seconds / EVERY_S), 1)
    numbers = [registry.publish(artifact, activate=False).number for artifact in copies(made, swaps + 1)]
    engine = prisml.load(NAME, registry=registry, refresh=SOON_S)
    row, load_s = rows(1, 0)[0], _load_seconds(registry, numbers[-1])
    moves = [Move("activate", number, number) for number in numbers[:swaps]]
    alone = timed(engine, row, seconds)
    with mover(url, moves) as pipe:
        beside = timed(engine, row, seconds, pipe, len(moves))
        wait_for(engine, [receive(pipe) for _ in moves][-1][1])
    engine.close()
    for way, taken, swapped in (("no swaps", alone, 0), ("swaps", beside, len(moves))):
        p50, p99, p999 = (float(each) for each in np.percentile(taken, [50, 99, 99.9]) * 1e6)
        report.add(
            database=database,
            way=way,
            swaps=swapped,
            predictions=len(taken),
            p50=p50,
            p99=p99,
            p99_9=p999,
            largest=float(taken.max()) * 1e6,
            longer_than_a_load=int((taken > load_s).sum()),
            a_load=load_s * 1e6,
        )
    served = len(moves) * 3 // 4
    report.expect(f"{database}: the engine followed, and serves what was activated last", kept=engine.version == moves[-1].version)
    report.expect(f"{database}: no prediction waits for a load", kept=int((beside > load_s).sum()) < served)


def timed(engine: Engine, row: Row, seconds: float, pipe: Connection | None = None, swaps: int = 0) -> NDArray[np.float64]:
    """The seconds from the end of each prediction to that of the next, without a pause between them; ``pipe`` is told to swap meanwhile."""
    stamps = array("d", [time.perf_counter()])
    end, due, left = stamps[0] + seconds, stamps[0], swaps
    while (now := stamps[-1]) < end or left:
        if left and now >= due and pipe is not None:
            pipe.send("go")
            left, due = left - 1, due + EVERY_S
        engine.predict(row)
        stamps.append(time.perf_counter())
    return np.diff(np.frombuffer(stamps))


def _load_seconds(registry: Registry, number: int) -> float:
    """What it takes to have a version fetched, checked and loaded that is not here."""
    started = time.perf_counter()
    prisml.load(NAME, registry=registry, version=number)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
