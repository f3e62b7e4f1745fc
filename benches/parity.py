"""The engine from raw rows against scikit-learn, on every flight of the year, those without an arrival delay included.

A row goes through the engine as a nested mapping, and through scikit-learn as a line of the hand-made matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benches.handmade import Handmade
from benches.report import Report
from prisml import Engine

TOLERANCE = 1e-5
THRESHOLD = 0.5


def compare(report: Report, engine: Engine, handmade: Handmade, wanted: NDArray[np.float64], algorithm: str, *, regression: bool) -> None:
    """A row of the report: how far the engine is from what scikit-learn ``wanted`` of every row of ``handmade``."""
    got = np.concatenate([engine.predict_many(part).values for part in handmade.rows()])
    difference = float(np.abs(got - wanted).max())
    scale = max(1.0, float(np.nanmax(np.abs(handmade.delay)))) if regression else 1.0
    flips = 0 if regression else flipped(got, wanted)
    report.add(
        target="delay in minutes" if regression else "late",
        algorithm=algorithm,
        rows=len(got),
        max_difference=difference,
        tolerance=TOLERANCE * scale,
        label_flips=None if regression else flips,
    )
    # NaN compares false, and is therefore a broken promise too.
    report.expect(f"{algorithm}: differs by {difference:.2e} at most", kept=difference <= TOLERANCE * scale)
    report.expect(f"{algorithm}: no label flips ({flips})", kept=flips == 0)


def flipped(got: NDArray[np.float64], wanted: NDArray[np.float64]) -> int:
    """How many labels differ where the probability is not within the tolerance of the threshold."""
    clear = np.abs(wanted - THRESHOLD) > TOLERANCE
    return int(np.count_nonzero(((got > THRESHOLD) != (wanted > THRESHOLD)) & clear))
