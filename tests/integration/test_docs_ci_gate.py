"""The workflow of docs/how-to/ci-gate.md: each ``run:`` line, typed as a runner does, against a PostgreSQL and a project of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.blocks import ROOT, read

SEED = "import os\nfrom shop.ml import fill\n\nfill(os.environ['DATABASE_URL'], customers=400, payments=0)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one model, as the page takes it for granted, and a ``gh`` that keeps what it is told."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "ml.py").write_text((ROOT / "docs" / "shop.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "shop" / "seed.py").write_text(SEED, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.prisml]\nmodels = ["shop.ml"]\n', encoding="utf-8")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in (
        ("prisml", f'exec "{sys.executable}" -m prisml "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
        ("gh", 'echo "$@" > told.txt; cat comment.md >> told.txt'),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return tmp_path


def test_the_workflow_ends_well_where_the_model_is_good_and_ends_where_it_is_not(project: Path, postgresql_url: str):
    """Every step ends with 0, and the comment is the model card; where a gate fails, its step ends with 1 and the job is over."""
    assert run(project, postgresql_url) is None
    assert json.loads((project / "verdict.json").read_text())["ok"] is True
    assert {each.name for each in (project / "model").iterdir()} >= {"manifest.json", "model.onnx", "report.html"}
    told = (project / "told.txt").read_text().splitlines()
    assert told[0].startswith("pr comment https://pull/1 --body-file comment.md")
    assert told[2] == "# churn, version 1"
    assert "# churn, version 1" in (project / "summary.md").read_text()

    module = project / "shop" / "ml.py"
    module.write_text(module.read_text().replace("min=0.65", "min=0.99"))
    assert run(project, postgresql_url, first="Train, and judge") == "Train, and judge"
    assert json.loads((project / "verdict.json").read_text())["models"][0]["error"]["code"] == "quality_gate"


def run(project: Path, url: str, *, first: str = "Fill the database") -> str | None:
    """The name of the step that failed, from ``first`` on: later steps are left out, as by the runner."""
    job = _workflow()["jobs"]["gate"]
    environment = {**job["env"], "DATABASE_URL": url, "GITHUB_STEP_SUMMARY": str(project / "summary.md")}
    steps = [step for step in job["steps"] if "run" in step]
    for step in steps[[step["name"] for step in steps].index(first) :]:
        if _typed(step, project, environment):
            return str(step["name"])
    return None


def _typed(step: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> int:
    """The exit code of the step, by the shell that GitHub's runner takes."""
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    python = os.pathsep.join([str(ROOT / "python"), str(ROOT)])
    given = {**os.environ, **environment, "PULL_REQUEST": "https://pull/1", "PATH": path, "PYTHONPATH": python}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode


def _workflow() -> Mapping[str, Any]:
    page = read(ROOT / "docs" / "how-to" / "ci-gate.md")
    [text] = [block.text for block in page.blocks if block.language == "yaml"]
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found
