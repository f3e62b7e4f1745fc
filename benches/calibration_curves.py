"""Calibrators that scikit-learn fits on bare scores, and the graphs that PrisML makes of the same scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from prisml.definition.balance import Calibrate
from prisml.manifest import Input, Manifest
from prisml.training.calibration.calibration import Calibration, Of
from prisml.training.calibration.fitting import fit_calibrators, on_grid
from prisml.training.calibration.nodes import calibrated
from prisml.training.production import engine_of, numbers_of
from tests.artifacts import make_artifact

FITTED_ON = 5_000
Floats = NDArray[np.float64]


class Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that was fitted elsewhere: it knows its classes, and nothing of rows."""

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes
        self.classes_ = np.arange(classes)

    def fit(self, scores: Floats, target: NDArray[np.intp]) -> Given:
        """CalibratedClassifierCV wants this and the next to be there, and asks for neither."""
        raise NotImplementedError

    def predict(self, scores: Floats) -> Floats:
        """As ``fit``."""
        raise NotImplementedError


class Decisions(Given):
    """One whose decisions are the columns that it is given."""

    def decision_function(self, scores: Floats) -> Floats:
        """One number for each row of two classes, otherwise one for each class."""
        return scores[:, 0] if self.classes == 2 else scores


class Probabilities(Given):
    """One whose probabilities are the columns that it is given: of two classes the second's."""

    def predict_proba(self, scores: Floats) -> Floats:
        """Each class's probability."""
        return np.column_stack((1 - scores[:, 0], scores[:, 0])) if self.classes == 2 else scores


@dataclass(frozen=True, eq=False)
class Curve:
    """A method, what it is fitted on, and rows to fit it on: ``scores`` of shape (n, 1) or (n, classes)."""

    method: Calibrate
    of: Of
    classes: int
    scores: Floats
    target: NDArray[np.intp]

    @classmethod
    def drawn(cls, method: Calibrate, of: Of, classes: int, *, seed: int = 0) -> Curve:
        """Scores that say too much: the classes come from a quarter of what they claim."""
        random = np.random.default_rng(seed)
        scores = claims(random, of, classes, FITTED_ON)
        logits = np.log(scores / (1 - scores)) if of == "probability" else scores
        both = np.concatenate((np.zeros_like(logits), logits), axis=1) / 4 if classes == 2 else logits / 4
        return cls(method, of, classes, scores, (both + random.gumbel(size=both.shape)).argmax(axis=1))

    def by_scikit_learn(self, scores: Floats) -> Floats:
        """What CalibratedClassifierCV gives for ``scores``, fitted on the same rows (isotonic: on their grid)."""
        known = Decisions(self.classes) if self.of == "decision" else Probabilities(self.classes)
        fitted_on = on_grid(self.scores, of=self.of) if self.method == "isotonic" else self.scores
        outer = CalibratedClassifierCV(FrozenEstimator(known), method=self.method, ensemble=False)
        return np.asarray(outer.fit(fitted_on, self.target).predict_proba(scores), dtype=np.float64)

    def by_graph(self, scores: NDArray[np.float32], scorer: Literal["native", "onnxruntime"]) -> Floats:
        """What the calibrated graph gives for ``scores``, of shape (n, classes)."""
        calibrators = fit_calibrators(self.method, self.scores, self.target, of=self.of)
        calibration = Calibration(self.method, self.of, (), calibrators, len(self.scores))
        onnx = calibrated(graph_of(self.of, self.classes), calibration, classes=self.classes, model="curve")
        engine = engine_of(onnx, manifest_of(self.of, self.classes), native=scorer == "native")
        if engine.info().scorer != scorer:
            raise RuntimeError(engine.info().reason)
        both = np.column_stack((1 - scores, scores)) if self.of == "probability" and self.classes == 2 else scores
        found = numbers_of(engine.predict_encoded(np.ascontiguousarray(both)), engine.manifest.task)
        return np.column_stack((1 - found, found)) if self.classes == 2 else found

    def asked(self, rows: int) -> NDArray[np.float32]:
        """Scores to ask for: drawn as the fitted ones, some of those themselves, and beyond both ends."""
        random = np.random.default_rng(1)
        found = claims(random, self.of, self.classes, rows)
        places = random.permutation(rows)[: rows // 10]
        found[places] = on_grid(self.scores, of=self.of)[random.integers(len(self.scores), size=len(places))]
        edges = (1e-7, 1 - 1e-7) if self.of == "probability" else (-80.0, 80.0)
        found[: len(edges)] = np.array(edges)[:, None]
        return found.astype(np.float32)


def claims(random: np.random.Generator, of: Of, classes: int, rows: int) -> Floats:
    """Decisions, or probabilities, as a model gives them in float32."""
    decisions = random.normal(scale=3, size=(rows, 1 if classes == 2 else classes))
    if of == "decision":
        return decisions.astype(np.float32).astype(np.float64)
    if classes == 2:
        return (1 / (1 + np.exp(-decisions))).astype(np.float32).astype(np.float64)
    shares = np.exp(decisions)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32).astype(np.float64)


def manifest_of(of: Of, classes: int) -> Manifest:
    """A manifest whose inputs are the scores."""
    columns = 1 if of == "decision" and classes == 2 else classes
    inputs = tuple(Input(name=f"score_{place}", kind="number", origin="column", dtype="float") for place in range(columns))
    found = make_artifact(task="binary" if classes == 2 else "multiclass").manifest
    return found.model_copy(update={"inputs": inputs})


def graph_of(of: Of, classes: int) -> bytes:
    """A classifier that passes its scores on: through a softmax where they are decisions."""
    columns = 1 if of == "decision" and classes == 2 else classes
    tensors: list[Any] = []
    if of == "probability":
        nodes = [helper.make_node("Identity", ["features"], ["probabilities"])]
    else:
        tensors = [numpy_helper.from_array(np.array([[0.0, 1.0]]) if classes == 2 else np.eye(classes), "weights")]
        nodes = [
            helper.make_node("Cast", ["features"], ["wide"], to=TensorProto.DOUBLE),
            helper.make_node("MatMul", ["wide", "weights"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["shares"], axis=1),
            helper.make_node("Cast", ["shares"], ["probabilities"], to=TensorProto.FLOAT),
        ]
    takes = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", columns])
    gives = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", classes])
    graph = helper.make_graph(nodes, "scores", [takes], [gives], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)
    content: bytes = made.SerializeToString(deterministic=True)
    return content
