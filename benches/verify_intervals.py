"""How often the 95 % interval of a metric holds the value that the metric has in all rows that there could be.

``promised``: ``roc_auc``, ``f1`` and ``log_loss`` of models of a rare class (5 % positives) on hold-outs of 200 and 2,000 rows: in 93 to 97
of 100 repeats, or the exit code is 1. ``told``: every other metric of these, and of models of three classes and of amounts. ``paired``: the
difference of two models on the same rows. ``below`` and ``above`` are the repeats in which the truth lies below or above the interval.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from benches.interval_models import Amounts, Binary, Classes, Known
from benches.report import Report, arguments
from prisml.training.metrics import METRICS

SIZES = (200, 2_000)
PROMISED = ("roc_auc", "f1", "log_loss")
RARE = (Binary("weak", 1.0, 0.15), Binary("fair", 1.5, 0.2), Binary("overconfident", 1.5, 0.3, sharpness=1.5), Binary("strong", 2.3, 0.3))
OTHERS = (Classes(), Amounts())
LEAST, MOST = 0.93, 0.97
BLOCK = 50


@dataclass(frozen=True, eq=False)
class Found:
    """The ends of the interval in each repeat."""

    low: np.ndarray
    high: np.ndarray

    def figures(self, truth: float) -> dict[str, float]:
        """The share of repeats that hold ``truth``, the mean width, and the shares that miss it on either side."""
        below, above = float((truth < self.low).mean()), float((truth > self.high).mean())
        return {"coverage": 1 - below - above, "width": float((self.high - self.low).mean()), "below": below, "above": above}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=1_000, metavar="N", help="hold-outs drawn of each model and size (1,000)")
    parser.add_argument("--promised", action="store_true", help="the promised metrics alone")
    options = parser.parse_args()
    promised, told, paired = (
        Report("95 % intervals, promised"),
        Report("The other metrics, told"),
        Report("Differences of two models, told"),
    )
    reports = {"promised": promised} if options.promised else {"promised": promised, "told": told, "paired": paired}
    models: tuple[Known, ...] = RARE if options.promised else (*RARE, *OTHERS)
    with ProcessPoolExecutor(os.process_cpu_count() if sys.version_info >= (3, 13) else os.cpu_count()) as pool:
        for model in models:
            metrics = PROMISED if options.promised else tuple(METRICS[model.task])
            for rows in SIZES:
                print(f"{model.name}: {rows:,} rows", file=sys.stderr, flush=True)
                for metric, found in measure(pool, model, rows, metrics, options.repeats).items():
                    keep = isinstance(model, Binary) and metric in PROMISED
                    judge(promised if keep else told, found, model=model, metric=metric, rows=rows, promised=keep)
        if not options.promised:
            for rows in SIZES:
                for metric in METRICS["binary"]:
                    compare(paired, metric, rows, options.repeats)
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in reports.items())
