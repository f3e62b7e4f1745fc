"""cargo-mutants on the core's routing, whose tests are its own and the frozen vectors of ``tests/reference/routing.json``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benches.mutants_found import Mutant, Verdict

ROOT = Path(__file__).parents[1]
SOURCES = "crates/prisml-core/src/routing/*.rs"
MARK = " /* ~ changed by cargo-mutants ~ */"
# The tests that enter routing: those beside it, and those of the frozen vectors.
TESTS = ("routing::", "frozen", "growthbook")
_VERDICTS: dict[str, Verdict] = {"CaughtMutant": "killed", "MissedMutant": "survived", "Timeout": "broken off"}


def rust_mutants(folder: Path) -> Iterator[Mutant]:
    """Every mutant of the core's routing that compiles, and what became of it; ``folder`` is empty, and holds all that is written."""
    # 64 cases for a law find what 256 do, and nobody steps through these programs.
    quick = os.environ | {"PROPTEST_CASES": "64", "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_TEST_DEBUG": "0"}
    of_core, targets = ("--package", "prisml-core"), ("--lib", "--test=routing")
    # Tests that fail anyway kill every mutant.
    sound = ["cargo", "test", "--quiet", *of_core, *targets, "--", *TESTS]
    subprocess.run(sound, cwd=ROOT, env=quick, check=True)
    tried = ["cargo", "mutants", *of_core, "--file", SOURCES, "--baseline", "skip", "--timeout", "120", "--output", str(folder)]
    told = [*(f"--cargo-arg={target}" for target in targets), "--", "--", *TESTS]
    done = subprocess.run([*tried, *told], cwd=ROOT, env=quick, check=False)
    # 0: all were killed, 2: some were not, 3: some took too long.
    if done.returncode not in {0, 2, 3}:
        raise RuntimeError(f"cargo mutants ended with {done.returncode}")
    written = folder / "mutants.out"
    for outcome in json.loads((written / "outcomes.json").read_text(encoding="utf-8"))["outcomes"]:
        if outcome["scenario"] != "Baseline" and outcome["summary"] in _VERDICTS:
            yield _mutant(outcome, (written / outcome["diff_path"]).read_text(encoding="utf-8"))


def _mutant(outcome: Mapping[str, Any], diff: str) -> Mutant:
    about = outcome["scenario"]["Mutant"]
    was, now = ([line[1:].strip() for line in diff.splitlines()[2:] if line[:1] == side] for side in "-+")
    return Mutant(
        about["file"],
        about["span"]["start"]["line"],
        about["function"]["function_name"],
        " ".join(was),
        " ".join(now).replace(MARK, ""),
        _VERDICTS[outcome["summary"]],
    )
