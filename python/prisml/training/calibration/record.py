"""What the manifest keeps of a calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prisml import manifest
from prisml.training.calibration.calibration import Calibration, Floats
from prisml.training.reliability import reliability


def record(calibration: Calibration, truth: NDArray[np.generic], *, before: Floats, after: Floats) -> manifest.Calibration:
    """The method, its rows, and how reliable the probabilities of the hold-out were before and are after."""
    return manifest.Calibration(
        method=calibration.method,
        rows=calibration.rows,
        class_weights=calibration.weights,
        before=reliability(truth, before),
        after=reliability(truth, after),
    )
