"""An isotonic calibrator as a sum of ramps, which a graph can compute without a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ramps:
    """``floor`` plus, for each ramp, its slope times how far the score has come on it: ``clip(score - start, 0, width)``."""

    floor: float
    starts: Floats
    widths: Floats
    slopes: Floats

    @classmethod
    def of(cls, calibrator: Any) -> Ramps:
        """Those of a fitted ``IsotonicRegression(out_of_bounds="clip")``; where it is level, there is none."""
        return cls.between(np.asarray(calibrator.X_thresholds_, np.float64), np.asarray(calibrator.y_thresholds_, np.float64))

    @classmethod
    def between(cls, points: Floats, values: Floats) -> Ramps:
        """Those of the line through ``values`` at the rising ``points``, level beyond both ends."""
        rises = np.flatnonzero(np.diff(values) != 0)
        widths = np.diff(points)[rises]
        return cls(float(values[0]), points[rises], widths, np.diff(values)[rises] / widths)

    def __len__(self) -> int:
        return len(self.starts)

    def __call__(self, scores: Floats) -> Floats:
        """The line at each of the scores, of shape (n,), as the graph computes it."""
        come = np.clip(scores[:, None] - self.starts, 0.0, self.widths)
        return np.asarray(self.floor + (come * self.slopes).sum(axis=1), dtype=np.float64)
