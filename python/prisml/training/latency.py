"""How long the production engine takes for one row, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Input, Manifest
from prisml.registry.bundle import Artifact
from prisml.serving.engine import Engine
from prisml.serving.golden import named_only
from prisml.training.edges import Scalar, category_cells

WARM_UP = 500
CALLS = 5_000
SECONDS = 2.0
_MOST_ROWS = 1_000


def p99_ms(manifest: Manifest, onnx: bytes, holdout: NDArray[np.float32]) -> float:
    """The milliseconds that 99 of 100 calls of ``predict`` stay below, each with one row of ``holdout``, as a mapping.

    At most 5,000 calls after 500 to warm up, and not more than two seconds of either. What resolvers and SQL take for a row is not in
    it: the row gives every feature under its own name.
    """
    engine = Engine.from_artifact(Artifact(named_only(manifest).to_json(), onnx)).preload()
    rows = rows_of(manifest.inputs, holdout[:_MOST_ROWS])
    _timed(engine, rows, WARM_UP)
    return float(np.percentile(_timed(engine, rows, CALLS), 99)) / 1e6


def _timed(engine: Engine, rows: Sequence[dict[str, Scalar]], calls: int) -> list[int]:
    """The nanoseconds of each call, as many as the time allows."""
    spent: list[int] = []
    end = perf_counter_ns() + int(SECONDS * 1e9)
    for row in cycle(rows):
        started = perf_counter_ns()
        engine.predict(row)
        stopped = perf_counter_ns()
        spent.append(stopped - started)
        if len(spent) == calls or stopped > end:
            return spent
    return spent


def rows_of(inputs: Sequence[Input], matrix: NDArray[np.float32]) -> list[dict[str, Scalar]]:
    """Rows that give each feature under its own name, and that the encoder makes ``matrix`` of."""
    columns = [list(_values(item, matrix[:, place].tolist())) for place, item in enumerate(inputs)]
    names = [item.name for item in inputs]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(item: Input, codes: Sequence[float]) -> Iterator[Scalar]:
    if item.categories is None:
        kind = {"bool": bool, "int": int}.get(item.dtype, float)
        return (None if code != code else kind(code) for code in codes)  # noqa: PLR0124 -- NaN is missing.
    known: dict[float, Scalar] = {code: value for value, code in reversed(category_cells(item))}
    known |= dict(enumerate(item.categories))
    return (known[code] for code in codes)
