"""Whether the tests of gates, routing and parity would notice a mistake: each is made on purpose, one at a time.

mutmut changes the Python, cargo-mutants the Rust: an operator, a number, an argument, a branch. A mutant survives where every test
passes all the same. The exit code is 1 where one survives that changes more than the words of a message, and that
``benches/mutants_equivalent.toml`` does not explain; 2 where a tool is missing. mutmut leaves alone what stands outside functions, and
what is decorated, as properties are.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benches.mutants_found import Explained, Mutant, explained
from benches.mutants_python import GROUPS, python_mutants
from benches.mutants_rust import rust_mutants
from benches.report import Report, arguments

CORE = "core"


def main() -> int:
    """The exit code: 1 where a mutant survives that nothing explains, 2 where none can be made."""
    parser = arguments(__doc__ or "")
    parser.add_argument(
        "--only", nargs="+", choices=(*GROUPS, CORE), default=(*GROUPS, CORE), metavar="PART", help=f"{', '.join(GROUPS)}, {CORE}"
    )
    parser.add_argument("--children", type=int, default=2, metavar="N", help="how many mutants of Python are tried at once (2)")
    options = parser.parse_args()
    if (lack := missing(options.only)) is not None:
        print(lack, file=sys.stderr)
        return 2
    report = Report("Mutants of gates, parity and routing")
    judge(report, list(made(options.only, options.children)), explained())
    return report.finish(options.json)


def missing(parts: Sequence[str]) -> str | None:
    """What has to be installed first, and how."""
    if set(parts) - {CORE} and importlib.util.find_spec("mutmut") is None:
        return "mutmut is missing: pip install 'mutmut>=3.8,<4'. Nothing was tried."
    if CORE in parts and shutil.which("cargo-mutants") is None:
        return "cargo-mutants is missing: cargo install --locked cargo-mutants. Nothing was tried."
    return None


def made(parts: Sequence[str], children: int) -> Iterator[Mutant]:
    """The mutants of every part, each tried."""
    for part in parts:
        print(f"{part} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="prisml-mutants-") as folder:
            yield from rust_mutants(Path(folder)) if part == CORE else python_mutants(GROUPS[part], Path(folder), children=children)


def judge(report: Report, mutants: Sequence[Mutant], known: Explained) -> None:
    """A row for each file, every survivor by its lines, and what is broken: survivors that nothing explains, and idle explanations."""
    for file in dict.fromkeys(mutant.file for mutant in mutants):
        here = [mutant for mutant in mutants if mutant.file == file]
        living = [mutant for mutant in here if mutant.lives]
        report.add(
            file=file,
            mutants=len(here),
            killed=sum(mutant.verdict == "killed" for mutant in here),
            broken_off=sum(mutant.verdict == "broken off" for mutant in here),
            words=sum(mutant.words and mutant.verdict in {"survived", "not covered"} for mutant in here),
            explained=sum(known.of(mutant) is not None for mutant in living),
            survived=sum(known.of(mutant) is None and mutant.verdict == "survived" for mutant in living),
            not_covered=sum(known.of(mutant) is None and mutant.verdict == "not covered" for mutant in living),
        )
        for mutant in living:
            tell(mutant, known.of(mutant))
            report.expect(f"{file}:{mutant.line} {mutant.function}: a mutant is {mutant.verdict}", kept=known.of(mutant) is not None)
    for file, function, was, _ in known.gone(mutants):
        report.expect(f"{file} {function}: what explains a mutant of {was!r} explains none that survives", kept=False)


def tell(mutant: Mutant, reason: str | None) -> None:
    """A survivor: where it is, what it changes, and why that is right."""
    print(f"{mutant.file}:{mutant.line} {mutant.function} ({mutant.verdict})\n  - {mutant.was}\n  + {mutant.now}")
    if reason is not None:
        print(f"  = {reason}")


if __name__ == "__main__":
    sys.exit(main())
