"""From extracted rows to a candidate: an artifact whose every figure comes from the production engine, and its verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from prisml.definition.algorithms import AUTO
from prisml.definition.model import ModelDefinition
from prisml.definition.threshold import DEFAULT_THRESHOLD
from prisml.extraction.reads import reads_of
from prisml.extraction.stream import Extracted
from prisml.manifest import Finding, GateVerdict, Read
from prisml.progress import Progress, silent
from prisml.registry.bundle import Artifact
from prisml.report import Report
from prisml.training.active import Active
from prisml.training.answerable import answerable
from prisml.training.calibration import calibrate
from prisml.training.crossval import cross_validate
from prisml.training.draft import draft_of
from prisml.training.edges import make_edges
from prisml.training.environment import require_training_stack
from prisml.training.evaluate import evaluate, holdout_of
from prisml.training.evidence import evidence_of
from prisml.training.export import export
from prisml.training.export.dense import sketch_of
from prisml.training.export.trees import decisions_of
from prisml.training.fitting import fit_calibrated, fit_part
from prisml.training.gates import judge, stored
from prisml.training.golden import golden_rows
from prisml.training.leakage import refuse_leaks
from prisml.training.parity import STEP as PARITY
from prisml.training.parity import verify
from prisml.training.parts import divide
from prisml.training.report import make_report
from prisml.training.search.search import search
from prisml.training.search.tried import Tried, attempts

Result = TypeVar("Result")

# So many times 16, of which as many are kept.
_GOLDEN_DRAWS = 4


@dataclass(frozen=True)
class Candidate:
    """An artifact that equals scikit-learn, and what its gates say of it. Publish it only where it ``passed``.

    ``tried`` is what a search tried before it chose the algorithm; empty where the definition names one.
    """

    artifact: Artifact
    verdicts: tuple[GateVerdict, ...]
    warnings: tuple[Finding, ...] = ()
    report: Report | None = None
    tried: tuple[Tried, ...] = ()

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
    time_budget: float | None = None,
    progress: Progress = silent,
) -> Candidate:
    """The candidate that ``definition`` makes of ``extracted``. Equal definitions and equal ``extracted`` give the same artifact.

    ``reads`` are the columns that the features read, compared with the database they were extracted from; without it, as they are mapped.
    ``active`` is the version that serves, for the gates that compare with it; its inputs were extracted too.
    ``time_budget`` are seconds for the search of ``algorithm="auto"``, in place of the definition's. What it finds depends on what
    there was time to try; the same candidates tried give the same artifact.

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
    waived = _step(progress, "leakage", lambda: refuse_leaks(definition, extracted, data))
    found = search(definition, extracted, seconds=time_budget, progress=progress) if definition.algorithm == AUTO else None
    if found is not None:
        definition, data = found.definition, found.adapted(data)
        libraries = require_training_stack(definition.algorithm)
    folded = cross_validate(definition, extracted, data, lambda part: fit_calibrated(definition, part), progress=progress)
    fitted = _step(progress, "fit", lambda: fit_part(definition, data, progress=progress))
    uncalibrated = _step(progress, "export", lambda: export(fitted, classes=len(data.classes), model=model))
    calibrated = calibrate(fitted, uncalibrated, data, method=definition.calibrate, model=model)
    fitted, onnx = calibrated.fitted, calibrated.onnx
    draft = draft_of(definition, extracted, data, fitted, onnx, libraries)
    draft = draft.model_copy(
        update={
            "search": found.record if found else None,
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
    verified = _step(
        progress,
        PARITY,
        lambda: verify(onnx, fitted, manifest=draft, holdout=data.test.matrix, edges=edges, golden=golden, progress=progress),
    )
    holdout = holdout_of(data.test.target, verified.predictions, task=definition.task, threshold=draft.threshold or DEFAULT_THRESHOLD)
    evaluation = _step(progress, "evaluate", lambda: evaluate(holdout, data.train.target, task=definition.task))
    verdicts = _step(progress, "gates", lambda: judge(definition.gates, evidence_of(extracted, data, holdout, draft, onnx, active)))
    tried = found.tried if found else ()
    report = _step(
        progress, "report", lambda: make_report(definition, extracted, data, holdout, manifest=draft, onnx=onnx, tried=attempts(tried))
    )
    report_text = report.to_json()
    manifest = draft.model_copy(
        update={
            "report_sha256": hashlib.sha256(report_text.encode()).hexdigest(),
            "metrics": evaluation.metrics,
            "baseline": evaluation.baseline,
            "gates": tuple(map(stored, definition.gates, verdicts)),
            "parity": verified.parity,
            "golden": verified.golden,
            "calibration": calibrated.record(data, draft, before=uncalibrated, after=verified.predictions),
        }
    )
    return Candidate(Artifact(manifest.to_json(), onnx, report_text), verdicts, data.warnings, report, tried)


def _step(progress: Progress, name: str, work: Callable[[], Result]) -> Result:
    progress(name, 0, 1)
    result = work()
    progress(name, 1, 1)
    return result
