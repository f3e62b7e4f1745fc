"""How many instructions the hot paths of the core take for a row, counted by callgrind: a guard that no busy machine can move.

The figures of this build stand beside those that were kept (``benches/results/instructions.json``); ``--update`` keeps those of this
build. The exit code is 1 where a path takes more than the tolerance above what was kept, or is there no more, and 2 where valgrind or
cargo is missing. Another compiler than that of the kept figures makes other code: then the difference is shown, and breaks nothing.
Valgrind knows no AVX-512, so that the paths run with the instructions which every processor has.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benches.report import Report, arguments

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).parent / "results" / "instructions.json"
TOLERANCE = 0.03
TIMES = 5
COUNTED = "*prisml_counted*"


def main() -> int:
    """The exit code: 1 where a path takes more instructions than it did, 2 where they cannot be counted."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--update", action="store_true", help="keep the figures of this build")
    options = parser.parse_args()
    for needed, where in (("valgrind", "Debian's package valgrind"), ("cargo", "https://rustup.rs")):
        if shutil.which(needed) is None:
            print(f"{needed} is missing: install {where}. Nothing was counted.", file=sys.stderr)
            return 2
    program = built()
    found, made_by = {name: counted(program, name) / rows for name, rows in hot_paths(program)}, tools()
    if options.update:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({"made_by": made_by, "instructions_for_a_row": found}, indent=2) + "\n", encoding="utf-8")
    report = Report("Instructions for a row, by callgrind")
    compare(report, found, made_by, json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else None)
    return report.finish(options.json)


def compare(report: Report, found: dict[str, float], made_by: dict[str, str], kept: dict[str, Any] | None) -> None:
    """A line for each path, and what is broken: all that is more than the tolerance above what was kept by the same tools."""
    before: dict[str, float] = {} if kept is None else kept["instructions_for_a_row"]
    same = kept is not None and kept["made_by"] == made_by
    report.expect(f"there are kept figures: run it with --update once, which writes {KEPT.name}", kept=kept is not None)
    for name in [*found, *(name for name in before if name not in found)]:
        now, then = found.get(name), before.get(name)
        change = None if now is None or then is None else now / then - 1
        report.add(path=name, kept=then, now=now, change_percent=None if change is None else change * 100)
        report.expect(f"{name} is still there", kept=now is not None)
        if change is not None and same:
            report.expect(f"{name}: {change:+.1%} instructions, at most {TOLERANCE:+.0%}", kept=change <= TOLERANCE)
    if kept is not None and not same:
        print(f"Kept figures are of {kept['made_by']}, these are of {made_by}: differences say nothing of the source.")


def built() -> Path:
    """The program that runs one path, built as a release is, with names."""
    command = ["cargo", "build", "--quiet", "--profile", "counted", "--package", "prisml-core", "--example", "hot_paths"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "counted" / "examples" / "hot_paths"


def hot_paths(program: Path) -> list[tuple[str, int]]:
    """Each path, with the rows of one run."""
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    pairs = [line.split("\t") for line in done.stdout.splitlines()]
    return [(name, int(rows)) for rows, name in pairs]


def counted(program: Path, name: str) -> float:
    """The instructions of one run of that path."""
    with tempfile.TemporaryDirectory(prefix="prisml-") as folder:
        command = ["valgrind", "--tool=callgrind", f"--toggle-collect={COUNTED}", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run([*command, program, name, str(TIMES)], capture_output=True, text=True, check=True)
    return collected(done.stderr) / TIMES


def collected(text: str) -> int:
    """What callgrind says it has counted; an error where it counted nothing, as when the function has another name."""
    found = re.search(r"Collected : (\d+)", text)
    if found is None or int(found[1]) == 0:
        raise RuntimeError(f"callgrind counted nothing: {text[-500:]}")
    return int(found[1])


def tools() -> dict[str, str]:
    """What the figures depend on beside the source."""
    asked = {"rustc": ["rustc", "--version"], "valgrind": ["valgrind", "--version"]}
    return {name: subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for name, command in asked.items()}


if __name__ == "__main__":
    sys.exit(main())
