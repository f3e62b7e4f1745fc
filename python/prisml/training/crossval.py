"""How much a model of this definition varies with the rows that it is trained on: cross-validation of the training part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted
from prisml.manifest import CrossValidation, Fold, Folded
from prisml.progress import Progress
from prisml.training.evaluate import holdout_of
from prisml.training.folds import make_folds
from prisml.training.metrics import METRICS
from prisml.training.parts import Data, Part
from prisml.training.pipeline import FittedPipeline
from prisml.training.seen import seen_of
from prisml.training.threshold import choose_threshold
from prisml.training.vocabulary import make_vocabulary

STEP = "cross-validate"
Fitter = Callable[[Data], FittedPipeline]


def cross_validate(
    definition: ModelDefinition[Any], extracted: Extracted, data: Data, fit: Fitter, *, progress: Progress
) -> CrossValidation | None:
    """The metrics of ``definition.cv`` models, each fitted on a part of the training part and judged by another; None without ``cv``.

    Everything that is learned of the rows is learned anew in each fold, categories and imputation among it. What is judged is
    scikit-learn's model: only the final one is exported. ``NoDataError`` where a fold would lack rows or a class.
    """
    if definition.cv is None:
        return None
    rows = data.train.rows
    parts = make_folds(
        definition.split,
        data.train.target,
        None if extracted.split_values is None else extracted.split_values[rows],
        folds=definition.cv,
        classes=len(data.classes),
        seed=definition.seed,
        model=definition.name,
        seen=seen_of(definition, extracted).of(rows),
    )
    progress(STEP, 0, definition.cv)
    scores: list[dict[str, float]] = []
    for train, test in parts:
        scores.append(_judged(definition, _fold(definition, extracted, data, rows[train], rows[test]), fit))
        progress(STEP, len(scores), definition.cv)
    folds = tuple(Fold(train=len(train), test=len(test)) for train, test in parts)
    return CrossValidation(folds=folds, metrics={name: each for name in METRICS[definition.task] if (each := _folded(name, scores))})


def _fold(definition: ModelDefinition[Any], extracted: Extracted, data: Data, train: Any, test: Any) -> Data:
    model = definition.name
    learned = extracted.matrix[train]
    vocabulary = make_vocabulary(definition.inputs, definition.features, extracted.categories, learned, model=model)
    targets = np.empty(len(extracted.matrix), dtype=data.train.target.dtype)
    targets[data.train.rows] = data.train.target
    # What is kept for choices is in none of the folds.
    kept = data.validation
    return Data(
        inputs=vocabulary.inputs,
        classes=data.classes,
        train=Part(train, vocabulary.encode(learned, model=model), targets[train]),
        validation=None if kept is None else Part(kept.rows, vocabulary.encode(extracted.matrix[kept.rows], model=model), kept.target),
        test=Part(test, vocabulary.encode(extracted.matrix[test], model=model), targets[test]),
        overlapping=0,
        leaks=(),
    )


def _judged(definition: ModelDefinition[Any], data: Data, fit: Fitter) -> dict[str, float]:
    fitted = fit(data)

    def predict(part: Part) -> NDArray[np.float64]:
        predicted = fitted.predict(part.matrix)
        return predicted[:, 1] if definition.task == "binary" else predicted

    threshold = definition.threshold
    if definition.threshold_rule is not None and data.validation is not None:
        kept = data.validation
        threshold = choose_threshold(definition.threshold_rule, kept.target, predict(kept), model=definition.name).threshold
    holdout = holdout_of(data.test.target, predict(data.test), task=definition.task, threshold=threshold)
    counts = np.ones(len(data.test))
    return {name: metric(holdout, counts) for name, metric in METRICS[definition.task].items()}


def _folded(name: str, scores: Sequence[dict[str, float]]) -> Folded | None:
    values = [each[name] if np.isfinite(each[name]) else None for each in scores]
    defined = [value for value in values if value is not None]
    if not defined:
        return None
    deviation = float(np.std(defined, ddof=1)) if len(defined) > 1 else 0.0
    return Folded(mean=float(np.mean(defined)), deviation=deviation, values=tuple(values))
