"""The commands of a console block, typed in the folder of the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from click.testing import CliRunner

from prisml.cli.main import cli
from tests.docs.blocks import ROOT

# What only a shell understands.
_SHELL = re.compile(r"[|&;<>$`*?~(){}!]")
_EXPORT = re.compile(r"export (\w+)=([^\s$`;&|]*)$")


def commands(text: str) -> list[str]:
    """The block's commands: its lines, joined where one ends with a backslash, without those that only comment."""
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def typed(line: str, folder: Path) -> tuple[int, str]:
    """The exit code of the command and all that it said; ``export NAME=value`` holds for all that follow."""
    if exported := _EXPORT.fullmatch(line):
        os.environ[exported[1]] = shlex.split(exported[2])[0] if exported[2] else ""
        return 0, ""
    if line.startswith(("pip install ", "uv add ", "uv pip install ", "python -m pip install ")):
        return _installed(line)
    if line.startswith("prisml ") and not _SHELL.search(line):
        return _in_this_process(shlex.split(line, comments=True)[1:], folder)
    done = subprocess.run(["bash", "-c", line], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _installed(line: str) -> tuple[int, str]:
    """Nothing is installed by reading pages: what is looked at is whether the extras that they name exist."""
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    words = [word for word in shlex.split(line, comments=True) if word.startswith(("prisml", ".["))]
    named = {extra.strip() for word in words for extra in re.findall(r"\[(.*?)\]", word)[:1] for extra in extra.split(",")}
    missing = sorted(named - set(known))
    return (1, f"There is no extra {', '.join(missing)}.") if missing else (0, "")


def _in_this_process(words: list[str], folder: Path) -> tuple[int, str]:
    """A process of its own would spend two seconds on importing scikit-learn; modules of the folder are imported anew, as one would."""
    with afresh(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = CliRunner().invoke(cli, words)
    return done.exit_code, done.output


@contextmanager
def afresh(folder: Path) -> Iterator[None]:
    """What was imported from the folder counts as not imported inside, and what is imported inside not afterwards."""
    before = {name: sys.modules.pop(name) for name in modules_of(folder)}
    try:
        yield
    finally:
        for name in modules_of(folder):
            del sys.modules[name]
        sys.modules.update(before)


def modules_of(folder: Path) -> list[str]:
    """The names of the modules that were imported from the folder."""
    return [name for name, module in list(sys.modules.items()) if _is_within(_files(module), folder)]


def _is_within(files: list[str], folder: Path) -> bool:
    # All: a project's folder of tests is a part of our own namespace "tests" as long as it is on the path.
    return bool(files) and all(Path(file).is_relative_to(folder) for file in files)


def _files(module: ModuleType) -> list[str]:
    file = getattr(module, "__file__", None)
    return [file] if file else list(getattr(module, "__path__", []))
