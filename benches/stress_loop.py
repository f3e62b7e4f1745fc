"""How long an event loop is held up while ``apredict_many`` predicts a large batch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benches.report import Report
from benches.stress_models import models, way
from benches.swap_models import Row, rows
from prisml import Engine

TICK_S = 0.001
MOST_S = 0.01
ROUNDS = 5


def show(report: Report, kind: str, count: int) -> None:
    """A line for the batch as a list of mappings."""
    engine = Engine.from_artifact(models(kind, count=1)[0])
    some = rows(min(count, 2_000), seed=1)
    batch = (some * (count // len(some) + 1))[:count]
    engine.predict_many(batch[:1_000])
    idle, _, _ = asyncio.run(_held_up(engine, []))
    found = [asyncio.run(_held_up(engine, batch)) for _ in range(ROUNDS)]
    longest = min(held for held, _, _ in found)
    ticks = min(ticked for _, _, ticked in found)
    report.add(
        model=kind,
        answers=way(engine),
        rows=count,
        batch_ms=min(taken for _, taken, _ in found) * 1e3,
        longest_ms=longest * 1e3,
        worst_round_ms=max(held for held, _, _ in found) * 1e3,
        without_batch_ms=idle * 1e3,
        fewest_ticks=ticks,
    )
    report.expect(f"{kind}: the loop goes on while the batch is predicted", kept=ticks > 0)
    report.expect(
        f"{kind}: the loop is held up for {longest * 1e3:.1f} ms, at most {MOST_S * 1e3:g}", kept=longest <= MOST_S or count < 100_000
    )


async def _held_up(engine: Engine, batch: Sequence[Row]) -> tuple[float, float, int]:
    """The longest that a tick came late, what the batch took, and how many ticks came while it was predicted."""
    late, running, ticks = 0.0, True, 0

    async def tick() -> None:
        nonlocal late, ticks
        while running:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            late = max(late, time.perf_counter() - due)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    late, ticks, started = 0.0, 0, time.perf_counter()
    if batch:
        await engine.apredict_many(batch)
    else:
        await asyncio.sleep(0.5)
    taken, ticked, running = time.perf_counter() - started, ticks, False
    await ticking
    return late, taken, ticked
