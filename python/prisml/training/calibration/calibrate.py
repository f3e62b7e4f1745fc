"""From a fitted model and its graph to one whose probabilities say what comes true."""

from __future__ import annotations

from dataclasses import replace

from prisml.definition.balance import Calibrate
from prisml.training.calibration.calibration import Calibration, Of
from prisml.training.calibration.fitting import fit_calibrators
from prisml.training.calibration.nodes import calibrated
from prisml.training.calibration.score import Ending
from prisml.training.parts import Data
from prisml.training.pipeline import FittedPipeline


def calibrate(fitted: FittedPipeline, onnx: bytes, data: Data, *, method: Calibrate | None, model: str) -> tuple[FittedPipeline, bytes]:
    """The model and its graph with ``method`` fitted on the validation part, or with the way back from class weights.

    Both are what was given where there is nothing to do: no method, and classes that count alike.
    """
    if method is None and len(set(fitted.class_weights)) < 2:
        return fitted, onnx
    of = score_of(fitted, onnx, classes=len(data.classes))
    if method is None or data.validation is None:
        calibration = Calibration("prior", of, fitted.class_weights, (), len(data.train))
    else:
        scores = fitted.scores(data.validation.matrix, of=of)
        calibrators = fit_calibrators(method, scores, data.validation.target, of=of)
        calibration = Calibration(method, of, fitted.class_weights, calibrators, len(data.validation))
    return replace(fitted, calibration=calibration), calibrated(onnx, calibration, classes=len(data.classes), model=model)


def score_of(fitted: FittedPipeline, onnx: bytes, *, classes: int) -> Of:
    """What is calibrated: the decision, as in scikit-learn, where there is one and the graph has it; otherwise the probability."""
    from onnx import load_from_string

    decides = hasattr(fitted.estimator, "decision_function")
    return Ending.read(load_from_string(onnx).graph, decides=decides, classes=classes).of
