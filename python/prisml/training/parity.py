"""The exported graph against scikit-learn, natively and in ONNX Runtime: the same predictions, or nothing is published.

Either may answer in production: the native scorer where it takes the graph, ONNX Runtime where it is asked for, where a processor or
release makes the golden rows differ, and in other people's programs, which have ``model.onnx`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prisml.errors import ParityError
from prisml.manifest import GoldenRow, Manifest, Parity, Task
from prisml.progress import Progress, silent
from prisml.serving.engine import Engine
from prisml.training.calibration.calibration import ULPS
from prisml.training.edges import EdgeRows, Scalar
from prisml.training.export.trees import tree_count
from prisml.training.golden import steady
from prisml.training.pipeline import FittedPipeline
from prisml.training.production import engine_of, numbers_of

STEP = "parity"
TOLERANCE = 1e-5
_CHUNK = 1 << 16
"""So many rows are asked for at once: between chunks it is told how far it is."""
_PRECISE_TREES = 100
"""So many trees ONNX Runtime adds up, in float32, well within the tolerance; for more of them it is allowed more."""
_USUAL_ULPS = 2.0
"""So many float32 ulps two right answers are usually apart at most."""
# The parameter that says how many trees are added up.
_TREES_BY = {
    **dict.fromkeys(("random_forest", "extra_trees", "gradient_boosting", "xgboost", "lightgbm"), "n_estimators"),
    "hist_gradient_boosting": "max_iter",
}
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Verified:
    """A graph that passed: the production engine's predictions for the hold-out, the figures of its comparison, and golden rows.

    ``predictions`` are P(positive) or numbers of shape (n,), or each class's probability of shape (n, classes).
    """

    predictions: Floats
    parity: Parity
    golden: tuple[GoldenRow, ...]


def verify(
    onnx: bytes,
    fitted: FittedPipeline,
    *,
    manifest: Manifest,
    holdout: NDArray[np.float32],
    edges: EdgeRows,
    golden: tuple[dict[str, Scalar], ...] = (),
    progress: Progress = silent,
) -> Verified:
    """What the production engine predicts with ``onnx``, once it is known to be what scikit-learn predicts with ``fitted``.

    ``manifest`` is that of the graph; ``holdout`` are encoded rows. Edge rows go through the engine's encoder, each feature under its
    own name. A probability may differ by 1e-5, a number by 1e-5 of the largest (of an edge row: or of its own); in ONNX Runtime, by as
    much for each hundred trees. A calibrated probability may besides differ by as much as it moves where the score behind it is off by
    eight float32 ulps. ``ParityError`` otherwise. ``golden`` rows come back with what ONNX Runtime gives for them: of a calibrated
    model the first 16 that this moves by little. ``progress`` hears of the rows, each of which is asked for up to three times.
    """
    every = np.concatenate((holdout, edges.matrix))
    reference, production = (engine_of(onnx, manifest, native=native) for native in (False, True))
    # Where there is no native scorer, production is the reference.
    engines = (reference, production) if production.info().scorer == "native" else (reference,)
    asked = _Asked(progress, len(every) * (1 + len(engines)))
    truth = Truth(_reference(fitted, every), slack_of(fitted, every))
    asked.more(len(every))
    for engine in engines:
        predicted = _judged(engine, fitted, manifest, holdout, edges, truth, asked)
    held, comparison = predicted
    parity = Parity(
        rows=len(held),
        edge_rows=len(edges),
        max_difference=comparison.largest,
        tolerance=comparison.tolerance,
        label_flips=comparison.flips,
    )
    if golden and fitted.calibration is not None:
        golden = steady(golden, slack_of(fitted, reference.encode(golden), ulps=_USUAL_ULPS))
    expected = numbers_of(reference.predict_many(golden), manifest.task)
    rows = zip(golden, expected, strict=True)
    return Verified(held, parity, tuple(GoldenRow(features=row, expected=tuple(np.atleast_1d(each).tolist())) for row, each in rows))


class _Asked:
    """The predictions that were asked for so far."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def more(self, rows: int) -> None:
        """So many more are there."""
        self._done += rows
        self._progress(STEP, self._done, self._total)


def _judged(
    engine: Engine,
    fitted: FittedPipeline,
    manifest: Manifest,
    holdout: NDArray[np.float32],
    edges: EdgeRows,
    truth: Truth,
    asked: _Asked,
) -> tuple[Floats, _Comparison]:
    """What the engine predicts for the hold-out, and how far it is from the ``truth``; ``ParityError`` where that is too far."""
    parts = []
    for start in range(0, max(len(holdout), 1), _CHUNK):
        parts.append(numbers_of(engine.predict_encoded(part := holdout[start : start + _CHUNK]), manifest.task))
        asked.more(len(part))
    held = np.concatenate(parts)
    made = numbers_of(engine.predict_many(edges.rows), manifest.task)
    asked.more(len(edges))
    is_native = engine.info().scorer == "native"
    rounding = 1.0 if is_native else _reference_rounding(fitted)
    comparison = _compare(
        np.concatenate((held, made)),
        truth.predictions,
        task=manifest.task,
        threshold=0.5 if manifest.threshold is None else manifest.threshold,
        held=len(held),
        tolerance=TOLERANCE * rounding,
        slack=truth.slack * rounding,
    )
    if comparison.failed.any() or comparison.flips:
        every = np.concatenate((holdout, edges.matrix))
        raise _refused(comparison, fitted, every, len(held), manifest.name, is_native=is_native)
    return held, comparison


def _reference_rounding(fitted: FittedPipeline) -> float:
    """By how much more ONNX Runtime may differ: what it rounds grows with the trees that it adds up in float32."""
    trees = tree_count(fitted) if fitted.choice.algorithm.trees else 0
    return max(1.0, trees / _PRECISE_TREES)


@dataclass(frozen=True, eq=False)
class Truth:
    """What scikit-learn predicts, and how much more than the tolerance each of it may differ (0: not at all)."""

    predictions: Floats
    slack: Floats


def slack_of(fitted: FittedPipeline, matrix: NDArray[np.float32], *, ulps: float = ULPS) -> Floats:
    """How far a calibrated probability moves where its score is off by so many float32 ulps, of the predictions' shape; else 0."""
    if fitted.calibration is None:
        return np.zeros(())
    slack = fitted.calibration.slack(fitted.scores(matrix, of=fitted.calibration.of), ulps)
    return slack[:, 1] if fitted.task == "binary" else slack


def _reference(fitted: FittedPipeline, matrix: NDArray[np.float32]) -> Floats:
    predicted = fitted.predict(matrix)
    return predicted[:, 1] if fitted.task == "binary" else predicted


@dataclass(frozen=True, eq=False)
class _Comparison:
    """How far each row is, in units of the tolerance for the hold-out, and how many labels differ."""

    distance: Floats
    tolerance: float
    flips: int

    @property
    def failed(self) -> NDArray[np.bool_]:
        # Written so that NaN fails.
        return np.logical_not(self.distance <= self.tolerance)

    @property
    def largest(self) -> float:
        return float(self.distance.max(initial=0.0))


def _compare(engine: Floats, reference: Floats, *, task: Task, threshold: float, held: int, tolerance: float, slack: Floats) -> _Comparison:
    difference = np.abs(engine - reference)
    if task == "regression":
        scale = max(1.0, float(np.abs(reference[:held]).max(initial=0.0)))
        return _Comparison(difference * (scale / np.maximum(scale, np.abs(reference))), tolerance * scale, 0)
    allowed = tolerance + slack
    difference *= tolerance / allowed
    if task == "binary":
        flipped = ((engine > threshold) != (reference > threshold)) & (np.abs(reference - threshold) > allowed)
        return _Comparison(difference, tolerance, int(np.count_nonzero(flipped)))
    chosen = np.take_along_axis(reference, engine.argmax(axis=1)[:, None], axis=1)[:, 0]
    flipped = reference.max(axis=1) - chosen > (allowed if np.ndim(allowed) < 2 else allowed.max(axis=1))
    return _Comparison(difference.max(axis=1), tolerance, int(np.count_nonzero(flipped)))


def _refused(
    comparison: _Comparison, fitted: FittedPipeline, matrix: NDArray[np.float32], held: int, model: str, *, is_native: bool
) -> ParityError:
    failed = comparison.failed
    rows, edge_rows = int(np.count_nonzero(failed[:held])), int(np.count_nonzero(failed[held:]))
    cause, way = _likely_cause(comparison, fitted, np.asarray(np.isnan(matrix).any(axis=1)), is_native=is_native)
    where = "natively" if is_native else "in ONNX Runtime"
    return ParityError(
        f"Model {model!r}: the exported graph does not predict {where} what scikit-learn does: {rows:,} of {held:,} hold-out rows and "
        f"{edge_rows:,} of {len(matrix) - held:,} edge rows are too far apart, by up to {comparison.largest:.3g} where "
        f"{comparison.tolerance:.3g} is allowed; {comparison.flips:,} labels differ. Nothing was published. {cause}",
        {
            "model": model,
            "rows": rows,
            "edge_rows": edge_rows,
            "largest": comparison.largest,
            "tolerance": comparison.tolerance,
            "label_flips": comparison.flips,
            "scorer": "native" if is_native else "onnxruntime",
        },
        [way],
    )


def _likely_cause(comparison: _Comparison, fitted: FittedPipeline, gaps: NDArray[np.bool_], *, is_native: bool) -> tuple[str, str]:
    failed = comparison.failed
    reinstall = 'Install the versions that belong together: pip install "prisml[train]"; or choose another algorithm.'
    if failed.any() and gaps[failed].all():
        return "Only rows with a missing number differ: the graph sends NaN another way.", 'Give those features missing="median".'
    if failed.mean() > 0.5:
        return "Most rows differ: the graph is not this model.", reinstall
    count = _TREES_BY.get(fitted.choice.algorithm.name)
    if count is not None and not is_native and comparison.largest < 100 * comparison.tolerance:
        scaled = "; or scale the label down" if fitted.task == "regression" else ""
        return "The differences are small: ONNX Runtime adds up the trees in float32.", f"Fit fewer trees: lower {count}{scaled}."
    return "A few rows differ by much: values beside a decision's threshold take the other branch.", reinstall
