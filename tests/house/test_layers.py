"""Layers are a contract: who may import whom stands in pyproject.toml, and import-linter judges it."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint(package_parent: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the package in that folder, by this repository's contracts."""
    command = [sys.executable, "-c", LINT, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(package_parent)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=package_parent, env=environment)


CORE_USERS = {
    "serving/served.py",
    "serving/prediction.py",
    "extraction/beside.py",
    "extraction/matrix.py",
    "extraction/by_rows.py",
    "extraction/columnar/batches.py",
    "extraction/stream.py",
    "registry/experiments.py",
}


def imports_core(source: str) -> bool:
    """Whether the Rust core is imported, in whichever form."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(alias.name.startswith("prisml._core") for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            if any(name.startswith("prisml._core") for name in names) or (node.level and any("_core" in name for name in names)):
                return True
    return False


def test_the_rust_core_is_imported_by_few_modules_only():
    """Whoever else needs the core goes through what serves, the extraction, or an experiment."""
    package = ROOT / "python" / "prisml"
    users = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if imports_core(path.read_text())}
    assert users == CORE_USERS


@pytest.mark.parametrize(
    "line",
    [
        "import prisml._core",
        "import prisml._core as core",
        "from prisml import _core",
        "from prisml._core import Encoder",
        "from .. import _core",
        "from .._core import Encoder",
        "def f():\n    from prisml._core import Encoder",
    ],
)
def test_every_form_of_importing_the_core_is_seen(line: str):
    """The rule cannot be passed by writing the import in another way."""
    assert imports_core(line)
    assert not imports_core(line.replace("_core", "errors"))


def test_every_import_goes_down():
    """No module imports from a layer above its own, no layer is left out, and none imports the package's face."""
    run = lint(ROOT / "python")
    assert run.returncode == 0, run.stdout
    assert "2 kept, 0 broken" in run.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("errors.py", "import prisml.training.split", "Each layer"),
        ("registry/bundle.py", "from prisml.serving.engine import Engine", "Each layer"),
        ("newcomer.py", "", "Each layer"),
        ("registry/bundle.py", "import prisml", "No module"),
        ("training/fit.py", "from prisml import _core", "No module"),
    ],
)
def test_an_import_that_goes_up_is_found(tmp_path: Path, module: str, line: str, broken: str):
    """A package in which one line breaks a contract is refused: the contracts can fail."""
    shutil.copytree(ROOT / "python" / "prisml", tmp_path / "prisml", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    with (tmp_path / "prisml" / module).open("a") as file:
        file.write(f"\n{line}\n")
    run = lint(tmp_path)
    assert run.returncode == 1, run.stdout
    assert any(text.startswith(broken) and text.endswith("BROKEN") for text in run.stdout.splitlines()), run.stdout
