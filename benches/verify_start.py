"""What a start costs: loading a version, its first prediction and its second, and the memory of it, each in a fresh process.

Beside ONNX Runtime on the same graph: its session made, its first run and its second. Imports come before the clock starts, on either
side. Runs are interleaved; each figure is the median. A promise that is broken is exit code 1.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benches.report import Report, arguments
from prisml.registry.bundle import Artifact, write_bundle
from prisml.training.fit import fit
from tests.support.training import extracted, visits

OURS = """
import json, sys, time
import prisml, prisml.serving.runtime
def resident():
    fields = open("/proc/self/statm").read().split()
    return int(fields[1]) * 4096
row = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}
before, started = resident(), time.perf_counter()
engine = prisml.load(sys.argv[1], preload=sys.argv[2] == "preload")
loaded = time.perf_counter()
engine.predict(row)
first = time.perf_counter()
engine.predict(row)
second = time.perf_counter()
print(json.dumps([loaded - started, first - loaded, second - first, resident() - before, engine.info().scorer]))
"""
THEIRS = """
import json, os, sys, time
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy, onnxruntime
def resident():
    fields = open("/proc/self/statm").read().split()
    return int(fields[1]) * 4096
row = numpy.array([[41, 51_000, 0, 0, 1]], dtype=numpy.float32)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
before, started = resident(), time.perf_counter()
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", options, providers=["CPUExecutionProvider"])
loaded = time.perf_counter()
session.run(None, {"features": row})
first = time.perf_counter()
session.run(None, {"features": row})
second = time.perf_counter()
print(json.dumps([loaded - started, first - loaded, second - first, resident() - before, "onnxruntime"]))
"""
WAYS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "prisml": (OURS, "", {}),
    "prisml, preload=True": (OURS, "preload", {}),
    "prisml, PRISML_SCORER=onnx": (OURS, "", {"PRISML_SCORER": "onnx"}),
    "onnxruntime in Python": (THEIRS, "", {}),
}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=int, default=9, help="fresh processes for each figure")
    options = parser.parse_args()
    report = Report("A start in a fresh process: medians")
    for name, artifact in models().items():
        with tempfile.TemporaryDirectory() as folder:
            measure(report, name, write_bundle(artifact, folder), options.runs)
    return report.finish(options.json)


def models() -> dict[str, Artifact]:
    """A linear model and a forest of 100 trees of depth 10."""
    forest = {"n_estimators": 100, "max_depth": 10}
    return {
        "logistic regression": fit(visits(algorithm="logistic_regression"), extracted()).artifact,
        "random forest, 100 trees": fit(visits(algorithm="random_forest", params=forest), extracted(rows=20_000)).artifact,
    }


def measure(report: Report, name: str, folder: Path, runs: int) -> None:
    """A row for each way of loading the model in ``folder``."""
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    scorers: dict[str, str] = {}
    for _ in range(runs):
        for way, (program, argument, variables) in WAYS.items():
            environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1", **variables}
            ran = subprocess.run(
                [sys.executable, "-c", program, str(folder), argument], capture_output=True, text=True, check=True, env=environment
            )
            *figures, scorers[way] = json.loads(ran.stdout)
            found[way].append(figures)
    size = (folder / "model.onnx").stat().st_size
    medians = {way: [statistics.median(column) for column in zip(*rows, strict=True)] for way, rows in found.items()}
    for way, (load, first, second, memory) in medians.items():
        report.add(
            model=name,
            graph_kB=size // 1_000,
            way=way,
            scorer=scorers[way],
            load_ms=round(load * 1e3, 2),
            first_us=round(first * 1e6, 1),
            second_us=round(second * 1e6, 1),
            memory_MB=round(memory / 1e6, 1),
        )
    ours, preloaded, theirs = medians["prisml"], medians["prisml, preload=True"], medians["onnxruntime in Python"]
    report.expect(f"{name}: loaded in less time than ONNX Runtime makes a session", kept=ours[0] < theirs[0])
    report.expect(f"{name}: in less memory", kept=ours[3] < theirs[3])
    report.expect(f"{name}: the first prediction after preload in less time than ONNX Runtime's second run", kept=preloaded[1] < theirs[2])


if __name__ == "__main__":
    sys.exit(main())
