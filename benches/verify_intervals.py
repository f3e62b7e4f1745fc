"""How often the 95 % interval of a metric holds the value that the metric has in all rows that there could be.

``promised``: ``roc_auc``, ``f1`` and ``log_loss`` of models of a rare class (5 % positives), on hold-outs of 200 and 2,000 rows: the
interval holds the value in 93 to 97 of 100 repeats, or the exit code is 1. ``told``: every other metric of these models, and of models of
three classes and of amounts. ``paired``: the differences of two models on the same rows. ``below`` and ``above`` are the shares of the
repeats in which the value lies below or above the interval.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor

import numpy as np

from benches.interval_models import Amounts, Binary, Classes, Known, Pair
from benches.report import Report, arguments
from prisml.manifest import Interval
from prisml.training.metrics import METRICS

SIZES = (200, 2_000)
PROMISED = ("roc_auc", "f1", "log_loss")
RARE = (Binary("weak", 1.0, 0.15), Binary("fair", 1.5, 0.2), Binary("overconfident", 1.5, 0.3, sharpness=1.5), Binary("strong", 2.3, 0.3))
OTHERS = (Classes(), Amounts())
PAIR = Pair("fair against weak", Binary("fair", 1.5, 0.2), Binary("weak", 1.0, 0.15))
LEAST, MOST = 0.93, 0.97
BLOCK = 25
"""Repeats that one task of a process draws, from a seed of its own: the table does not depend on the processors."""


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=4_000, metavar="N", help="hold-outs of each model and size (4,000); told: a quarter")
    parser.add_argument("--promised", action="store_true", help="the promised metrics alone")
    options = parser.parse_args()
    reports = {"promised": Report(f"95 % intervals in {options.repeats:,} repeats: promised is 0.93 to 0.97")}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for model in RARE:
            judge(reports["promised"], pool, model, PROMISED, options.repeats, promised=True)
        if not options.promised:
            fewer = max(options.repeats // 4, 1)
            reports |= {"told": Report("The other metrics: told, not promised"), "paired": Report("Differences of two models: told")}
            for model in RARE:
                judge(reports["told"], pool, model, [name for name in METRICS["binary"] if name not in PROMISED], fewer)
            for other in OTHERS:
                judge(reports["told"], pool, other, list(METRICS[other.task]), fewer)
            judge(reports["paired"], pool, PAIR, list(METRICS["binary"]), fewer)
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in reports.items())


def judge(report: Report, pool: Executor, model: Known, metrics: Sequence[str], repeats: int, *, promised: bool = False) -> None:
    """A row for each size and metric."""
    for rows in SIZES:
        print(f"{model.name}: {rows:,} rows", file=sys.stderr, flush=True)
        tasks = [(model, rows, tuple(metrics), min(BLOCK, repeats - start), start) for start in range(0, repeats, BLOCK)]
        blocks = list(pool.map(repeated, tasks))
        for metric in metrics:
            found = figures(np.concatenate([block[metric] for block in blocks]), model.truths[metric])
            report.add(model=model.name, metric=metric, rows=rows, truth=model.truths[metric], **found)
            kept = LEAST <= found["coverage"] <= MOST
            report.expect(f"{model.name}, {rows:,} rows: {metric} is held in {found['coverage']:.1%}", kept=kept or not promised)


def repeated(task: tuple[Known, int, tuple[str, ...], int, int]) -> Mapping[str, np.ndarray]:
    """The ends of each metric's interval in each repeat, of shape (repeats, 2)."""
    model, rows, metrics, repeats, seed = task
    random = np.random.default_rng((seed, rows))
    found: dict[str, list[Interval]] = {metric: [] for metric in metrics}
    for _ in range(repeats):
        for metric, interval in model.intervals(metrics, rows, random).items():
            if interval is not None:
                found[metric].append(interval)
    return {metric: np.array([(each.low, each.high) for each in intervals]).reshape(-1, 2) for metric, intervals in found.items()}


def figures(ends: np.ndarray, truth: float) -> dict[str, float]:
    """The share of the intervals that hold ``truth``, their mean width, and the shares that it misses on either side."""
    below, above = float((truth < ends[:, 0]).mean()), float((truth > ends[:, 1]).mean())
    return {"coverage": 1 - below - above, "width": float((ends[:, 1] - ends[:, 0]).mean()), "below": below, "above": above}


if __name__ == "__main__":
    sys.exit(main())
