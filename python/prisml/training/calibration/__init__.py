"""Probabilities that say what comes true: by the exact way back from weights, a sigmoid, or steps."""

from prisml.training.calibration.calibrate import calibrate

__all__ = ["calibrate"]
