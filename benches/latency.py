"""How long one prediction takes, and how many rows a second a batch gives, beside what a user would pick instead.

Every contender has the same model and sits in the same process, one after another, on one thread. PrisML is given the nested mapping of
a flight; the others are given the features flat, joined and derived already, which is less work. The speeds are no promise; a
contender of the same model that predicts something else breaks one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from benches.contenders import Peer, flat, onnx_runtime, scikit_learn
from benches.handmade import LINEAR, Handmade
from benches.report import Report
from benches.trained import Trained

SECONDS = 1.0
FEWEST, MOST = 50, 20_000


def contest(
    report: Report, trained: Trained, handmade: Handmade, pipeline: Pipeline, algorithm: str, rows: list[dict[str, Any]], seconds: float
) -> None:
    """A line of the report for each contender with this algorithm; ``pipeline`` is the hand-written one."""
    engine = trained.engine
    encoded = handmade.matrix[: len(rows)]
    flattened = [flat(row) for row in rows]
    contenders: list[tuple[Peer, Sequence[Any], Any]] = [
        (Peer("prisml, nested mappings", "mappings", engine.predict, engine.predict_many), rows, rows),
        (Peer("prisml, flat mappings", "mappings", engine.predict, engine.predict_many), flattened, flattened),
        (Peer("prisml, encoded array", "array", engine.predict_encoded, engine.predict_encoded), _lines(encoded), encoded),
    ]
    sklearn_array = encoded.astype(np.float64) if algorithm in LINEAR else encoded
    for peer in (*scikit_learn(handmade, pipeline, algorithm), *onnx_runtime(handmade, trained.artifact.onnx)):
        array = sklearn_array if peer.name.startswith("scikit-learn") else encoded
        contenders.append((peer, flattened, flattened) if peer.given == "mappings" else (peer, _lines(array), array))
    wanted = engine.predict_many(rows).values
    for peer, singles, whole in contenders:
        single = time_single(peer.one, singles, seconds)
        many = time_batch(peer.many, whole, seconds)
        p50, p99 = np.percentile(single, [50, 99])
        report.add(
            algorithm=algorithm,
            contender=peer.name,
            one_row_p50_us=float(p50) * 1e6,
            one_row_p99_us=float(p99) * 1e6,
            calls=len(single),
            rows_per_second=round(len(rows) / float(np.median(many))),
            batches=len(many),
        )
        furthest = float(np.abs(_positive(peer.many(whole)) - wanted).max())
        report.expect(f"{algorithm}: {peer.name} predicts the same ({furthest:.1e})", kept=furthest <= 1e-5)


def time_single(call: Callable[[Any], object], inputs: Sequence[Any], seconds: float) -> list[float]:
    """The seconds of each call on one row after another, as long as time is left."""
    for row in inputs[:20]:
        call(row)
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < FEWEST or (len(taken) < MOST and time.perf_counter() < end):
        row = inputs[len(taken) % len(inputs)]
        started = time.perf_counter()
        call(row)
        taken.append(time.perf_counter() - started)
    return taken


def time_batch(call: Callable[[Any], object], whole: Any, seconds: float) -> list[float]:
    """The seconds of each call on the whole batch: three at least."""
    call(whole)
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < end:
        started = time.perf_counter()
        call(whole)
        taken.append(time.perf_counter() - started)
    return taken


def _lines(matrix: NDArray[Any]) -> list[NDArray[Any]]:
    """Each row of ``matrix`` as a matrix of one row."""
    return [matrix[place : place + 1] for place in range(len(matrix))]


def _positive(answer: object) -> NDArray[np.float64]:
    """P(late) of whatever a contender gives."""
    values = np.asarray(getattr(answer, "values", answer), dtype=np.float64)
    return values if values.ndim == 1 else values[:, 1]
