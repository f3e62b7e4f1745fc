"""The wheel of this checkout, environments to install it into, and what an installation weighs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIZES = """
import json
from importlib.metadata import distributions
weigh = lambda each: sum(file.locate().stat().st_size for file in each.files if file.locate().is_file())
print(json.dumps({each.metadata["Name"]: weigh(each) for each in distributions()}))
"""


def build(kind: str, folder: Path) -> Path:
    """The ``wheel`` or ``sdist`` of this checkout, built into ``folder``; cargo builds nothing that it has built before."""
    if shutil.which("cargo") is None:
        raise NoCargoError("cargo is not installed (https://rustup.rs)")
    options = ["build", "--release", "--locked", "--interpreter", sys.executable] if kind == "wheel" else ["sdist"]
    run(sys.executable, "-m", "maturin", *options, "--out", str(folder), cwd=ROOT)
    (built,) = folder.glob("prisml-*.whl" if kind == "wheel" else "prisml-*.tar.gz")
    return built


def run(*command: str, cwd: Path) -> str:
    """What ``command`` prints; an ``AssertionError`` with all it said where it fails. Nothing of this environment's Python is handed on."""
    own = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "DATABASE_URL", "PRISML_REGISTRY", "PRISML_ORT_DYLIB"}
    environment = {name: value for name, value in os.environ.items() if name not in own} | {"PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class NoCargoError(Exception):
    """There is no cargo on this machine to build a wheel with."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, without pip until something is installed into it from outside."""

    folder: Path

    @classmethod
    def new(cls, folder: Path, python: str = sys.executable) -> Environment:
        """An empty one in ``folder``."""
        run(python, "-m", "venv", "--without-pip", str(folder), cwd=ROOT)
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        scripts = sysconfig.get_path("scripts", "venv", {"base": str(self.folder)})
        return Path(scripts) / ("python.exe" if sys.platform == "win32" else "python")

    def install(self, *requirements: str, compiled: bool = True) -> None:
        """Install them by this environment's pip; uncompiled takes half the time."""
        quiet = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:", *([] if compiled else ["--no-compile"])]
        run(sys.executable, "-m", "pip", "--python", str(self.python), "install", *quiet, *requirements, cwd=self.folder)

    def sizes(self) -> Mapping[str, int]:
        """The bytes of each distribution that is installed, by its name; bytecode counts where pip wrote it."""
        sizes: dict[str, int] = json.loads(run(str(self.python), "-c", SIZES, cwd=self.folder))
        return sizes
