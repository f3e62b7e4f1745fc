"""Entries about installing: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import prisml
from prisml.serving.runtime import locate
from prisml.training.environment import require_training_stack
from tests.support.console import environment
from tests.support.guide import refused

PACKAGE = Path(prisml.__file__).parent
HIDDEN = """
import sys
from importlib.metadata import PackageNotFoundError
import importlib.metadata as metadata

known = metadata.version


def version(name):
    if name in {hidden!r}:
        raise PackageNotFoundError(name)
    return known(name)


metadata.version = version
"""


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command with our environment."""
    return subprocess.run(words, env=environment(**variables), capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no Rust here to build with")
def test_no_wheel(told, tmp_path: Path):
    """Where pip finds no wheel it builds, and that takes Cargo on the PATH."""
    root = Path(__file__).parents[2]
    command = (
        sys.executable,
        "-m",
        "maturin",
        "pep517",
        "write-dist-info",
        "--metadata-directory",
        str(tmp_path),
        "--interpreter",
        sys.executable,
    )
    tries = [
        subprocess.run(command, cwd=root, env=environment(PATH=path), capture_output=True, text=True, check=False, timeout=300)
        for path in ("/nowhere", os.environ["PATH"])
    ]
    told(tries[0].stderr)
    assert tries[0].returncode != 0
    assert tries[1].returncode == 0, tries[1].stderr
    assert list(tmp_path.glob("prisml-*.dist-info/METADATA"))


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="the message is bash's")
def test_command_not_found(told):
    """Where the scripts' folder is not on the PATH, Python finds the command all the same."""
    told(run("bash", "-c", "prisml --version", PATH="/usr/bin:/bin").stderr)
    cured = run(sys.executable, "-m", "prisml", "--version", PATH="/usr/bin:/bin")
    assert (cured.returncode, cured.stdout.strip()) == (0, f"prisml {prisml.__version__}")


def test_core_not_built(told, tmp_path: Path):
    """A checkout has no compiled core until it is built; with it there, the import works."""
    shutil.copytree(PACKAGE, tmp_path / "prisml", ignore=shutil.ignore_patterns("_core*.so", "_core*.pyd", "__pycache__"))
    tries = [run(sys.executable, "-c", "import prisml", PYTHONPATH=str(tmp_path))]
    (built,) = PACKAGE.glob("_core.*[od]")
    shutil.copy(built, tmp_path / "prisml")
    tries.append(run(sys.executable, "-c", "import prisml", PYTHONPATH=str(tmp_path)))
    told(tries[0].stderr)
    assert [each.returncode for each in tries] == [1, 0], tries[1].stderr


def test_runtime_not_found(told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A variable that names another place is an error, and without it the wheel's library is found."""
    monkeypatch.setenv("PRISML_ORT_DYLIB", "/opt/onnxruntime/lib")
    told(refused(locate))
    monkeypatch.delenv("PRISML_ORT_DYLIB")
    monkeypatch.setenv("PRISML_ORT_DYLIB", str(locate()))
    assert locate().is_file()


def test_training_stack_missing(told, tmp_path: Path):
    """A process without scikit-learn serves, and does not train."""
    (tmp_path / "sitecustomize.py").write_text(HIDDEN.format(hidden={"scikit-learn", "onnx"}))
    code = "from prisml.training.environment import require_training_stack; require_training_stack()"
    told(run(sys.executable, "-c", code, PYTHONPATH=f"{tmp_path}{os.pathsep}{PACKAGE.parent}").stderr)
    assert {"scikit-learn", "onnx"} <= require_training_stack().keys()


def test_library_of_an_algorithm_missing(told, tmp_path: Path):
    """An algorithm of another library needs that library, and the others do not."""
    (tmp_path / "sitecustomize.py").write_text(HIDDEN.format(hidden={"xgboost", "xgboost-cpu"}))
    code = (
        "from prisml.training.environment import require_training_stack; require_training_stack('hist_gradient_boosting');"
        "print('others train'); require_training_stack('xgboost')"
    )
    tried = run(sys.executable, "-c", code, PYTHONPATH=f"{tmp_path}{os.pathsep}{PACKAGE.parent}")
    told(tried.stderr)
    assert (tried.returncode, tried.stdout.strip()) == (1, "others train")
