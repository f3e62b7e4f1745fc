"""The report as a whole."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted
from prisml.manifest import Manifest
from prisml.registry.bundle import Artifact
from prisml.report import Attempt, Report
from prisml.serving.engine import Engine
from prisml.serving.golden import named_only
from prisml.serving.settings import Settings
from prisml.training.holdout import Floats, Holdout
from prisml.training.parts import Data
from prisml.training.report.curves import MOST_CLASSES, class_reports, confusion
from prisml.training.report.dependence import MOST_ROWS, STRONGEST, dependence
from prisml.training.report.importance import Predict, measure, sample
from prisml.training.report.levels import shown
from prisml.training.report.profile import profile
from prisml.training.report.residuals import residuals
from prisml.training.report.slices import slices
from prisml.training.report.worst import worst

MOST_FEATURES = 50
"""So many features are shown, the most important first."""


def make_report(
    definition: ModelDefinition[Any],
    extracted: Extracted,
    data: Data,
    holdout: Holdout,
    *,
    manifest: Manifest,
    onnx: bytes,
    tried: tuple[Attempt, ...] = (),
) -> Report:
    """What people look at: of ``holdout``, which are the production engine's predictions of the test part, and of that engine.

    Its cost is bounded by samples that hang on the seed, and equal training makes an equal report.
    """
    predict, matrix, task = _predictor(manifest, onnx), data.test.matrix, definition.task
    names = [item.name for item in data.inputs]
    found = measure(predict, matrix, holdout, task=task, seed=definition.seed)
    order = tuple(range(len(names))) if found is None else found.order
    rows = matrix[sample(len(matrix), MOST_ROWS, definition.seed)]
    labels = [shown(label) for label in data.classes]
    depending = (dependence(predict, rows, data.train.matrix, place, data.inputs[place], labels) for place in order[:STRONGEST])
    classified = task != "regression"
    return Report(
        name=definition.name,
        task=task,
        classes=class_reports(holdout, data.classes) if classified else (),
        classes_left_out=max(0, len(data.classes) - MOST_CLASSES),
        confusion=confusion(holdout, data.classes) if classified else None,
        residuals=None if classified else residuals(holdout),
        importances=None if found is None else found.shown(names, MOST_FEATURES),
        dependences=tuple(each for each in depending if each is not None),
        slices=slices(holdout, matrix, data.inputs, order, task),
        worst=worst(holdout, data.test, extracted.keys),
        profile=profile(data, definition.output, order, MOST_FEATURES),
        tried=tried,
    )


def _predictor(manifest: Manifest, onnx: bytes) -> Predict:
    """What the production engine gives for encoded rows, whatever the environment says of this process."""
    engine = Engine.from_artifact(
        Artifact(named_only(manifest).to_json(), onnx), settings=replace(Settings.read(), native=True, batch_rows=sys.maxsize)
    )

    def predict(matrix: NDArray[np.float32]) -> Floats:
        predictions = engine.predict_encoded(matrix)
        return np.asarray(predictions.probabilities if manifest.task == "multiclass" else predictions.values, dtype=np.float64)

    return predict
