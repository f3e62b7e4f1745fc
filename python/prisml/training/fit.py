"""From extracted rows to a candidate: an artifact whose every figure comes from the production engine, and its verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from prisml.definition.identifiers import find_identifiers
from prisml.definition.leaks import Leak, refuse_leaks
from prisml.definition.model import ModelDefinition
from prisml.definition.threshold import DEFAULT_THRESHOLD
from prisml.extraction.fingerprint import fingerprints_of
from prisml.extraction.reads import reads_of
from prisml.extraction.stream import Extracted
from prisml.manifest import Calibration, Finding, GateVerdict, Manifest, Parity, Read, Rows
from prisml.progress import Progress, silent
from prisml.registry.bundle import Artifact
from prisml.report import Report
from prisml.training.active import Active, predicted_by
from prisml.training.answerable import answerable
from prisml.training.calibration import Calibrated, calibrate
from prisml.training.calibration.record import record
from prisml.training.crossval import cross_validate
from prisml.training.edges import make_edges
from prisml.training.environment import require_training_stack
from prisml.training.estimators import choose_estimator
from prisml.training.evaluate import evaluate, guess_of, holdout_of
from prisml.training.export import export
from prisml.training.export.dense import sketch_of
from prisml.training.export.trees import decisions_of
from prisml.training.gates import Evidence, judge, stored
from prisml.training.golden import golden_rows
from prisml.training.holdout import Holdout
from prisml.training.latency import p99_ms
from prisml.training.leakage import find_leaks
from prisml.training.overlap import holdout_digest, overlap_with, split_record
from prisml.training.parity import verify
from prisml.training.parts import Data, divide
from prisml.training.pipeline import Column, FittedPipeline, fit_pipeline, parameters_of
from prisml.training.production import Floats, predict
from prisml.training.report import make_report
from prisml.training.threshold import choose_threshold
from prisml.training.vocabulary import code_count

Result = TypeVar("Result")

# So many times 16, of which as many are kept.
_GOLDEN_DRAWS = 4


@dataclass(frozen=True)
class Candidate:
    """An artifact that equals scikit-learn, and what its gates say of it. Publish it only where it ``passed``."""

    artifact: Artifact
    verdicts: tuple[GateVerdict, ...]
    warnings: tuple[Finding, ...] = ()
    report: Report | None = None

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return all(verdict.passed for verdict in self.verdicts)


def fit(
    definition: ModelDefinition[Any],
    extracted: Extracted,
    *,
    reads: tuple[Read, ...] | None = None,
    active: Active | None = None,
    progress: Progress = silent,
) -> Candidate:
    """The candidate that ``definition`` makes of ``extracted``. Equal definitions and equal ``extracted`` give the same artifact.

    ``reads`` are the columns that the features read, compared with the database they were extracted from; without it, as they are mapped.
    ``active`` is the version that serves, for the gates that compare with it; its inputs were extracted too.

    Equal rows need not be equal ``extracted``: ``days_since``, ``hours_since`` and resolvers that take ``(row, as_of)`` are computed for
    the moment of extraction.

    Everything fitted comes from the training part alone. Raises ``TrainingEnvironmentError`` without the training stack, ``NoDataError``
    where the rows are too few or too alike, ``LeakageError`` where a feature knows the label or names the row, ``TrainingError``,
    ``ExportError``, and ``ParityError`` where the exported graph is not the fitted model. A gate that is not passed raises nothing: it
    is a verdict.
    """
    libraries = require_training_stack(definition.algorithm)
    model = definition.name
    data = _step(
        progress, "split", lambda: divide(definition, extracted, validation_size=definition.validation_size if definition.chooses else None)
    )
    waived = _step(progress, "leakage", lambda: _refuse_leaks(definition, extracted, data))
    folded = cross_validate(definition, extracted, data, lambda part: _fit_calibrated(definition, part), progress=progress)
    fitted = _step(progress, "fit", lambda: _fit(definition, data))
    uncalibrated = _step(progress, "export", lambda: export(fitted, classes=len(data.classes), model=model))
    calibrated = calibrate(fitted, uncalibrated, data, method=definition.calibrate, model=model)
    fitted, onnx = calibrated.fitted, calibrated.onnx
    draft = _thresholded(definition, data, onnx, _draft(definition, extracted, data, fitted, onnx, libraries))
    draft = draft.model_copy(
        update={
            "waived": waived,
            "warnings": data.warnings,
            "cross_validation": folded,
            "reads": reads_of(definition) if reads is None else reads,
        }
    )
    decisions = decisions_of(fitted) if fitted.choice.algorithm.trees else None
    edges = answerable(make_edges(data.inputs, data.train.matrix, decisions, seed=definition.seed), fitted)
    made_of = sketch_of(fitted) if decisions is None else decisions
    # Of a calibrated model some are left out.
    draws = range(1 if fitted.calibration is None else _GOLDEN_DRAWS)
    golden = tuple(row for draw in draws for row in golden_rows(data.inputs, made_of, seed=definition.seed + draw))
    verified = _step(progress, "parity", lambda: verify(onnx, fitted, manifest=draft, holdout=data.test.matrix, edges=edges, golden=golden))
    holdout = holdout_of(data.test.target, verified.predictions, task=definition.task, threshold=draft.threshold or DEFAULT_THRESHOLD)
    evaluation = _step(progress, "evaluate", lambda: evaluate(holdout, data.train.target, task=definition.task))
    verdicts = _step(progress, "gates", lambda: judge(definition.gates, _evidence(extracted, data, holdout, draft, onnx, active)))
    report = _step(progress, "report", lambda: make_report(definition, extracted, data, holdout, manifest=draft, onnx=onnx))
    report_text = report.to_json()
    manifest = draft.model_copy(
        update={
            "report_sha256": hashlib.sha256(report_text.encode()).hexdigest(),
            "metrics": evaluation.metrics,
            "baseline": evaluation.baseline,
            "gates": tuple(map(stored, definition.gates, verdicts)),
            "parity": verified.parity,
            "golden": verified.golden,
            "calibration": _calibration(data, calibrated, verified.predictions, uncalibrated, draft),
        }
    )
    return Candidate(Artifact(manifest.to_json(), onnx, report_text), verdicts, data.warnings, report)


def _thresholded(definition: ModelDefinition[Any], data: Data, onnx: bytes, draft: Manifest) -> Manifest:
    """The draft with the threshold that the definition's rule chooses; as it is where there is none."""
    if definition.threshold_rule is None or data.validation is None:
        return draft
    predicted = predict(onnx, draft, data.validation.matrix)
    chosen = choose_threshold(definition.threshold_rule, data.validation.target, predicted, model=draft.name)
    return draft.model_copy(update={"threshold": chosen.threshold, "threshold_rule": chosen.record})


def _calibration(data: Data, calibrated: Calibrated, after: Floats, uncalibrated: bytes, draft: Manifest) -> Calibration | None:
    if calibrated.calibration is None:
        return None
    return record(calibrated.calibration, data.test.target, before=predict(uncalibrated, draft, data.test.matrix), after=after)


def _evidence(extracted: Extracted, data: Data, holdout: Holdout, draft: Manifest, onnx: bytes, active: Active | None) -> Evidence:
    """What the gates are judged by; nothing of it is measured before a gate asks for it."""
    rival = None if active is None else predicted_by(active, extracted.beside, data)
    told = None
    if rival is not None and rival.manifest is not None:
        told = overlap_with(rival.manifest, extracted=extracted, data=data, split=draft.split, holdout=draft.holdout)
    return Evidence(
        model=holdout,
        guess=guess_of(holdout, data.train.target, draft.task),
        size=len(onnx),
        p99=lambda: p99_ms(draft, onnx, data.test.matrix),
        slices={name: slices.of(data.test.rows) for name, slices in extracted.slices.items()},
        rival=rival,
        overlap=told,
    )


def _refuse_leaks(definition: ModelDefinition[Any], extracted: Extracted, data: Data) -> tuple[str, ...]:
    """What was found and waived; every guard is judged before the error of what was not."""
    of_data = find_leaks(
        data.inputs, data.train.matrix, data.train.target, task=definition.task, class_count=len(data.classes), seed=definition.seed
    )
    named = find_identifiers(definition)
    of_mapping = {leak.feature for leak in named}
    told_once = [leak for leak in of_data if leak.guard != "identifier" or leak.feature not in of_mapping]
    changed = [_changed_later(feature, share) for feature, share in extracted.changed_later.items()]
    return refuse_leaks([*named, *told_once, *data.leaks, *changed], definition.waive, model=definition.name)


def _changed_later(feature: str, share: float) -> Leak:
    return Leak(
        "changed_later",
        feature,
        f"shows the value of today, and {max(share, 0.001):.1%} of the rows it reads were changed after as_of",
        "Compute the value as it was then, from rows with times, or waive the guard where those changes never touch the column.",
    )


def _fit(definition: ModelDefinition[Any], data: Data) -> FittedPipeline:
    model = definition.name
    choice = choose_estimator(
        definition.algorithm,
        params=definition.params,
        task=definition.task,
        seed=definition.seed,
        model=model,
        encoding=definition.encoding,
    )
    columns = [Column(item.name, None if item.categories is not None else item.imputation, code_count(item)) for item in data.inputs]
    return fit_pipeline(
        choice,
        columns,
        data.train.matrix,
        data.train.target,
        task=definition.task,
        classes=data.classes,
        model=model,
        class_weight=definition.class_weight,
    )


def _fit_calibrated(definition: ModelDefinition[Any], data: Data) -> FittedPipeline:
    """What scikit-learn has of the model that serves; the graph that calibration looks at is thrown away."""
    fitted, classes, model = _fit(definition, data), len(data.classes), definition.name
    if definition.calibrate is None and not fitted.class_weights:
        return fitted
    onnx = export(fitted, classes=classes, model=model)
    return calibrate(fitted, onnx, data, method=definition.calibrate, model=model).fitted


def _draft(
    definition: ModelDefinition[Any], extracted: Extracted, data: Data, fitted: FittedPipeline, onnx: bytes, libraries: dict[str, str]
) -> Manifest:
    """The manifest before anything was measured."""
    return Manifest(
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


def _as_of(definition: ModelDefinition[Any]) -> Literal["extraction", "dates", "column"]:
    if definition.as_of.column is not None:
        return "column"
    return "dates" if definition.as_of.dates else "extraction"


def _step(progress: Progress, name: str, work: Callable[[], Result]) -> Result:
    progress(name, 0, 1)
    result = work()
    progress(name, 1, 1)
    return result
