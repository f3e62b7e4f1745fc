"""A calibrator for each column of the scores, fitted as scikit-learn's CalibratedClassifierCV does it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prisml.training.calibration.calibration import Floats, Of

DIGITS = 10
"""So many significant bits of a score an isotonic calibrator is fitted on."""
_STEP = 2.0**-7
"""The finest grid of decisions: that of ten bits between 4 and 8. A probability moves by less than 0.002 along it."""
_STEP_BELOW_ONE = 2.0**-14
"""The finest grid of probabilities close to 1, where float32 is no finer than 2**-24."""


def fit_calibrators(method: Literal["sigmoid", "isotonic"], scores: Floats, target: NDArray[np.generic], *, of: Of) -> tuple[Any, ...]:
    """One calibrator for each column of ``scores``, the last of two classes or each of several against the rest.

    Isotonic ones are fitted on ``on_grid(scores)``: their steps are ramps between neighbouring scores, and a ramp between two scores that
    float32 can hardly tell apart would make much of what ONNX Runtime rounds. They are asked for the scores as they are.
    """
    from sklearn.calibration import _SigmoidCalibration
    from sklearn.isotonic import IsotonicRegression

    columns = on_grid(scores, of=of) if method == "isotonic" else scores
    codes = (1,) if scores.shape[1] == 1 else range(scores.shape[1])
    fitted = []
    for place, code in enumerate(codes):
        calibrator = _SigmoidCalibration() if method == "sigmoid" else IsotonicRegression(out_of_bounds="clip")
        fitted.append(calibrator.fit(columns[:, place], (target == code).astype(np.float64)))
    return tuple(fitted)


def on_grid(scores: Floats, *, of: Of) -> Floats:
    """The scores rounded to ten significant bits: of a decision to no less than 1/128, of a probability above a half those from 1 down."""
    if of == "decision":
        return _rounded(scores, least=_STEP)
    return np.where(scores <= 0.5, _rounded(scores, least=0.0), 1.0 - _rounded(1.0 - scores, least=_STEP_BELOW_ONE))


def _rounded(numbers: Floats, *, least: float) -> Floats:
    _, exponents = np.frexp(numbers)
    steps = np.maximum(np.ldexp(1.0, exponents - DIGITS), least)
    return np.asarray(np.rint(numbers / steps) * steps, dtype=np.float64)
