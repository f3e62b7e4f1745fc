"""What it costs to read rows: flights as dictionaries and as loaded objects, encoded, beside a list of tuples made of them in Python.

A block of each way runs after another, again and again; what counts is each way's best block, since only that ran undisturbed.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import make_dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from benches.report import Report, arguments
from benches.trained import database
from examples.flights.models import Flight
from prisml import Feature, _core, define_model, expression
from prisml.extraction.stream import extract
from prisml.registry.bundle import Artifact
from prisml.serving import runtime
from prisml.training.fit import fit

NUMBERS = ("dep_delay", "distance", "hour", "minute", "month", "day", "flight", "sched_dep_time", "sched_arr_time", "dep_time")
CATEGORIES = ("carrier", "origin", "dest")
COLUMNS = (*NUMBERS, *CATEGORIES)

ROWS = 100_000
BLOCKS = 30
MOST_DICTS = 0.6
"""Of the time of ``[tuple(map(d.get, keys)) for d in rows]``."""

model = define_model(
    Flight,
    name="late_columns",
    output="late",
    label=expression(Flight.arr_delay > 15),
    features={name: Feature(getattr(Flight, name)) for name in COLUMNS},
    algorithm="logistic_regression",
)


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="how often each way runs")
    options = parser.parse_args()
    report = Report("13 features of flights, 10 numbers and 3 categories")
    source = database()
    artifact = fit(model, extract(model, source)).artifact
    encode = _encoder(artifact)
    with Session(source) as session:
        columns = select(*(getattr(Flight, name) for name in COLUMNS)).limit(options.rows)
        dicts = [dict(row) for row in session.execute(columns).mappings()]
        objects = session.scalars(select(Flight).limit(options.rows)).all()
        plain = make_dataclass("Plain", COLUMNS)
        rows: dict[str, Sequence[Any]] = {
            "dictionaries": dicts,
            "loaded objects": objects,
            "dataclasses": [plain(**row) for row in dicts],
        }
        ways: dict[str, Callable[[], object]] = {"tuples in Python": lambda: [tuple(map(row.get, COLUMNS)) for row in dicts]}
        ways |= {name: partial(encode, each) for name, each in rows.items()}
        matrices = [encode(each) for each in rows.values()]
        gc.freeze()
        best = _interleaved(ways, options.blocks)
    for name, seconds in best.items():
        report.add(
            rows_as=name,
            nanoseconds_a_row=seconds / len(dicts) * 1e9,
            of_the_tuples=seconds / best["tuples in Python"],
            of_dictionaries=seconds / best["dictionaries"],
        )
    same = all(np.array_equal(matrices[0], matrix, equal_nan=True) for matrix in matrices)
    report.expect("every kind of row gives the same matrix", kept=same)
    ratio = best["dictionaries"] / best["tuples in Python"]
    report.expect(f"dictionaries take at most {MOST_DICTS} of the tuples ({ratio:.2f})", kept=ratio <= MOST_DICTS)
    return report.finish(options.json)


def _encoder(artifact: Artifact) -> Callable[[Sequence[object]], Any]:
    """What makes the matrix of rows, and nothing after it."""
    loaded = _core.load_model(artifact.digest, lambda: (artifact.manifest_text, artifact.onnx), lambda: runtime.start(_core.load_runtime))
    return loaded.encode


def _interleaved(ways: dict[str, Callable[[], object]], blocks: int) -> dict[str, float]:
    """The seconds of each way's best block."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(blocks):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


if __name__ == "__main__":
    sys.exit(main())
