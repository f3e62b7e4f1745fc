"""A table for people, the same figures as JSON, and the exit code."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Figure = bool | int | float | str | None


@dataclass
class Report:
    """The rows of one table, and the promises that were found broken."""

    title: str
    rows: list[Mapping[str, Figure]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, **figures: Figure) -> None:
        """A row; the names of the figures are the columns."""
        self.rows.append(figures)

    def expect(self, promise: str, *, kept: bool) -> None:
        """Note ``promise`` as broken unless it was kept."""
        if not kept:
            self.broken.append(promise)

    def finish(self, json_file: Path | None) -> int:
        """Print the table, write the JSON where a file is named, and give the exit code: 1 where a promise is broken."""
        console = Console(width=None if sys.stdout.isatty() else 160)
        console.print(self._table())
        for promise in self.broken:
            console.print(f"broken: {promise}", style="bold red", highlight=False, markup=False)
        if json_file is not None:
            document = {"title": self.title, "machine": machine(), "rows": self.rows, "broken": self.broken}
            json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        return 1 if self.broken else 0

    def _table(self) -> Table:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        table = Table(title=self.title, caption=" · ".join(machine().values()))
        for name in columns:
            numeric = all(isinstance(row.get(name), (int, float, type(None))) for row in self.rows)
            table.add_column(name.replace("_", " "), justify="right" if numeric else "left")
        for row in self.rows:
            table.add_row(*(escape(_shown(row.get(name))) for name in columns))
        return table


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with what every campaign takes: ``--json FILE``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    return parser


def machine() -> dict[str, str]:
    """Where the figures were taken: without this they say little."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("scikit-learn", "onnxruntime", "numpy"))
    return {"cpu": _cpu(), "system": platform.system(), "python": f"Python {platform.python_version()}", "libraries": libraries}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _shown(figure: Figure) -> str:
    if figure is None:
        return ""
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    if isinstance(figure, int):
        return f"{figure:,}"
    if isinstance(figure, float):
        return _number(figure)
    return figure


def _number(figure: float) -> str:
    if figure == 0:
        return "0"
    if abs(figure) < 1e-3:
        return f"{figure:.1e}"
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.5g}"
