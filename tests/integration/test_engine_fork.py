"""Engines and fork: a child predicts with what it inherited, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prisml.registry import write_bundle
from tests.artifacts import make_artifact

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

PROGRAM = """
import os, signal, sys, threading, warnings
import prisml

# From Python 3.12 on, forking with threads warns: it is what is tested here.
warnings.simplefilter("ignore", DeprecationWarning)
# Threads take turns often, so that a fork falls into whatever one of them has begun, its very first prediction too.
sys.setswitchinterval(1e-5)
bundle, times, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ROW = {"age": 41, "country": "DE"}
engine = prisml.load(bundle)
wanted = engine.predict(ROW).value
stop = threading.Event()

def predict():
    while not stop.is_set():
        engine.predict(ROW)
        engine.predict_many([ROW] * 200)

def child():
    signal.alarm(20)
    assert engine.predict(ROW).value == wanted
    assert engine.predict_many([ROW] * 200)[7].value == wanted
    assert prisml.load(bundle).predict(ROW).value == wanted
    sys.exit(7)

workers = [threading.Thread(target=predict) for _ in range(threads)]
[worker.start() for worker in workers]
codes = []
try:
    for _ in range(times):
        pid = os.fork()
        if pid == 0:
            stop.set()
            child()
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        assert engine.predict(ROW).value == wanted
finally:
    stop.set()
    [worker.join() for worker in workers if worker.is_alive()]
print(codes)
"""


@pytest.mark.parametrize(("times", "threads"), [(3, 0), (20, 2)], ids=["alone", "while threads predict"])
def test_a_forked_child_predicts_and_ends(tmp_path: Path, times: int, threads: int):
    """A child forked from a process that predicts, in other threads too, predicts the same, loads again, and exits through its own exit."""
    write_bundle(make_artifact(), tmp_path)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(times), str(threads)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout == f"{[7] * times}\n", run.stderr[-2000:]
    assert run.returncode == 0, run.stderr[-2000:]


def test_a_child_loads_what_its_parent_never_did(tmp_path: Path):
    """A child forked before anything was loaded loads and predicts by itself, and so does its parent after it."""
    write_bundle(make_artifact(), tmp_path)
    program = """
import os, signal, sys
import prisml
pid = os.fork()
if pid == 0:
    signal.alarm(20)
value = prisml.load(sys.argv[1]).predict({"age": 41, "country": "DE"}).value
if pid == 0:
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), value > 0.5)
"""
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "7 True\n", run.stderr[-2000:]
