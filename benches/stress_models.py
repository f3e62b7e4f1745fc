"""Models to put under stress: linear and trees, which are scored natively, and a neural network, which ONNX Runtime answers for."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benches.swap_models import FORESTS, ROWS
from prisml import Engine
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit
from tests.support.training import extracted, visits

KINDS = ("linear", "trees", "network")
_ALGORITHMS: dict[str, tuple[str, dict[str, object] | None]] = {
    "linear": ("logistic_regression", None),
    "trees": ("gradient_boosting", {"n_estimators": 50, "max_depth": 3}),
}


def models(kind: str, count: int = FORESTS) -> list[Artifact]:
    """So many models of that kind, each trained on visits of its own."""
    return [_model(kind, seed) for seed in range(count)]


def _model(kind: str, seed: int) -> Artifact:
    data = extracted(rows=ROWS, seed=seed)
    algorithm, params = _ALGORITHMS.get(kind, _ALGORITHMS["linear"])
    artifact = fit(visits("binary", algorithm, params=params), data).artifact
    return artifact if kind in _ALGORITHMS else _answered_by(artifact, _network(data.matrix, data.labels, seed))


def _answered_by(artifact: Artifact, graph: bytes) -> Artifact:
    """The same inputs, answered by another graph; what was measured of the first is gone."""
    changed = {"model_sha256": hashlib.sha256(graph).hexdigest(), "golden": (), "estimator": "MLPClassifier", "parameters": {}}
    return Artifact(artifact.manifest.model_copy(update=changed).to_json(), graph)


def _network(matrix: Any, labels: Any, seed: int) -> bytes:
    network = MLPClassifier((32,), max_iter=20, random_state=seed)
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), network)
    with warnings.catch_warnings():
        # It need not be a good network.
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(matrix, labels != 0)
    width = int(np.shape(matrix)[1])
    gives = [("label", Int64TensorType([None])), ("probabilities", FloatTensorType([None, 2]))]
    both = convert_sklearn(
        pipeline, initial_types=[("features", FloatTensorType([None, width]))], final_types=gives, options={"zipmap": False}
    )
    return bytes(select_model_inputs_outputs(both, "probabilities").SerializeToString())


def way(engine: Engine) -> str:
    """What answers for this engine, in a word."""
    return "native" if engine.deployed.control.runtime == "native" else "ONNX Runtime"
