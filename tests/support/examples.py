"""The examples as a reader tries them: the demo in an empty folder, and the commands that a README prints."""

from __future__ import annotations

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


def printed(name: str) -> list[list[str]]:
    """The commands of ``prisml`` in the README of an example, in order."""
    readme = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return [words for line in "".join(blocks).splitlines() if (words := shlex.split(line, comments=True))[:1] == ["prisml"]]
