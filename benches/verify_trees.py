"""Whether trees of every kind and option predict, once exported, what their own library does: natively and in ONNX Runtime.

A row for each algorithm: how many models, how many rows were compared, and the largest difference, of numbers as a share of the
largest. A difference above 1e-5 is a broken promise.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benches.report import Report, arguments
from benches.tree_cases import CLASSES, Case, cases, fit
from prisml import _core
from prisml.manifest import Task
from prisml.serving import runtime
from prisml.training.export import export

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Compared:
    """One model: how many rows, how far each scorer is, and why it is not native, where it is not."""

    rows: int
    native: float
    onnx: float
    refusal: str | None


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rows", type=int, default=4_000, metavar="N", help="to fit each model on (4000)")
    parser.add_argument("--draws", type=int, default=3, metavar="N", help="how often each model is fitted, on other rows (3)")
    parser.add_argument("--steps", type=int, default=40, metavar="N", help="trees of each model, or levels of a single one (40)")
    options = parser.parse_args()
    report = Report("Exported trees beside their libraries")
    found: dict[str, list[Compared]] = {}
    for case in cases(options.steps):
        for draw in range(options.draws):
            print(f"{case}, draw {draw}", file=sys.stderr, flush=True)
            codes = (12, 60, 300)[draw % 3] if case.name != "hist_gradient_boosting" else 15
            found.setdefault(f"{case.name}, {case.encoding}", []).append(judge(report, case, rows=options.rows, codes=codes, seed=draw))
    for name, every in found.items():
        report.add(
            trees=name,
            models=len(every),
            rows=sum(each.rows for each in every),
            native=max(each.native for each in every),
            onnx_runtime=max(each.onnx for each in every),
        )
    return report.finish(options.json)


def judge(report: Report, case: Case, *, rows: int, codes: int, seed: int) -> Compared:
    """The case fitted, exported and compared; what is promised of it is noted in the report."""
    fitted, matrix = fit(case, rows=rows, codes=codes, seed=seed)
    onnx = export(fitted, classes=len(CLASSES[case.task]), model=case.name)
    expected = fitted.predict(matrix).reshape(len(matrix), -1)
    compared = compare(onnx, case.task, matrix, expected)
    report.expect(f"{case} is native: {compared.refusal}", kept=compared.refusal is None)
    report.expect(f"{case} is exact natively: {compared.native:.1e}", kept=compared.native <= TOLERANCE)
    report.expect(f"{case} is exact in ONNX Runtime: {compared.onnx:.1e}", kept=compared.onnx <= TOLERANCE)
    return compared


def compare(onnx: bytes, task: Task, matrix: NDArray[np.float32], expected: NDArray[np.float64]) -> Compared:
    """How far both scorers are from what is ``expected``."""
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (answer,) = session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: matrix})
    model = _loaded(onnx, task, matrix.shape[1])
    native = model.predict_encoded(matrix).reshape(len(matrix), -1)
    is_native, refusal, *_ = model.scorer
    scale = max(1.0, float(np.abs(expected).max()))
    # A binary model gives the second class alone.
    own = float(np.abs(native - expected[:, -native.shape[1] :]).max()) / scale
    return Compared(len(matrix), own, float(np.abs(answer - expected).max()) / scale, None if is_native else str(refusal))


def _loaded(onnx: bytes, task: Task, width: int) -> _core.Model:
    number = {"kind": "number", "dtype": "float", "missing": "nan"}
    inputs = [{"name": f"x{place}", **number, "sources": [{"path": [f"x{place}"], "dtype": "float"}]} for place in range(width)]
    manifest = json.dumps({"name": "trees", "task": task, "inputs": inputs, "classes": list(CLASSES[task])})
    return _core.load_model(hashlib.sha256(onnx).hexdigest() + task, lambda: (manifest, onnx), lambda: runtime.start(_core.load_runtime))


if __name__ == "__main__":
    sys.exit(main())
