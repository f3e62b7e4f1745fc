"""What the production engine predicts with a graph that is not published yet."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from prisml.manifest import Manifest, Task
from prisml.registry.bundle import Artifact
from prisml.serving.engine import Engine
from prisml.serving.golden import named_only
from prisml.serving.prediction import Predictions
from prisml.serving.settings import Settings

Floats = NDArray[np.float64]


def engine_of(onnx: bytes, manifest: Manifest, *, native: bool) -> Engine:
    """The engine of a graph, ONNX Runtime's or, where it takes the graph, the native one; rows give each feature under its own name.

    Whatever the environment says of this process: both are to be good, and equal training is to give equal digests.
    """
    draft = named_only(manifest).model_copy(update={"model_sha256": hashlib.sha256(onnx).hexdigest()})
    return Engine.from_artifact(Artifact(draft.to_json(), onnx), settings=replace(Settings.read(), native=native))


def numbers_of(predictions: Predictions, task: Task) -> Floats:
    """P(positive) or numbers of shape (n,), or each class's probability of shape (n, classes)."""
    return np.asarray(predictions.probabilities if task == "multiclass" else predictions.values, dtype=np.float64)


def predict(onnx: bytes, manifest: Manifest, matrix: NDArray[np.float32]) -> Floats:
    """What serves would predict for encoded rows, as ``numbers_of`` has it."""
    return numbers_of(engine_of(onnx, manifest, native=True).predict_encoded(matrix), manifest.task)
