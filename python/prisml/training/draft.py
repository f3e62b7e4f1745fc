"""The manifest of a model that was fitted, before anything was measured."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from prisml.definition.model import ModelDefinition
from prisml.extraction.fingerprint import fingerprints_of
from prisml.extraction.stream import Extracted
from prisml.manifest import Manifest, Parity, Rows
from prisml.training.overlap import holdout_digest, split_record
from prisml.training.parts import Data
from prisml.training.pipeline import FittedPipeline, parameters_of
from prisml.training.production import predict
from prisml.training.threshold import choose_threshold


def draft_of(
    definition: ModelDefinition[Any], extracted: Extracted, data: Data, fitted: FittedPipeline, onnx: bytes, libraries: dict[str, str]
) -> Manifest:
    """The manifest of ``fitted`` and its graph; the threshold is the one that the definition's rule chooses, where it has one."""
    draft = Manifest(
        name=definition.name,
        entity=definition.entity.__name__,
        key=definition.key,
        output=definition.output,
        task=definition.task,
        classes=data.classes,
        threshold=definition.threshold if definition.task == "binary" else None,
        inputs=data.inputs,
        as_of=_as_of(definition),
        as_of_column=None if definition.as_of.column is None else definition.as_of.column.key,
        snapshots=tuple(date.isoformat() for date in definition.as_of.dates),
        fingerprints=fingerprints_of(definition),
        encoding="native" if fitted.choice.native else "ordinal" if fitted.choice.takes_codes else "one_hot",
        estimator=type(fitted.estimator).__name__,
        parameters=parameters_of(fitted.estimator),
        split=split_record(definition, extracted, data),
        seed=definition.seed,
        holdout=holdout_digest(extracted, data),
        rows=Rows(
            extracted=extracted.extracted,
            dropped_null_label=extracted.dropped.null_label,
            dropped_null_as_of=extracted.dropped.null_as_of,
            dropped_open_window=extracted.dropped.open_window,
            dropped_overlapping=data.overlapping,
            train=len(data.train),
            validation=0 if data.validation is None else len(data.validation),
            test=len(data.test),
        ),
        metrics={},
        baseline={},
        parity=Parity(rows=0, edge_rows=0, max_difference=0.0, tolerance=0.0, label_flips=0),
        libraries=libraries,
        model_sha256=hashlib.sha256(onnx).hexdigest(),
    )
    return _thresholded(definition, data, onnx, draft)


def _thresholded(definition: ModelDefinition[Any], data: Data, onnx: bytes, draft: Manifest) -> Manifest:
    """The draft with the threshold that the definition's rule chooses; as it is where there is none."""
    if definition.threshold_rule is None or data.validation is None:
        return draft
    predicted = predict(onnx, draft, data.validation.matrix)
    chosen = choose_threshold(definition.threshold_rule, data.validation.target, predicted, model=draft.name)
    return draft.model_copy(update={"threshold": chosen.threshold, "threshold_rule": chosen.record})


def _as_of(definition: ModelDefinition[Any]) -> Literal["extraction", "dates", "column"]:
    if definition.as_of.column is not None:
        return "column"
    return "dates" if definition.as_of.dates else "extraction"
