"""mutmut on modules of the package, each group of them with the tests that are quick and tell most of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benches.mutants_found import Mutant, Verdict
from benches.mutants_words import changes

ROOT = Path(__file__).parents[1]
COPIED = ("tests", "benches", "examples", "crates", "pyproject.toml", "README.md", "Cargo.toml")
# pytest's exit codes, and those that mutmut makes up: 33 where no test enters the function.
_VERDICTS: dict[int, Verdict] = {0: "survived", 1: "killed", 3: "killed", 5: "not covered", 33: "not covered"}


@dataclass(frozen=True)
class Group:
    """Modules, and the tests that every mutant of them is given to: those of them that enter its function."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


_FIT = "tests/integration/test_training_fit.py"
GROUPS = {
    "definition": Group(
        ("definition/gates.py",),
        ("tests/unit/test_definition_gates.py", "tests/unit/test_definition.py", "tests/unit/test_definition_refusals.py"),
    ),
    "verdicts": Group(
        ("training/gates.py", "training/conditions.py", "training/sliced.py"),
        ("tests/unit/test_training_gates.py", "tests/unit/test_training_gates_told.py"),
    ),
    "parity": Group(
        ("training/parity.py",),
        (
            "tests/unit/test_training_parity.py",
            f"{_FIT}::test_an_unchanged_graph_is_verified",
            f"{_FIT}::test_a_broken_export_is_refused",
            f"{_FIT}::test_a_graph_that_sends_missing_numbers_astray_is_refused_with_that_cause",
            f"{_FIT}::test_another_models_graph_is_refused_as_such",
            f"{_FIT}::test_small_differences_of_many_trees_are_answered_with_fewer_trees",
            f"{_FIT}::test_a_regression_is_held_to_a_hundred_thousandth_of_its_largest_number",
            "tests/integration/test_calibration.py::test_a_damaged_calibration_is_refused",
        ),
    ),
    "active": Group(("training/active.py",), ("tests/unit/test_training_active.py", "tests/integration/test_gates_active.py")),
    "routing": Group(
        ("registry/experiments.py",),
        (
            "tests/unit/test_registry_experiment_json.py",
            "tests/integration/test_registry_experiments.py",
            "tests/integration/test_registry_experiment_rules.py",
        ),
    ),
}


def python_mutants(group: Group, folder: Path, *, children: int) -> Iterator[Mutant]:
    """Every mutant of the group's modules and what became of it; ``folder`` is empty, and holds all that is written."""
    _lay_out(group, folder)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    # No PYTHONPATH: the copy is what is tested. One thread each, since OpenMP's wait by spinning.
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    log = folder / "mutmut.log"
    with log.open("w", encoding="utf-8") as written:
        subprocess.run(command, cwd=folder, env=surroundings, stdout=written, stderr=subprocess.STDOUT, check=False)
    for module in group.modules:
        yield from _of_module(module, folder, log)


def _of_module(module: str, folder: Path, log: Path) -> Iterator[Mutant]:
    written, source = folder / "mutants" / "src" / "prisml" / module, folder / "src" / "prisml" / module
    told = written.with_suffix(".py.meta")
    codes = json.loads(told.read_text(encoding="utf-8"))["exit_code_by_key"] if told.exists() else {}
    # Its own exit code says little: it also is that of libraries which crash when the process ends.
    if not codes or None in codes.values():
        raise RuntimeError(f"mutmut did not try every mutant of {module}: {log.read_text(encoding='utf-8')[-2_000:]}")
    made = changes(written, source)
    for name, code in codes.items():
        change = made[name.rpartition(".")[2]]
        # Whatever else ends a test run is noticed, too: a time-out, or a crash.
        verdict = _VERDICTS.get(code, "broken off")
        yield Mutant(f"python/prisml/{module}", change.line, change.function, change.was, change.now, verdict, words=change.words)


def _lay_out(group: Group, folder: Path) -> None:
    """A copy of the checkout as mutmut wants it: the package below ``src``."""
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", "data", "target")
    shutil.copytree(ROOT / "python", folder / "src", ignore=ignored)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    settings = {
        "source_paths": ["src/prisml"],
        "only_mutate": [f"src/prisml/{module}" for module in group.modules],
        "also_copy": ["src", *COPIED],
        "pytest_add_cli_args_test_selection": list(group.tests),
        # Servers would be started by every mutant.
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-x", "-k", "not mysql and not postgresql"],
    }
    text = "".join(f"{name} =\n" + "".join(f"    {value}\n" for value in values) for name, values in settings.items())
    (folder / "setup.cfg").write_text(f"[mutmut]\n{text}", encoding="utf-8")
