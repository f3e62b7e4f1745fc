"""The same bits alone and in a batch, at every size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.report import Report
from prisml import Engine

ROWS = 10_000
SIZES = (1, 2, 33, 1_000, 4_096)


def compare(report: Report, engine: Engine, rows: Sequence[dict[str, object]]) -> None:
    """A row of the report: at each size, how many predictions are not those of the whole batch; and so for ``predict``."""
    whole = engine.predict_many(rows).values
    differing = {str(size): _differing(whole, in_batches(engine, rows, size)) for size in SIZES}
    differing["predict"] = _differing(whole, np.array([engine.predict(row).value for row in rows]))
    report.add(model=engine.name, rows=len(rows), **{f"size_{size}" if size.isdigit() else size: n for size, n in differing.items()})
    report.expect(f"{engine.name}: one row and a batch give the same bits", kept=not any(differing.values()))


def in_batches(engine: Engine, rows: Sequence[dict[str, object]], size: int) -> NDArray[Any]:
    """The predictions of ``rows``, ``size`` at a time."""
    return np.concatenate([engine.predict_many(rows[start : start + size]).values for start in range(0, len(rows), size)])


def _differing(one: NDArray[Any], other: NDArray[Any]) -> int:
    """How many values differ in any bit; by bits, so that NaN equals itself and 0.0 is not -0.0."""
    return int(np.count_nonzero(one.astype(np.float64).view(np.int64) != other.astype(np.float64).view(np.int64)))
