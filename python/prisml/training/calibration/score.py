"""Where in an exported graph the score stands that probabilities are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prisml.training.calibration.calibration import Floats, Of
from prisml.training.export.logistic import logistic

OUTPUT = "probabilities"
_LINKS = {b"LOGISTIC", b"SOFTMAX"}
FLOAT, DOUBLE = 1, 11


@dataclass(frozen=True, eq=False)
class Ending:
    """How a classifier's graph ends: in trees, in a softmax of scores, or in probabilities that nothing is known of.

    ``of`` says what score can be had: what scikit-learn calls the decision, or a probability. ``classes`` is how many there are.
    """

    graph: Any
    of: Of
    classes: int

    @classmethod
    def read(cls, graph: Any, *, decides: bool, classes: int) -> Ending:
        """The ending of ``graph``; ``decides`` is whether scikit-learn would calibrate what ``decision_function`` gives."""
        last = graph.node[-1]
        linked = _softmax(graph) is not None or (
            last.op_type == "TreeEnsembleClassifier" and _attribute(last, "post_transform").s in _LINKS
        )
        return cls(graph, "decision" if linked and decides else "probability", classes)

    def rescale(self, factor: float, shifts: Floats) -> None:
        """Have the graph make its probabilities of each class's decision times ``factor`` plus its shift: nothing is added to trees."""
        if _softmax(self.graph) is None:
            self._rescale_trees(factor, shifts)
            return
        softmax = self.graph.node[-2]
        scores = softmax.input[0]
        self._add("Mul", [scores, self.tensor("calibration_factor", np.array([[factor]]))], "rescaled", before=2)
        self._add("Add", ["rescaled", self.tensor("calibration_shifts", shifts[None, :])], "calibrated", before=2)
        softmax.input[0] = "calibrated"

    def open(self) -> str:
        """End the graph in the scores, float64 of shape (n, 1) for two classes, otherwise (n, classes); their name."""
        if self.graph.node[-1].op_type == "TreeEnsembleClassifier":
            return self._open_trees()
        return self._open_softmax() if self.of == "decision" else self._open_output()

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node at the end; the name of what it gives."""
        return self._add(op, inputs, output, **attributes)

    def logistic(self, scores: str) -> str:
        """Add the logistic function of each score; the name of what it gives."""

        def add(op: str, /, *inputs: str) -> str:
            return self._add(op, list(inputs), f"logistic_{op}")

        return logistic(scores, add, self.tensor("logistic_zero", np.array(0.0)), self.tensor("logistic_one", np.array(1.0)))

    def tensor(self, name: str, values: Any) -> str:
        """Add a tensor; its name."""
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(self, op: str, inputs: list[str], output: str, *, before: int = 0, **attributes: Any) -> str:
        from onnx import helper

        self.graph.node.insert(len(self.graph.node) - before, helper.make_node(op, inputs, [output], **attributes))
        return output

    def _open_softmax(self) -> str:
        scores: str = self.graph.node[-2].input[0]
        del self.graph.node[-2:]
        if self.classes > 2:
            return scores
        # The decision is by how much the second score is above the first.
        return self._add("MatMul", [scores, self.tensor("second_less_first", np.array([[-1.0], [1.0]]))], "score")

    def _open_trees(self) -> str:
        """The sums of the trees; a probability is made of them in float64, where ONNX Runtime would leave few digits of a small one."""
        last = self.graph.node[-1]
        link = {b"LOGISTIC": "Sigmoid", b"SOFTMAX": "Softmax"}.get(_attribute(last, "post_transform").s)
        last.op_type = "TreeEnsembleRegressor"
        kept = [each for each in last.attribute if each.name not in ("classlabels_int64s", "classlabels_strings", "post_transform")]
        for each in kept:
            each.name = each.name.replace("class_", "target_")
        del last.attribute[:]
        last.attribute.extend(kept)
        last.attribute.add(name="n_targets", i=1 if self.classes == 2 else self.classes, type=2)
        last.attribute.add(name="post_transform", s=b"NONE", type=3)
        del last.output[:]
        last.output.append("sums")
        score = self._add("Cast", ["sums"], "score", to=DOUBLE)
        if self.of == "decision" or link is None:
            return score
        return self.logistic(score) if link == "Sigmoid" else self._add(link, [score], "share")

    def _open_output(self) -> str:
        last = self.graph.node[-1]
        if last.op_type == "Cast":
            # What is float64 before it is not rounded first.
            source = last.input[0]
            del self.graph.node[-1]
        else:
            source = "uncalibrated"
            last.output[list(last.output).index(OUTPUT)] = source
        self._add("Cast", [source], "shares", to=DOUBLE)
        if self.classes > 2:
            return "shares"
        return self._add("Gather", ["shares", self.tensor("second", np.array([1], dtype=np.int64))], "score", axis=1)

    def _rescale_trees(self, factor: float, shifts: Floats) -> None:
        last = self.graph.node[-1]
        weights = _attribute(last, "class_weights")
        scaled = (np.asarray(weights.floats, dtype=np.float64) * factor).astype(np.float32)
        weights.floats[:] = scaled.tolist()
        base = next((each for each in last.attribute if each.name == "base_values"), None)
        count = 1 if self.classes == 2 else self.classes
        given = np.zeros(count) if base is None else np.asarray(base.floats, dtype=np.float64)
        moved = given * factor + (shifts[1] - shifts[0] if self.classes == 2 else shifts)
        if base is None:
            base = last.attribute.add(name="base_values", type=6)
        base.floats[:] = moved.astype(np.float32).tolist()


def _softmax(graph: Any) -> Any | None:
    """The softmax that the last node rounds to float32, where the graph ends so."""
    if len(graph.node) < 2:
        return None
    before, last = graph.node[-2], graph.node[-1]
    ends = last.op_type == "Cast" and before.op_type == "Softmax" and last.input[0] == before.output[0]
    return before if ends else None


def _attribute(node: Any, name: str) -> Any:
    return next(each for each in node.attribute if each.name == name)
