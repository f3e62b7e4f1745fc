"""From the training part to a fitted model: as the definition has it, and as it serves."""

from __future__ import annotations

from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.progress import Progress, silent
from prisml.training.calibration import calibrate
from prisml.training.estimators import choose_estimator
from prisml.training.export import export
from prisml.training.parts import Data
from prisml.training.pipeline import FittedPipeline, columns_of, fit_pipeline


def fit_part(definition: ModelDefinition[Any], data: Data, *, progress: Progress = silent) -> FittedPipeline:
    """The definition's estimator, fitted on the training part of ``data``; boosting tells ``progress`` of its iterations."""
    model = definition.name
    choice = choose_estimator(
        definition.algorithm,
        params=definition.params,
        task=definition.task,
        seed=definition.seed,
        model=model,
        encoding=definition.encoding,
    )
    return fit_pipeline(
        choice,
        columns_of(data.inputs),
        data.train.matrix,
        data.train.target,
        task=definition.task,
        classes=data.classes,
        model=model,
        class_weight=definition.class_weight,
        progress=progress,
    )


def fit_calibrated(definition: ModelDefinition[Any], data: Data) -> FittedPipeline:
    """What scikit-learn has of the model that serves; the graph that calibration looks at is thrown away."""
    fitted, classes, model = fit_part(definition, data), len(data.classes), definition.name
    if definition.calibrate is None and not fitted.class_weights:
        return fitted
    onnx = export(fitted, classes=classes, model=model)
    return calibrate(fitted, onnx, data, method=definition.calibrate, model=model).fitted
