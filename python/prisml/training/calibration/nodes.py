"""A calibration as nodes of the graph, so that ``model.onnx`` alone gives the calibrated probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from prisml.errors import ExportError
from prisml.training.calibration.calibration import Calibration
from prisml.training.calibration.ramps import Ramps
from prisml.training.calibration.score import FLOAT, OUTPUT, Ending

# What stands for a sum of zeros, so that all classes become alike.
_TINY = float(np.finfo(np.float64).tiny)


def calibrated(onnx: bytes, calibration: Calibration, *, classes: int, model: str) -> bytes:
    """The graph in the bytes of ``onnx`` with ``calibration`` at its end; the same input, output and, of equal graphs, bytes.

    What is a line of the decision, for which the graph has a logistic function or softmax already, goes into its weights. Otherwise all
    is computed in float64 and rounded at the end. ``ExportError`` where that would be no valid graph.
    """
    from onnx import checker, load_from_string

    proto = load_from_string(onnx)
    ending = Ending.read(proto.graph, decides=calibration.of == "decision", classes=classes)
    if ending.of != calibration.of:
        raise _refused(model)
    if calibration.of == "decision" and calibration.method == "prior":
        ending.rescale(1.0, calibration.shifts)
    elif calibration.of == "decision" and calibration.method == "sigmoid" and classes == 2:
        slope, shift = _line(calibration)
        ending.rescale(float(slope[0]), np.array([0.0, shift[0]]))
    else:
        _append(ending, calibration)
    for place, node in enumerate(proto.graph.node):
        node.name = f"{place}_{node.op_type}"
    try:
        checker.check_model(proto, full_check=True)
    except (checker.ValidationError, ValueError) as error:
        raise _refused(model) from error
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _append(ending: Ending, calibration: Calibration) -> None:
    score = ending.open()
    if calibration.method == "prior":
        shares = _shares(ending, _divided(ending, score, calibration))
    elif calibration.method == "sigmoid":
        shares = _sigmoids(ending, score, calibration)
    else:
        shares = _steps(ending, score, [Ramps.of(each) for each in calibration.calibrators])
    ending.node("Cast", [shares], OUTPUT, to=FLOAT)


def _divided(ending: Ending, score: str, calibration: Calibration) -> str:
    """Each class's probability divided by its weight."""
    by = 1.0 / np.asarray(calibration.weights)
    if ending.classes > 2:
        return ending.node("Mul", [score, ending.tensor("class_shares", by[None, :])], "unweighted")
    scaled = ending.node("Mul", [score, ending.tensor("class_shares", np.array([[-by[0], by[1]]]))], "scaled")
    return ending.node("Add", [scaled, ending.tensor("first_share", np.array([[by[0], 0.0]]))], "unweighted")


def _sigmoids(ending: Ending, score: str, calibration: Calibration) -> str:
    slopes, shifts = _line(calibration)
    if ending.classes > 2:
        lines = _lines(ending, score, slopes[None, :], shifts[None, :])
        return _shares(ending, ending.logistic(lines))
    # A softmax of 0 and the line is the logistic function, and its complement.
    lines = _lines(ending, score, np.array([[0.0, slopes[0]]]), np.array([[0.0, shifts[0]]]))
    return ending.node("Softmax", [lines], "calibrated", axis=1)


def _line(calibration: Calibration) -> tuple[Any, Any]:
    """What each calibrator's logistic function is of: scikit-learn keeps both numbers with the other sign."""
    return -np.array([each.a_ for each in calibration.calibrators]), -np.array([each.b_ for each in calibration.calibrators])


def _lines(ending: Ending, score: str, slopes: Any, shifts: Any) -> str:
    scaled = ending.node("Mul", [score, ending.tensor("slopes", slopes)], "scaled")
    return ending.node("Add", [scaled, ending.tensor("shifts", shifts)], "lines")


def _steps(ending: Ending, score: str, ramps: list[Ramps]) -> str:
    """All ramps of all classes at once: of shape (n, ramps), or (n, classes, ramps) where the shorter are filled up with level ones."""
    most = max(1, *(len(each) for each in ramps))

    def table(name: str, rows: list[Any]) -> str:
        filled = np.array([np.pad(row, (0, most - len(row))) for row in rows])
        return ending.tensor(name, filled)

    axis = 1
    if len(ramps) > 1:
        score, axis = ending.node("Unsqueeze", [score, ending.tensor("new_axis", np.array([2], dtype=np.int64))], "each_score"), 2
    come = ending.node("Sub", [score, table("ramp_starts", [each.starts for each in ramps])], "beyond_start")
    come = ending.node("Max", [come, ending.tensor("zero", np.array(0.0))], "begun")
    come = ending.node("Min", [come, table("ramp_widths", [each.widths for each in ramps])], "come")
    come = ending.node("Mul", [come, table("ramp_slopes", [each.slopes for each in ramps])], "risen")
    axes = ending.tensor("ramp_axis", np.array([axis], dtype=np.int64))
    total = ending.node("ReduceSum", [come, axes], "rise", keepdims=int(len(ramps) == 1))
    floors = ending.tensor("floors", np.array([[each.floor for each in ramps]]))
    each = ending.node("Add", [total, floors], "each")
    if len(ramps) > 1:
        return _shares(ending, each)
    both = ending.node("Mul", [each, ending.tensor("signs", np.array([[-1.0, 1.0]]))], "signed")
    return ending.node("Add", [both, ending.tensor("first", np.array([[1.0, 0.0]]))], "calibrated")


def _shares(ending: Ending, each: str) -> str:
    """The numbers of each row as parts of their sum; all alike where they are zero."""
    some = ending.node("Max", [each, ending.tensor("tiny", np.array(_TINY))], "some")
    axes = ending.tensor("class_axis", np.array([1], dtype=np.int64))
    total = ending.node("ReduceSum", [some, axes], "total", keepdims=1)
    return ending.node("Div", [some, total], "calibrated")


def _refused(model: str) -> ExportError:
    return ExportError(
        f"Model {model!r}: the calibrated graph is not valid ONNX.", {"model": model}, ["Leave calibrate= out, and report this."]
    )
