"""From a fitted model and its graph to one whose probabilities say what comes true."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prisml import manifest
from prisml.definition.balance import Calibrate
from prisml.errors import DefinitionError
from prisml.manifest import Manifest
from prisml.training.calibration.calibration import Calibration, Floats, Of
from prisml.training.calibration.fitting import fit_calibrators
from prisml.training.calibration.leaves import has_shares, unweighted
from prisml.training.calibration.nodes import calibrated
from prisml.training.calibration.record import record
from prisml.training.calibration.score import Ending
from prisml.training.export import export
from prisml.training.parts import Data
from prisml.training.pipeline import ESTIMATOR, FittedPipeline
from prisml.training.production import predict
from prisml.training.stages import final_of, is_pipeline

_UNWEIGHTED = ("SVC", "NuSVC")
"""Their probabilities are Platt's sigmoid, which libsvm fits on rows that all count alike: there is nothing to take back."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """A model and the graph that serves; ``calibration`` is what was done, None where nothing was to be done."""

    fitted: FittedPipeline
    onnx: bytes
    calibration: Calibration | None

    def record(self, data: Data, draft: Manifest, *, before: bytes, after: Floats) -> manifest.Calibration | None:
        """What the manifest keeps: ``before`` is the graph that was calibrated, ``after`` what the calibrated one predicts of it."""
        if self.calibration is None:
            return None
        return record(self.calibration, data.test.target, before=predict(before, draft, data.test.matrix), after=after)


def calibrate(fitted: FittedPipeline, onnx: bytes, data: Data, *, method: Calibrate | None, model: str) -> Calibrated:
    """``fitted`` and its graph ``onnx`` with a calibrator fitted on the validation part, or else with class weights taken back.

    Weights are taken back exactly: each class's probability is divided by its weight, and all are brought to a sum of 1 again. Where the
    model is a mean of trees, their leaves are given the shares of the rows that fall into them.
    """
    weights, classes, final = fitted.class_weights, len(data.classes), final_of(fitted.estimator)
    if method is None and (len(set(weights)) < 2 or type(final).__name__ in _UNWEIGHTED):
        return Calibrated(fitted, onnx, None)
    of = _score_of(fitted, onnx, classes)
    if method is None:
        _check_way_back(final, in_pipeline=is_pipeline(fitted.estimator), classes=classes, model=model)
    if method is None or data.validation is None:
        calibration = Calibration("prior", of, weights, (), len(data.train))
        if has_shares(final):
            return _in_leaves(fitted, calibration, data, model)
    else:
        scores = fitted.scores(data.validation.matrix, of=of)
        calibrators = fit_calibrators(method, scores, data.validation.target, of=of)
        calibration = Calibration(method, of, weights, calibrators, len(data.validation))
    graph = calibrated(onnx, calibration, classes=classes, model=model)
    return Calibrated(replace(fitted, calibration=calibration), graph, calibration)


def _check_way_back(final: Any, *, in_pipeline: bool, classes: int, model: str) -> None:
    """``DefinitionError`` where dividing the probabilities by the weights would not undo them."""
    what, other = None, "leave the weights out"
    if in_pipeline and has_shares(final):
        what, other = "trees at the end of a Pipeline", "name the algorithm without a Pipeline"
    elif type(final).__name__ == "SGDClassifier" and final.loss == "modified_huber":
        what = 'SGDClassifier with loss="modified_huber"'
    elif type(final).__name__ == "SGDClassifier" and classes > 2:
        what = "SGDClassifier of several classes, each against the rest,"
    if what is not None:
        raise DefinitionError(
            f"Model {model!r}: the class weights of {what} cannot be taken back exactly.",
            {"model": model, "parameter": "class_weight"},
            [f'Give calibrate="sigmoid" beside them, or {other}.'],
        )


def _score_of(fitted: FittedPipeline, onnx: bytes, classes: int) -> Of:
    """What is calibrated: the decision, as in scikit-learn, where there is one and the graph has it; otherwise the probability."""
    from onnx import load_from_string

    decides = hasattr(fitted.estimator, "decision_function")
    return Ending.read(load_from_string(onnx).graph, decides=decides, classes=classes).of


def _in_leaves(fitted: FittedPipeline, calibration: Calibration, data: Data, model: str) -> Calibrated:
    from sklearn.pipeline import Pipeline

    classes, before = len(data.classes), fitted.pipeline.steps[:-1]
    table = Pipeline(before).transform(data.train.matrix) if before else data.train.matrix
    estimator = unweighted(fitted.estimator, table, data.train.target.astype(np.intp), classes=classes)
    steps = [*before, (ESTIMATOR, estimator)]
    changed = replace(fitted, pipeline=Pipeline(steps))
    return Calibrated(changed, export(changed, classes=classes, model=model), calibration)
