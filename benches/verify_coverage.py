"""Which lines of Python and Rust the tests run: the whole suite once, on a core that counts.

The checkout is copied, the core is built with counters, and pytest runs in the copy beside ``cargo test``. It needs cargo-llvm-cov on the
PATH, and LLVM's tools: ``rustup component add llvm-tools``, or a system's, named by LLVM_COV and LLVM_PROFDATA. Exit code 1 where a line
count is below ``--least`` per cent, or a test fails.

    python -m benches.verify_coverage [tests/unit ...]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benches.report import Report, arguments
from prisml.serving.runtime import locate

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "target" / "coverage"
_CONFIG = """\
[run]
source = {folder}/python/prisml
parallel = true
data_file = {folder}/.coverage
patch = subprocess
    _exit
sigterm = true
disable_warnings =
    module-not-imported
    no-data-collected

[paths]
source =
    {root}/python/prisml
    {folder}/python/prisml

[report]
exclude_also =
    if TYPE_CHECKING:
    @overload
    \\.\\.\\.$
"""


Lines = tuple[int, int]
"""Those that there are, and those that were run."""


@dataclass(frozen=True)
class Covered:
    """The lines of a language, in all and by file."""

    total: Lines
    files: Mapping[str, Lines]


def main() -> int:
    """Measure, print both figures and the files with the most lines that nothing runs, and give the exit code."""
    parser = arguments(__doc__ or "")
    parser.add_argument("tests", nargs="*", help="what pytest runs (all)")
    parser.add_argument("--least", type=float, default=90.0, metavar="PERCENT", help="of lines, in both languages (90)")
    parser.add_argument("--workers", default="2", help="of pytest-xdist (2)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prisml-coverage-") as name:
        folder = Path(name).resolve()
        _copy(folder)
        passed = _run(folder, asked.tests, asked.workers)
        found = {"Python": _python(folder), "Rust": _rust()}
    report = Report("Lines that the tests run")
    report.expect("every test passes", kept=passed)
    for language, covered in found.items():
        report.add(what=language, **_figures(covered.total))
        report.expect(f"{asked.least:g} % of the lines of {language}", kept=100 * covered.total[1] >= asked.least * covered.total[0])
    for covered in found.values():
        for file, lines in sorted(covered.files.items(), key=lambda each: each[1][1] - each[1][0])[:12]:
            report.add(what=file, **_figures(lines))
    return report.finish(asked.json)


def _figures(lines: Lines) -> dict[str, int | str]:
    there, run = lines
    return {"lines": there, "run": run, "share": f"{run / there:.1%}"}


def _copy(folder: Path) -> None:
    """What git knows of the checkout, changes included."""
    listed = subprocess.run(
        [_program("git"), "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for file in listed.stdout.splitlines():
        if (ROOT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)


def _program(name: str) -> str:
    return shutil.which(name) or sys.exit(f"{name} is not on the PATH.")


def _cargo(*words: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    return subprocess.run([_program("cargo"), *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _counting() -> dict[str, str]:
    """The environment in which cargo builds what counts. A few files take the counts of all processes."""
    lines = _cargo("llvm-cov", "show-env", CARGO_TARGET_DIR=str(TARGET)).splitlines()
    found = {name: value.strip("'\"") for name, _, value in (line.removeprefix("export ").partition("=") for line in lines)}
    return {
        **found,
        "CARGO_TARGET_DIR": str(TARGET),
        "LLVM_PROFILE_FILE": str(TARGET / "counts-%4m.profraw"),
        "PRISML_ORT_DYLIB": str(locate()),
    }


def _run(folder: Path, tests: list[str], workers: str) -> bool:
    """Run both suites; whether they passed."""
    counting = _counting()
    _cargo("llvm-cov", "clean", "--profraw-only", **counting)
    _cargo("test", "--release", "--package", "prisml-core", **counting)
    _cargo("build", "--release", "--package", "prisml-py", **counting)
    (library,) = (file for suffix in ("so", "dylib") for file in (TARGET / "release").glob(f"lib_core.{suffix}"))
    shutil.copy2(library, folder / "python" / "prisml" / "_core.abi3.so")
    (config := folder / ".coveragerc").write_text(_CONFIG.format(folder=folder, root=ROOT), encoding="utf-8")
    counting.pop("PRISML_ORT_DYLIB")
    environment = {**os.environ, **counting, "PYTHONPATH": f"{folder}/python", "OMP_NUM_THREADS": "1"}
    words = ["-m", "coverage", "run", f"--rcfile={config}", "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile", *tests]
    return subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=False).returncode == 0


def _python(folder: Path) -> Covered:
    """Of Python."""
    coverage = [sys.executable, "-m", "coverage"]
    config = f"--rcfile={folder / '.coveragerc'}"
    subprocess.run([*coverage, "combine", config, "--quiet"], cwd=folder, check=True)
    subprocess.run([*coverage, "json", config, "--quiet", "-o", "coverage.json"], cwd=folder, check=True)
    found = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    files = {name: _lines(each["summary"], "num_statements", "covered_lines") for name, each in found["files"].items()}
    return Covered(_lines(found["totals"], "num_statements", "covered_lines"), files)


def _rust() -> Covered:
    """Of Rust, of both crates."""
    found = json.loads(_cargo("llvm-cov", "report", "--json", "--summary-only", "--release", **_counting()))["data"][0]
    files = {os.path.relpath(each["filename"], ROOT): _lines(each["summary"]["lines"], "count", "covered") for each in found["files"]}
    return Covered(_lines(found["totals"]["lines"], "count", "covered"), files)


def _lines(summary: Mapping[str, int], there: str, run: str) -> Lines:
    return summary[there], summary[run]


if __name__ == "__main__":
    sys.exit(main())
