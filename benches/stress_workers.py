"""gunicorn --preload: workers forked from a process that has loaded the models, under load, then told to stop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benches.report import Report
from benches.stress_models import models
from benches.swap_models import rows
from prisml import Engine
from prisml.registry import write_bundle

WORKERS = 4
CLIENTS = 8
PATIENCE_S = 30.0

APP = """
import json, os
import prisml

engine = prisml.load(os.environ["STRESSED"])
# What is loaded has answered, so that a worker inherits sessions that were used.
engine.predict(json.loads(os.environ["FIRST"]))


def app(environ, start_response):
    asked = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    values = [engine.predict(asked[0]).value, *engine.predict_many(asked[1:]).values.tolist()]
    body = json.dumps({"pid": os.getpid(), "values": values}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
"""
CONFIG = """
import os

def worker_exit(server, worker):
    # The worker's own last words, on its way out.
    with open(os.environ["LEFT"], "a", encoding="ascii") as file:
        file.write(f"{worker.pid}\\n")
"""


def show(report: Report, kind: str, seconds: float) -> None:
    """A line of what the clients saw, and how workers and their parent ended."""
    artifact = models(kind, count=1)[0]
    asked = rows(20, seed=9)
    engine = Engine.from_artifact(artifact)
    right = [engine.predict(row).value for row in asked]
    with tempfile.TemporaryDirectory(prefix="prisml-") as name:
        folder = Path(name)
        write_bundle(artifact, folder / "bundle")
        (folder / "stressed_app.py").write_text(APP, encoding="ascii")
        (folder / "config.py").write_text(CONFIG, encoding="ascii")
        port, left = _free_port(), folder / "left.txt"
        environment = {**os.environ, "STRESSED": str(folder / "bundle"), "FIRST": json.dumps(asked[0]), "LEFT": str(left)}
        command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}"]
        command += [
            "--worker-class",
            "gthread",
            "--threads",
            "2",
            "--config",
            str(folder / "config.py"),
            "--chdir",
            name,
            "stressed_app:app",
        ]
        log = folder / "log.txt"
        with log.open("wb") as written:
            server = subprocess.Popen(command, stderr=written, env=environment)
            try:
                _wait(port, server)
                answers, pids, failures = _load(port, json.dumps(asked), right, seconds)
                server.send_signal(signal.SIGTERM)
                code = server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                server.kill()
                server.wait()
        said = [
            line for line in log.read_text(encoding="utf-8").splitlines() if "[ERROR]" in line or "[CRITICAL]" in line or "SIGKILL" in line
        ]
        gone = set(left.read_text(encoding="ascii").split()) if left.exists() else set()
    report.add(
        model=kind, workers=WORKERS, workers_answering=len(pids), workers_left=len(gone), answers=answers, failures=len(failures),
        exit_code=code, seconds=seconds,
    )  # fmt: skip
    report.expect(f"{kind}: every answer is right {failures[:2]}", kept=not failures and answers > 0)
    report.expect(
        f"{kind}: the workers and their parent end by themselves, with 0 {said[:3]}", kept=code == 0 and not said and len(gone) == WORKERS
    )


def _load(port: int, body: str, right: list[float], seconds: float) -> tuple[int, set[int], list[str]]:
    end, answers, pids, failures = time.monotonic() + seconds, Counter[str](), set[int](), list[str]()

    def ask() -> None:
        while time.monotonic() < end:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
            try:
                connection.request("POST", "/", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                found = json.loads(text) if answer.status == 200 else {}
                pids.add(found.get("pid", 0))
                answers["all"] += 1
                if found.get("values") != right:
                    failures.append(f"{answer.status}: {text[:200]!r}")
            except (OSError, http.client.HTTPException, ValueError) as error:
                failures.append(f"{type(error).__name__}: {error}")
            finally:
                connection.close()

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers["all"], pids, failures


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("gunicorn did not start")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
