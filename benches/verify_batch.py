"""The same bits alone and in a batch: 10,000 flights at sizes 1, 2, 33, 1,000 and 4,096, for each algorithm."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.handmade import CLASSIFIERS, REGRESSORS, Handmade
from benches.report import Report, arguments
from benches.trained import database, definition, extracted, train
from prisml import Engine

ROWS = 10_000
SIZES = (1, 2, 33, 1_000, 4_096)


def main() -> int:
    """The exit code: 1 where one bit of one prediction depends on the batch it was in."""
    parser = arguments(__doc__ or "")
    options = parser.parse_args()
    report = Report("The same bits at every batch size")
    source = database()
    rows = next(Handmade(limit=ROWS).rows())[:ROWS]
    for regression, algorithms in ((False, CLASSIFIERS), (True, REGRESSORS)):
        matrix = extracted(source, regression=regression)
        for algorithm in algorithms:
            compare(report, train(definition(algorithm, regression=regression), matrix).engine, rows)
    return report.finish(options.json)


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


if __name__ == "__main__":
    sys.exit(main())
