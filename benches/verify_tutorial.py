"""The tutorial as somebody meets it: word for word, in a fresh environment, with an empty home, no compiler and no checkout.

Every command of the page is typed into one shell, and every file is written as the page has it. A row of the table is a command with its
seconds; broken is a command with another exit code than the page says, and a line of output that the page shows and nobody saw.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from benches.report import Report, arguments
from tests.docs.blocks import ROOT, Block, Page, read
from tests.docs.console import commands

PAGE = ROOT / "docs" / "tutorial.md"
MINUTES = 10
TOOLS = [
    "bash",
    "sh",
    "env",
    "cat",
    "ls",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "chmod",
    "head",
    "tail",
    "sed",
    "grep",
    "uname",
    "dirname",
    "basename",
    "readlink",
    "id",
]
"""What there is beside Python. No compiler, no cargo, no git."""

PASSED_ON = ("PIP_", "SSL_CERT", "REQUESTS_CA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""How this machine reaches an index of packages; nothing else of its environment is passed on."""


@dataclass(frozen=True)
class Typed:
    """A command, what it said, and how it ended."""

    command: str
    said: str
    code: int
    seconds: float


def main() -> int:
    """The exit code: 1 where a command of the page fails, or its machine's time is more than the page promises."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="the wheel to install; built anew otherwise")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="another page (docs/tutorial.md)")
    parser.add_argument("--quiet", action="store_true", help="do not show what the commands say")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tutorial-") as made:
        place = Path(made)
        wheel = (options.wheel or build(place / "dist")).resolve()
        report = Report("The tutorial, command by command")
        typed = list(follow(read(options.page), place, wheel, report, show=not options.quiet))
    # An index may have a package of that name and version too.
    installed = any(str(wheel) in each.said for each in typed if each.command.startswith("pip install"))
    report.expect("the wheel of this checkout is what pip installs", kept=installed)
    for each in typed:
        report.add(command=each.command, seconds=round(each.seconds, 1), exit_code=each.code)
    seconds = sum(each.seconds for each in typed)
    report.expect(f"at most {MINUTES} minutes, and it took {seconds / 60:.1f}", kept=seconds <= 60 * MINUTES)
    code = report.finish(options.json)
    print(f"{len(typed)} commands, {seconds / 60:.1f} minutes of the machine's time.")
    predicted = [each for each in typed if each.command.startswith("python ")]
    print(f"The last prediction:\n{predicted[-1].said.rstrip() if predicted else 'none'}")
    return code


def build(folder: Path) -> Path:
    """A wheel of this checkout, with maturin of the environment that this runs in."""
    maturin = Path(sys.executable).with_name("maturin")
    subprocess.run([maturin, "build", "--release", "--quiet", "--out", folder], cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


def follow(page: Page, place: Path, wheel: Path, report: Report, *, show: bool) -> Iterator[Typed]:
    """Do what the page says, block by block; the first command that fails is the last."""
    folder = place / "project"
    folder.mkdir()
    with Shell(folder, surroundings(place, wheel)) as shell:
        before: list[Typed] = []
        for block in page.blocks:
            if block.language == "console":
                before = []
                for typed, wanted in _typed(block, shell, show=show):
                    before.append(typed)
                    yield typed
                    report.expect(f"exit code {wanted}, and it was {typed.code}: {typed.command}", kept=typed.code == wanted)
                    if typed.code != wanted:
                        print(typed.said, file=sys.stderr)
                        return
            elif block.language == "text":
                for line in _unseen(block, before):
                    report.expect(f"line {block.line} of the page is what comes out: {line}", kept=False)
                before = []
            else:
                before = []
                _write(block, folder)


def surroundings(place: Path, wheel: Path) -> dict[str, str]:
    """The environment: an empty home, a PATH of a few tools and this Python, and how packages are had."""
    programs, home = place / "bin", place / "home"
    programs.mkdir()
    home.mkdir()
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    found = {name: shutil.which(name) for name in TOOLS}
    for name, program in {**found, "python": str(base)}.items():
        if program is not None:
            (programs / name).symlink_to(program)
    constraint = place / "constraint.txt"
    constraint.write_text(f"prisml=={wheel.name.split('-')[1]}\n", encoding="utf-8")
    passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    links = " ".join([str(wheel.parent), *passed.get("PIP_FIND_LINKS", "").split()])
    own = {"HOME": str(home), "PATH": str(programs), "LANG": "C.UTF-8", "PIP_FIND_LINKS": links, "PIP_CONSTRAINT": str(constraint)}
    return {**passed, **own}


class Shell:
    """One bash, into which commands are typed: what one of them exports or activates holds for the next."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            [shutil.which("bash") or "bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bash.kill()
        self._bash.wait()

    def type(self, command: str) -> Typed:
        """The command, once it has ended; its stdin is empty."""
        started = time.perf_counter()
        said: list[str] = []
        typing = cast("IO[str]", self._bash.stdin)
        typing.write(f"{{ {command}\n}} </dev/null\nprintf '\\n\\036%s\\n' $?\n")
        typing.flush()
        for line in cast("IO[str]", self._bash.stdout):
            if line.startswith("\036"):
                return Typed(command, "".join(said).removesuffix("\n"), int(line[1:]), time.perf_counter() - started)
            said.append(line)
        return Typed(command, "".join(said), 255, time.perf_counter() - started)


def _typed(block: Block, shell: Shell, *, show: bool) -> Iterator[tuple[Typed, int]]:
    """Each command of the block, with the exit code that it shall have."""
    lines = commands(block.text)
    for number, line in enumerate(lines, 1):
        typed = shell.type(line)
        if show:
            print(f"$ {line}\n{typed.said}", flush=True)
        yield typed, int(block.notes.get("exit", "0")) if number == len(lines) else 0


def _unseen(block: Block, before: list[Typed]) -> list[str]:
    """The lines that the page shows below its commands and that did not come out; three dots stand for what it leaves out."""
    seen = {_plain(line) for typed in before for line in typed.said.splitlines()}
    return [line for line in block.text.splitlines() if before and line.strip() not in ("", "...") and _plain(line) not in seen]


def _plain(line: str) -> str:
    """The line without its figures, of which the last digits are another processor's."""
    return re.sub(r"\d", "0", line.rstrip())


def _write(block: Block, folder: Path) -> None:
    """Write or edit the file that the block is."""
    if block.edit is not None:
        file = folder / block.edit.file
        file.write_text(block.edit.of(file.read_text(encoding="utf-8")), encoding="utf-8")
    elif block.file is not None:
        file = folder / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
