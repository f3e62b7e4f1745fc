"""Every model of the flights, trained once through PrisML and once by hand, and what is promised of it: a table each.

``parity``: the engine against scikit-learn on all 336,776 flights. ``metrics``: November and December, beside the hand-written
pipeline and beside knowing nothing. ``batch``: the same bits at every batch size. ``latency``: speeds beside scikit-learn and
onnxruntime (classifiers only). A promise that is broken is exit code 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from benches import batches, latency, metrics, parity
from benches.handmade import CLASSIFIERS, REGRESSORS, Handmade
from benches.report import Report, arguments
from benches.trained import Trained, database, definition, extracted, train

TITLES = {
    "parity": "Parity with scikit-learn on every flight of 2013",
    "metrics": "Flights: November and December 2013, held out",
    "batch": f"{batches.ROWS:,} rows: predictions of other bits than in one batch, by batch size",
    "latency": f"One row, and {batches.ROWS:,} rows",
}
TARGETS = {"late": CLASSIFIERS, "delay": REGRESSORS}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"which to make: {', '.join(TITLES)} (all)")
    parser.add_argument("--target", choices=TARGETS, help="only the models of lateness, or of the delay in minutes")
    parser.add_argument("--algorithm", action="append", metavar="NAME", help="only this one; may be given again")
    parser.add_argument("--seconds", type=float, default=latency.SECONDS, help="how long each timing of the latency may take")
    options = parser.parse_args()
    unknown = set(options.tables) - TITLES.keys()
    if unknown:
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    reports = {name: Report(title) for name, title in TITLES.items() if name in (options.tables or TITLES)}
    campaign = _Campaign(reports, options.seconds)
    for target, algorithms in TARGETS.items():
        # Only classifiers race.
        idle = target == "delay" and reports.keys() == {"latency"}
        if options.target in (None, target) and not idle:
            chosen = [name for name in algorithms if options.algorithm is None or name in options.algorithm]
            campaign.run(chosen, regression=target == "delay")
    made = {name: report for name, report in reports.items() if report.rows}
    codes = [report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in made.items()]
    return max(codes, default=2)


class _Campaign:
    """Trains each model once and gives it to every report."""

    def __init__(self, reports: dict[str, Report], seconds: float) -> None:
        self._reports = reports
        self._seconds = seconds
        self._source, self._handmade = database(), Handmade()
        self._rows: list[dict[str, Any]] = next(self._handmade.rows())[: batches.ROWS]

    def run(self, algorithms: Sequence[str], *, regression: bool) -> None:
        """A row of each report for each of ``algorithms``."""
        if not algorithms:
            return
        matrix = extracted(self._source, regression=regression)
        for algorithm in algorithms:
            started = time.perf_counter()
            trained = train(definition(algorithm, regression=regression), matrix)
            self._judge(trained, algorithm, regression=regression)
            print(f"{trained.engine.name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)

    def _judge(self, trained: Trained, algorithm: str, *, regression: bool) -> None:
        reports, handmade = self._reports, self._handmade
        if "batch" in reports:
            batches.compare(reports["batch"], trained.engine, self._rows)
        if not reports.keys() - {"batch"}:
            return
        pipeline = handmade.fit(algorithm, regression=regression)
        if "latency" in reports and not regression:
            # The others would otherwise wait for a second thread on each call, or win by having one.
            with threadpool_limits(limits=1):
                latency.contest(reports["latency"], trained, handmade, pipeline, algorithm, self._rows, self._seconds)
        if not reports.keys() & {"parity", "metrics"}:
            return
        wanted = handmade.predictions(pipeline, algorithm, regression=regression)
        if "parity" in reports:
            parity.compare(reports["parity"], trained.engine, handmade, wanted, algorithm, regression=regression)
        if "metrics" in reports:
            metrics.compare(reports["metrics"], trained.artifact.manifest, handmade, wanted, algorithm, regression=regression)


if __name__ == "__main__":
    sys.exit(main())
