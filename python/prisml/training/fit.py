"""From extracted rows to a candidate: an artifact whose every figure comes from the production engine, and its verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import JsonValue

from prisml.definition.algorithms import AUTO
from prisml.definition.identifiers import find_identifiers
from prisml.definition.leaks import Leak, refuse_leaks
from prisml.definition.model import ModelDefinition
from prisml.definition.split import GroupSplit, TimeSplit
from prisml.extraction.fingerprint import fingerprints_of
from prisml.extraction.reads import reads_of
from prisml.extraction.stream import Extracted
from prisml.manifest import GateVerdict, Manifest, Parity, Read, Rows
from prisml.progress import Progress, silent
from prisml.registry.bundle import Artifact
from prisml.training.answerable import answerable
from prisml.training.edges import make_edges
from prisml.training.environment import require_training_stack
from prisml.training.estimators import choose_estimator
from prisml.training.evaluate import evaluate, holdout_of
from prisml.training.export import export
from prisml.training.export.dense import sketch_of
from prisml.training.export.trees import decisions_of
from prisml.training.gates import judge
from prisml.training.golden import golden_rows
from prisml.training.leakage import find_leaks
from prisml.training.parity import verify
from prisml.training.parts import Data, divide
from prisml.training.pipeline import FittedPipeline, columns_of, fit_pipeline, parameters_of
from prisml.training.search.search import search
from prisml.training.search.tried import Tried

Result = TypeVar("Result")


@dataclass(frozen=True)
class Candidate:
    """An artifact that equals scikit-learn, and what its gates say of it. Publish it only where it ``passed``.

    ``tried`` is what a search tried before it chose the algorithm; empty where the definition names one.
    """

    artifact: Artifact
    verdicts: tuple[GateVerdict, ...]
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
    time_budget: float | None = None,
    progress: Progress = silent,
) -> Candidate:
    """The candidate that ``definition`` makes of ``extracted``. Equal definitions and equal ``extracted`` give the same artifact.

    ``reads`` are the columns that the features read, compared with the database they were extracted from; without it, as they are mapped.
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
    data = _step(progress, "split", lambda: divide(definition, extracted))
    waived = _step(progress, "leakage", lambda: _refuse_leaks(definition, extracted, data))
    found = search(definition, extracted, seconds=time_budget, progress=progress) if definition.algorithm == AUTO else None
    if found is not None:
        definition, data = found.definition, found.adapted(data)
        libraries = require_training_stack(definition.algorithm)
    fitted = _step(progress, "fit", lambda: _fit(definition, data))
    onnx = _step(progress, "export", lambda: export(fitted, classes=len(data.classes), model=model))
    draft = _draft(definition, extracted, data, fitted, onnx, libraries)
    draft = draft.model_copy(
        update={"search": found.record if found else None, "waived": waived, "reads": reads_of(definition) if reads is None else reads}
    )
    decisions = decisions_of(fitted) if fitted.choice.algorithm.trees else None
    edges = answerable(make_edges(data.inputs, data.train.matrix, decisions, seed=definition.seed), fitted)
    golden = golden_rows(data.inputs, sketch_of(fitted) if decisions is None else decisions, seed=definition.seed)
    verified = _step(progress, "parity", lambda: verify(onnx, fitted, manifest=draft, holdout=data.test.matrix, edges=edges, golden=golden))
    holdout = holdout_of(data.test.target, verified.predictions, task=definition.task, threshold=definition.threshold)
    bounded = {gate.metric for gate in definition.gates}
    evaluation = _step(
        progress, "evaluate", lambda: evaluate(holdout, data.train.target, task=definition.task, bounded=bounded, seed=definition.seed)
    )
    verdicts = judge(definition.gates, evaluation, model=model)
    manifest = draft.model_copy(
        update={
            "metrics": evaluation.metrics,
            "baseline": evaluation.baseline,
            "gates": verdicts,
            "parity": verified.parity,
            "golden": verified.golden,
        }
    )
    return Candidate(Artifact(manifest.to_json(), onnx), verdicts, found.tried if found else ())


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
    return fit_pipeline(
        choice, columns_of(data.inputs), data.train.matrix, data.train.target, task=definition.task, classes=data.classes, model=model
    )


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
        split=_split_record(definition),
        seed=definition.seed,
        rows=Rows(
            extracted=extracted.extracted,
            dropped_null_label=extracted.dropped.null_label,
            dropped_null_as_of=extracted.dropped.null_as_of,
            dropped_open_window=extracted.dropped.open_window,
            dropped_overlapping=data.overlapping,
            train=len(data.train),
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


def _split_record(definition: ModelDefinition[Any]) -> dict[str, JsonValue]:
    split = definition.split
    if isinstance(split, TimeSplit):
        bound: dict[str, JsonValue] = {"test_size": split.test_size}
        if split.test_from is not None:
            bound = {"test_from": split.test_from.isoformat()}
        return {"kind": "time", "column": "as_of" if split.column is None else split.column.key, **bound}
    if isinstance(split, GroupSplit):
        return {"kind": "group", "column": split.column.key, "test_size": split.test_size}
    return {"kind": "random", "test_size": split.test_size}


def _step(progress: Progress, name: str, work: Callable[[], Result]) -> Result:
    progress(name, 0, 1)
    result = work()
    progress(name, 1, 1)
    return result
