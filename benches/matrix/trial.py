"""One case, fitted, exported and judged by the parity gate itself."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benches.matrix.case import Case
from benches.matrix.data import JUDGED, TRAINED, Rows, judged_by, rows_for
from prisml.errors import DefinitionError, EncodingError, ExportError, ParityError, TrainingError
from prisml.manifest import Fingerprints, Manifest, Parity
from prisml.manifest import Rows as Counts
from prisml.registry.bundle import Artifact
from prisml.serving.engine import Engine
from prisml.training.answerable import answerable, has_answer
from prisml.training.edges import make_edges
from prisml.training.estimators import prepare
from prisml.training.export import export
from prisml.training.export.trees import decisions_of
from prisml.training.parity import verify
from prisml.training.pipeline import FittedPipeline, fit_pipeline
from prisml.training.refusals import RULES, Refusal

_CLASSES = {"binary": (0, 1), "multiclass": (0, 1, 2), "regression": ()}
_OF_KERNELS = 800
"""Rows that support vector machines are fitted on: they take time by their square."""
Verdict = Literal["exact", "inexact", "refused"]


@dataclass(frozen=True)
class Outcome:
    """What was found of a case: how far the graph is from scikit-learn at most, and who answers it; or why it is refused."""

    case: Case
    verdict: Verdict
    difference: float = 0.0
    scorer: str = ""
    refusal: Refusal | None = None
    reason: str = ""


def judge(case: Case, *, trained: int = TRAINED, judged: int = JUDGED) -> Outcome:
    """The outcome of ``case``, fitted on ``trained`` rows and judged on ``judged`` others and on edge rows."""
    refusal = _rule(case)
    if refusal is not None:
        return Outcome(case, "refused", refusal=refusal)
    rows = rows_for(case, min(trained, _OF_KERNELS) if case.estimator.module == "sklearn.svm" else trained)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = _fit(case, rows)
            onnx = export(fitted, classes=len(_CLASSES[case.task]), model="matrix")
            difference = _compare(case, rows, fitted, onnx, judged)
    except (DefinitionError, TrainingError) as error:
        why = Refusal("is refused by its library for this task", "Leave it out.")
        return Outcome(case, "refused", refusal=why, reason=f"{error} {error.__cause__ or ''}")
    except (EncodingError, ExportError, ParityError) as error:
        return Outcome(case, "inexact", float(error.context.get("largest", np.inf)), reason=str(error))  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - a writer that breaks is no end of the matrix, and not exact.
        return Outcome(case, "inexact", np.inf, reason=f"{type(error).__name__}: {error}")
    scorer = Engine.from_artifact(Artifact(_manifest(case, rows, onnx).to_json(), onnx)).info().scorer
    return Outcome(case, "exact", difference, scorer)


def _rule(case: Case) -> Refusal | None:
    options = case.judged.make().get_params(deep=False)
    for rule in RULES:
        if case.judged.name in rule.classes and case.task in rule.tasks and options.get(rule.option, rule) in rule.values:
            return rule.refusal
    return None


def _fit(case: Case, rows: Rows) -> FittedPipeline:
    encoding = "native" if case.categories == "native" else "auto"
    choice = prepare(case.make(), params=None, task=case.task, number=3, model="matrix", encoding=encoding)  # type: ignore[arg-type]
    return fit_pipeline(choice, rows.columns, rows.matrix, rows.target, task=case.task, classes=_CLASSES[case.task], model="matrix")


def _compare(case: Case, rows: Rows, fitted: FittedPipeline, onnx: bytes, judged: int) -> float:
    trees = fitted.choice.algorithm.trees
    decisions: Mapping[int, NDArray[np.float64]] = decisions_of(fitted) if trees else {}
    matrix = judged_by(case, rows, decisions, judged)
    matrix = matrix[has_answer(matrix, fitted)]
    edges = answerable(make_edges(rows.inputs, rows.matrix, decisions if trees else None, seed=3), fitted)
    verified = verify(onnx, fitted, manifest=_manifest(case, rows, onnx), holdout=matrix, edges=edges)
    return verified.parity.max_difference


def _manifest(case: Case, rows: Rows, onnx: bytes) -> Manifest:
    return Manifest(
        name="matrix",
        entity="Made",
        output="answer",
        task=case.task,
        classes=_CLASSES[case.task],
        threshold=0.5 if case.task == "binary" else None,
        inputs=rows.inputs,
        fingerprints=Fingerprints(columns="0" * 64),
        estimator=case.estimator.name,
        parameters={},
        split={},
        seed=3,
        rows=Counts(extracted=TRAINED, dropped_null_label=0, dropped_null_as_of=0, dropped_open_window=0, train=TRAINED, test=0),
        metrics={},
        baseline={},
        parity=Parity(rows=0, edge_rows=0, max_difference=0.0, tolerance=0.0, label_flips=0),
        libraries={},
        model_sha256=hashlib.sha256(onnx).hexdigest(),
    )
