"""What the pages on moving models and on foreign models print is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import prisml
from prisml.registry import Registry
from tests.artifacts import make_artifact

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The blocks of the page in that language."""
    return [text for kind, text in BLOCK.findall((HOW_TO / page).read_text(encoding="utf-8")) if kind == language]


def test_the_commands_that_move_models(tmp_path: Path):
    """Each command of the page does what the page says: bundles that serve, archives that are equal, imports that add nothing twice."""
    registry = Registry(f"sqlite:///{tmp_path / '.prisml' / 'registry.db'}")
    registry.publish(make_artifact(), label="v1.1")
    registry.publish(make_artifact(bias=1.0))
    registry.publish(make_artifact("ltv", task="regression"), activate=False)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRISML_")}
    for line in "".join(blocks("moving-models.md", "console")).splitlines():
        command = [sys.executable, "-m", *shlex.split(line)]
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, (line, run.stdout, run.stderr)
    assert prisml.load(tmp_path / "model").manifest == make_artifact().manifest, "the named version, exported last"
    other = Registry(f"sqlite:///{tmp_path / 'other.db'}")
    assert other.names() == ("churn", "ltv")
    assert other.history("churn") == registry.history("churn")
    assert other.versions("churn") == registry.versions("churn")


def test_the_python_that_moves_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The example in Python exports one model and imports it elsewhere; only the server's URL is another."""
    monkeypatch.chdir(tmp_path)
    Registry("sqlite:///.prisml/registry.db").publish(make_artifact())
    (code,) = [block for block in blocks("moving-models.md", "python") if "import_" in block]
    exec(compile(code.replace("postgresql+psycopg://ml@db/ml", "sqlite:///other.db"), "moving-models.md", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out == "1 1 True\n"
    assert Registry("sqlite:///other.db").active("churn").number == 1


def test_the_foreign_model(tmp_path: Path):
    """The example that registers a pipeline trained with scikit-learn alone prints a probability, as a program of its own."""
    (code,) = blocks("foreign-models.md", "python")
    (tmp_path / "foreign.py").write_text(code)
    run = subprocess.run([sys.executable, "foreign.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert 0 < float(run.stdout) < 1
    assert Registry(f"sqlite:///{tmp_path / 'registry.db'}").artifact("churn").manifest.parity.source == "supplied"
