"""What a load makes, and what is left for the first prediction."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import prisml
from prisml.registry import Registry, write_bundle
from tests.artifacts import make_artifact

ROOT = Path(__file__).parents[2]
ROW = {"age": 41, "country": "DE"}
PROGRAM = """
import json, os, sys
import prisml

seen = []
def noted(event, arguments):
    if event in ("import", "open", "os.listdir", "compile", "ctypes.dlopen", "socket.connect", "sqlite3.connect", "subprocess.Popen"):
        seen.append([event, str(arguments[0])])
sys.addaudithook(noted)

def state():
    mapped = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
    return sorted(sys.modules), sorted(mapped), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

engine = prisml.load(sys.argv[1], registry=sys.argv[2], refresh=None, preload=True)
row = json.loads(sys.argv[3])
before = state()
seen.clear()
engine.predict(row)
engine.predict(row, key=7)
engine.predict_many([row] * 3, keys=[1, None, 3])
found = list(seen)
after = state()
print(json.dumps([found, [a == b for a, b in zip(before, after)]]))
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize("scorer", ["auto", "onnx"])
def test_a_first_prediction_after_preload_imports_and_opens_nothing(tmp_path: Path, scorer: str, monkeypatch: pytest.MonkeyPatch):
    """No module, file, library, descriptor or thread is new after the first predictions, with an experiment running."""
    monkeypatch.setenv("PRISML_SCORER", scorer)
    url = f"sqlite:///{tmp_path}/registry.db"
    registry = Registry(url)
    for bias in (0.0, 1.0):
        registry.publish(make_artifact(bias=bias))
    registry.experiments.start("churn", {2: 0.5, 1: 0.5}, name="spring")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "churn", url, json.dumps(ROW)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert json.loads(ran.stdout) == [[], [True] * 4]


def test_preload_changes_no_prediction(tmp_path: Path):
    """From a folder and from a registry, and for the version that takes over later."""
    folder = write_bundle(make_artifact(), tmp_path / "bundle")
    assert prisml.load(folder, preload=True).predict(ROW) == prisml.load(folder).predict(ROW)
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    registry.publish(make_artifact())
    engine = prisml.load("churn", registry=registry, refresh=None, preload=True)
    registry.publish(make_artifact(bias=1.0))
    assert engine.refresh()
    assert engine.predict(ROW) == prisml.load("churn", registry=registry, version=2).predict(ROW)
