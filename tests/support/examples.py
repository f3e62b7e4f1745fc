"""The examples as a reader tries them: the demo in an empty folder, and the commands that a README prints."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(command: list[str], folder: Path) -> str:
    """What a command of the example prints, typed in ``folder``; it has to succeed."""
    program, *arguments = command
    start = [sys.executable, "-m", "prisml"] if program == "prisml" else [sys.executable]
    inherited = {key: value for key, value in os.environ.items() if key not in ("PRISML_REGISTRY", "DATABASE_URL")}
    path = os.pathsep.join([str(ROOT), str(ROOT / "python")])
    environment = {**inherited, "PYTHONPATH": path, "COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    result = subprocess.run([*start, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{shlex.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def is_typed(command: list[str], shown: str) -> bool:
    """Whether the demo, which printed ``shown``, typed a command of ``prisml``; of ``python -m``, whether there is such a module."""
    if command[0] == "prisml":
        return f"$ {shlex.join(command)}\n" in shown
    return command[:2] == ["python", "-m"] and importlib.util.find_spec(command[2]) is not None


def printed(readme: Path) -> list[list[str]]:
    """The commands that a README prints, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [words for line in "".join(blocks).splitlines() if (words := shlex.split(line, comments=True))]
