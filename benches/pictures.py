"""The pictures of the README: a terminal in which the shop of the documentation is trained, and the page of its report. Nothing is drawn.

``make pictures`` types the commands below, as a person would in a terminal with colours, and writes docs/_static/terminal.svg; then it lets
Chromium look at the report, and writes docs/_static/report-light.png and report-dark.png.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

from prisml.version import installed_version
from tests.support.browser import Browser

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "docs" / "_static"
COMMANDS = ("prisml check", "prisml train", "prisml versions churn")
SETTINGS = '[tool.prisml]\ndatabase = "sqlite:///shop.db"\nmodels = ["shop.py"]\n'
COLUMNS = 96
WIDTH, MARGIN = 1180, 20
FROM_TO = """
const box = (id) => document.getElementById(id).getBoundingClientRect();
return [box("classes").top, box("spread").bottom];
"""


def main() -> None:
    """Make the pictures anew."""
    with tempfile.TemporaryDirectory(prefix="prisml-pictures-") as made:
        folder = Path(made)
        shutil.copy(ROOT / "docs" / "shop.py", folder)
        (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
        subprocess.run([sys.executable, "shop.py"], cwd=folder, env=_environment(), check=True)
        (PLACE / "terminal.svg").write_text(terminal([(line, typed(line, folder)) for line in COMMANDS]), encoding="utf-8")
        typed("prisml report churn --to report.html", folder)
        for name in ("light", "dark"):
            photograph(folder / "report.html", PLACE / f"report-{name}.png", dark=name == "dark")
    for path in sorted([PLACE / "terminal.svg", *PLACE.glob("report-*.png")]):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} KB")


def typed(line: str, folder: Path) -> str:
    """What the command writes to a terminal. Progress, which is gone when a command ends, goes to stderr and is no part of it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", *line.split()]
    process = subprocess.Popen(command, cwd=folder, env=_environment(), stdin=theirs, stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    said = b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    _, errors = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"{line} ended with {process.returncode}:\n{errors.decode()}")
    return said.decode().replace("\r\n", "\n")


def terminal(session: list[tuple[str, str]]) -> str:
    """The commands and what they said, as one picture in SVG that asks no other server for a font."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for place, (line, said) in enumerate(session):
        console.print(("\n" if place else "") + f"[bold green]$[/] [bold]{line}[/]", highlight=False)
        console.print(Text.from_ansi(said.rstrip("\n")), soft_wrap=True)
    picture = console.export_svg(title=f"PrisML {installed_version()}", unique_id="prisml")
    without_fonts = re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    return without_fonts.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono")


def photograph(page: Path, picture: Path, *, dark: bool) -> None:
    """The curves and the distributions of the page as Chromium shows them, in 256 colours: a page of figures has hardly more."""
    browser = Browser(page.parent)
    top, bottom = browser.measure(page.read_text(encoding="utf-8"), FROM_TO, width=WIDTH)
    browser.photograph(page, picture, width=WIDTH, height=int(bottom) + MARGIN, dark=dark)
    with Image.open(picture) as taken:
        part = taken.crop((0, int(top) - MARGIN, WIDTH, int(bottom) + MARGIN))
        reduced = part.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    reduced.save(picture, optimize=True)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux's way to say that the other end is closed.
        return b""


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PRISML_REGISTRY", "NO_COLOR"}}
    return {
        **kept,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(COLUMNS),
        "LINES": "50",
        "USER": "ada",
        "LOGNAME": "ada",
    }


if __name__ == "__main__":
    main()
