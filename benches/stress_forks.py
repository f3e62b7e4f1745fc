"""Children forked at any moment of a process whose threads predict and load: each predicts, loads, and ends by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from benches.report import Report
from benches.stress_models import models
from prisml.registry import write_bundle

PATIENCE_S = 60

PROGRAM = """
import os, random, signal, sys, threading, time, warnings
import prisml

# From Python 3.12 on, forking with threads warns: it is what is tried here.
warnings.simplefilter("ignore", DeprecationWarning)
# Threads take turns often, so that a fork falls into whatever one of them has begun.
sys.setswitchinterval(1e-3)
bundles, times, patience = sys.argv[1].split(os.pathsep), int(sys.argv[2]), int(sys.argv[3])
ROW = {"age": 41, "income": 51_000.0, "country": "FR", "zip": 100, "member": True}
engines = [prisml.load(bundle) for bundle in bundles]
wanted = engines[0].predict(ROW).value
# Nothing with a lock: a child would inherit it from a thread that it does not have.
stop = []

def rest(seconds):
    time.sleep(seconds)
    return not stop

# Each rests a little: the thread that forks waits for its turn, too.
def ask_one():
    while rest(0.001):
        for _ in range(20):
            engines[0].predict(ROW)

def ask_many():
    while rest(0.001):
        engines[0].predict_many([ROW] * 300)

def load_and_ask():
    while rest(0.005):
        prisml.load(random.choice(bundles)).predict(ROW)

def child():
    signal.alarm(patience)
    assert engines[0].predict(ROW).value == wanted
    assert engines[0].predict_many([ROW] * 300)[7].value == wanted
    loaded = prisml.load(bundles[0])
    assert loaded.predict(ROW).value == wanted
    values = []
    thread = threading.Thread(target=lambda: values.append(engines[-1].predict(ROW).value))
    thread.start()
    thread.join()
    assert len(values) == 1
    sys.exit(0)

workers = [threading.Thread(target=work) for work in (ask_one, ask_many, load_and_ask)]
[worker.start() for worker in workers]
try:
    for _ in range(times):
        pid = os.fork()
        if pid == 0:
            child()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(code, flush=True)
finally:
    stop.append(True)
    [worker.join() for worker in workers if worker.is_alive()]
assert engines[0].predict(ROW).value == wanted
"""


def show(report: Report, kind: str, forks: int) -> None:
    """A line of how the children ended."""
    with tempfile.TemporaryDirectory(prefix="prisml-") as folder:
        bundles = [Path(folder) / str(place) for place in range(3)]
        for artifact, bundle in zip(models(kind, count=len(bundles)), bundles, strict=True):
            write_bundle(artifact, bundle)
        command = [sys.executable, "-c", PROGRAM, os.pathsep.join(map(str, bundles)), str(forks), str(PATIENCE_S)]
        codes, parent, said = _ends(command)
    clean = codes["0"]
    others = ", ".join(f"{code}: {count}" for code, count in codes.items() if code != "0")
    report.add(model=kind, forks=forks, exited_0=clean, others=others, parent=parent)
    report.expect(f"{kind}: all children and their parent exit with 0 {said}", kept=clean == forks and parent == 0)


def _ends(command: list[str]) -> tuple[Counter[str], int, str]:
    """How each child ended, and their parent, which is killed where it says nothing for longer than a child may take."""
    codes = Counter[str]()
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as parent:
        lines = parent.stdout or ()
        watch = threading.Timer(2 * PATIENCE_S, parent.kill)
        watch.start()
        for line in lines:
            codes[line.strip()] += 1
            watch.cancel()
            watch = threading.Timer(2 * PATIENCE_S, parent.kill)
            watch.start()
        parent.wait()
        watch.cancel()
        errors.seek(0)
        return codes, parent.returncode, errors.read()[-500:]
