"""The tasks of docs/how-to/celery.md in a real worker: two processes made by fork, whose messages are files in a folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, read
from tests.docs.givens import GIVENS
from tests.docs.surroundings import opened

WORKER = """\
from tasks import app

app.conf.broker_transport_options = {f"data_folder_{each}": "queue" for each in ("in", "out")} | {"control_folder": "control"}
app.conf.worker_enable_remote_control = False
"""
ASK = """\
import json
import time

import worker
from send import score_all
from shop import Base
from sqlalchemy import func, select
from tasks import ChurnScore, Session, database

Base.metadata.create_all(database)
counts = [result.get(timeout=60, interval=0.05) for result in score_all(size=250)]
with Session() as session:
    print(json.dumps([counts, session.scalar(select(func.count()).select_from(ChurnScore))]))
"""
OPTIONS = ["--pool", "prefork", "--concurrency", "2", "--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files of the page, with the shop that it takes for granted, and folders for messages and results."""
    page = read(ROOT / "docs" / "how-to" / "celery.md")
    assert page.given is not None
    with opened(page.path) as world:
        GIVENS[page.given](world)
        shutil.copytree(world.folder, tmp_path, dirs_exist_ok=True)
    for block in page.blocks:
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    (tmp_path / "ask.py").write_text(ASK, encoding="utf-8")
    return tmp_path


def test_a_worker_of_two_processes_scores_every_customer(project: Path):
    """Forked workers predict with engines of their own, and each customer has one score."""
    given = {**os.environ, "BROKER_URL": "filesystem://", "RESULT_URL": (project / "results").as_uri(), "C_FORCE_ROOT": "1"}
    given |= {"PYTHONPATH": os.pathsep.join([str(project), str(ROOT / "python"), str(ROOT)]), "PYTHONWARNINGS": "ignore"}
    worker = subprocess.Popen([sys.executable, "-m", "celery", "--app", "worker:app", "worker", *OPTIONS], cwd=project, env=given)
    try:
        asked = subprocess.run([sys.executable, "ask.py"], cwd=project, env=given, capture_output=True, text=True, check=False, timeout=90)
    finally:
        worker.terminate()
        assert worker.wait(30) == 0
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout) == [[250, 250, 250, 250], 1000]
