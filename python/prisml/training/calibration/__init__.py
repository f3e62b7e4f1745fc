"""Weights of classes, and probabilities that say what comes true: by the exact way back from weights, a sigmoid, or steps."""

from prisml.training.calibration.calibrate import calibrate
from prisml.training.calibration.weights import apply_class_weight

__all__ = ["apply_class_weight", "calibrate"]
