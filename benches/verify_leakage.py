"""Whether the guards against leakage find what is planted, and leave honest data in peace, on real rows.

``misses``: for each guard, five leaks from the plainest to one that hardly is one, planted into real data, once for each draw.
``alarms``: what is said of honest data, where all of it is judged. ``samples``: the same of small samples, as a share of the features
judged. A promise that is broken is exit code 1; what strong features of scikit-learn's own data sets give is told and not promised.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping

import numpy as np

from benches.leakage_data import Honest, everything
from benches.leakage_plants import COPIES, IDENTIFIERS, LINES, RANKING, Plant, Planter
from benches.report import Report, arguments
from prisml.definition.waivers import Guard
from prisml.training.leakage import find_leaks

PLANTED = ("breast_cancer", "diabetes", "digits", "churn", "late_arrival", "arrival_delay")
PROMISED = ("diabetes", "digits", "breast_cancer", "churn", "late_arrival", "late_arrival_schedule", "arrival_delay")
SIZES = (50, 100, 200, 500, 2_000)
MANY = 20_000
MOST_IN_SAMPLES = 0.001
"""Of the features in samples of data that is promised: one in a thousand may be said to leak."""


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="without the flights")
    parser.add_argument("--draws", type=int, default=20, metavar="N", help="how often each leak is planted, and each sample drawn (20)")
    options = parser.parse_args()
    misses, alarms = Report("Planted leaks, and how many of them were missed"), Report("Alarms on honest data")
    samples = Report(f"Alarms on small samples of honest data, {options.draws} draws each")
    for honest in everything(flights=not options.quick):
        print(f"{honest.name}: {len(honest.target):,} rows", file=sys.stderr, flush=True)
        judge(alarms, honest)
        sample(samples, honest, options.draws)
        if honest.name in PLANTED:
            plant_all(misses, honest, options.draws)
    named = {"misses": misses, "alarms": alarms, "samples": samples}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in named.items())


def plants_for(honest: Honest) -> Iterator[tuple[Guard, Mapping[str, Planter]]]:
    """What is planted for each guard."""
    yield "label_copy", COPIES
    yield "identifier", IDENTIFIERS
    yield "single_feature", LINES if honest.task == "regression" else RANKING


def plant_all(report: Report, honest: Honest, draws: int) -> None:
    """A row for each leak: missed where the guard that it is planted for is silent, unseen where every guard is."""
    # Large data differs little from draw to draw.
    draws = draws if len(honest.target) <= MANY else max(draws // 5, 1)
    for guard, planters in plants_for(honest):
        for name, planter in planters.items():
            found = [said_of(planter(honest.target, np.random.default_rng(draw)), honest) for draw in range(draws)]
            # A line with so little noise that it orders the rows as the label does is called a copy, rightly.
            right = {guard, "label_copy"}
            missed, unseen = sum(not right & said for said in found), sum(not said for said in found)
            report.add(guard=guard, data=honest.name, rows=len(honest.target), leak=name, planted=draws, missed=missed, unseen=unseen)
            report.expect(f"{honest.name}, {name}: {guard} misses {missed} of {draws}", kept=missed == 0)


def said_of(plant: Plant, honest: Honest) -> set[str]:
    """The guards that name the planted column."""
    leaks = find_leaks((plant.item,), plant.column.reshape(-1, 1), honest.target, task=honest.task, class_count=honest.classes, seed=0)
    return {leak.guard for leak in leaks}


def judge(report: Report, honest: Honest) -> None:
    """A row: every alarm, and the seconds of one processor that it took."""
    started = time.process_time()
    alarms = honest.alarms()
    report.add(
        data=honest.name,
        task=honest.task,
        rows=len(honest.target),
        features=len(honest.inputs),
        alarms=len(alarms),
        seconds=round(time.process_time() - started, 3),
        named=", ".join(f"{guard}:{feature}" for guard, feature in alarms),
        promised=honest.name in PROMISED,
    )
    report.expect(f"{honest.name}: {len(alarms)} alarms on honest data", kept=not alarms or honest.name not in PROMISED)


def sample(report: Report, honest: Honest, draws: int) -> None:
    """A row for each size: how many of the features judged were said to leak."""
    for rows in SIZES:
        if rows >= len(honest.target):
            continue
        found = [honest.some(rows, np.random.default_rng(draw)).alarms() for draw in range(draws)]
        judged, alarms = draws * len(honest.inputs), sum(map(len, found))
        guards = sorted({guard for each in found for guard, _ in each})
        report.add(data=honest.name, rows=rows, judged=judged, alarms=alarms, share=alarms / judged, by=", ".join(guards))
        allowed = max(1, MOST_IN_SAMPLES * judged)
        report.expect(f"{honest.name}, {rows} rows: {alarms} alarms of {judged}", kept=alarms <= allowed or honest.name not in PROMISED)


if __name__ == "__main__":
    sys.exit(main())
