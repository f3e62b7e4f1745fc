"""The README's example is run as it is printed: its files are written, its commands typed, its output looked at."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == language]


def _files() -> dict[str, str]:
    """Each Python block by the file name in its first line."""
    return {re.match(r"# (\w+\.py)\n", block)[1]: block for block in _blocks("python")}


def _commands() -> list[list[str]]:
    """The commands of the block that works on shop.py."""
    (block,) = [block for block in _blocks("console") if "shop.py" in block]
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def _type(command: list[str], folder: Path) -> str:
    path = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "PRISML_REGISTRY"}} | {"PATH": path}
    program, *arguments = command
    # By module where it is ours, so that the example runs from a source tree whose script is not installed too.
    start = [sys.executable, "-m", "prisml"] if program == "prisml" else [sys.executable]
    result = subprocess.run([*start, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{shlex.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example's files, in which its commands were run."""
    place = tmp_path_factory.mktemp("readme")
    for name, text in _files().items():
        (place / name).write_text(text, encoding="utf-8")
    for command in _commands():
        _type(command, place)
    return place


def test_commands_publish_a_model(folder: Path) -> None:
    """The commands of the README, typed as they stand, leave a published version in the registry."""
    assert (folder / ".prisml" / "registry.db").is_file()
    assert "churn" in _type(["prisml", "versions", "churn", "--json"], folder)


def test_prediction_script_prints_probabilities(folder: Path) -> None:
    """The README's script prints a probability, a label and a version for one row, and two probabilities for a batch."""
    first, second = _type(["python", "predict.py"], folder).splitlines()
    value, label, version = first.split()
    assert 0.0 < float(value) < 1.0
    assert label == str(float(value) > 0.5)
    assert version == "1"
    values = [float(text) for text in second.strip("[]").split()]
    assert len(values) == 2
    assert all(0.0 < value < 1.0 for value in values)


def test_every_command_of_make_that_is_named_exists() -> None:
    """Each `make` target that the README names is one of the Makefile's."""
    targets = set(re.findall(r"\bmake (\w[\w-]*)(?= +#|`)", README.read_text(encoding="utf-8")))
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_map_names_what_is_there() -> None:
    """Each path in the README's map of the house exists."""
    rows = re.findall(r"^\| (`[^|]+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    named = [re.findall(r"`([^`]+)`", row) for row in rows]
    assert len(named) > 5
    roots = [README.parent, README.parent / "python/prisml"]
    assert [path for row in named for path in row if not any((root / path).exists() for root in roots)] == []
