"""What a process keeps after very many calls of mixed sizes."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import numpy as np
import psutil

from benches.report import Report
from benches.stress_models import models, way
from benches.swap_models import rows
from prisml import Engine

LARGEST = 10_000
MOST_MB = 64.0
_MB = 2**20


def show(report: Report, kind: str, calls: int) -> None:
    """A line of how much resident memory grew from the warm-up, a tenth of the calls, to the end."""
    engine = Engine.from_artifact(models(kind, count=1)[0])
    batch = (rows(1_000, seed=5) * (LARGEST // 1_000))[:LARGEST]
    width = len(engine.manifest.inputs)
    encoded = np.zeros((LARGEST, width), dtype=np.float32)
    process, warm, most, asked = psutil.Process(), 0.0, 0.0, 0
    engine.predict_many(batch)
    engine.predict_encoded(encoded)
    started = time.perf_counter()
    for call, size in enumerate(_sizes(calls)):
        asked += size
        if call % 3 == 0:
            engine.predict_encoded(encoded[:size])
        elif size == 1:
            engine.predict(batch[call % 1_000])
        else:
            engine.predict_many(batch[:size])
        if call == calls // 10:
            warm = process.memory_info().rss / _MB
        elif call > calls // 10 and call % max(calls // 1_000, 1) == 0:
            most = max(most, process.memory_info().rss / _MB)
    seconds, end = time.perf_counter() - started, process.memory_info().rss / _MB
    report.add(
        model=kind,
        answers=way(engine),
        calls=calls,
        rows=asked,
        seconds=seconds,
        warm_mb=warm,
        end_mb=end,
        most_mb=max(most, end),
        grown_mb=end - warm,
    )
    report.expect(f"{kind}: {end - warm:.1f} MB more than after the warm-up, less than {MOST_MB:g}", kept=end - warm < MOST_MB)


def _sizes(calls: int) -> Iterator[int]:
    """Mostly single rows and small batches, a few of up to 10,000 rows."""
    source = random.Random(0)  # noqa: S311
    for _ in range(calls):
        lot = source.random()
        if lot < 0.5:
            yield 1
        elif lot < 0.9:
            yield source.randint(2, 10)
        elif lot < 0.99:
            yield source.randint(11, 100)
        elif lot < 0.9995:
            yield source.randint(101, 1_000)
        else:
            yield source.randint(1_001, LARGEST)
