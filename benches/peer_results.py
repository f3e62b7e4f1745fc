"""What a race found: printed for people, and kept as JSON with the machine it was found on, without names or paths of that machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benches.peer_demands import Verdict
from benches.peer_runs import Line, Results
from benches.report import machine

_LIBRARIES = (
    "scikit-learn",
    "onnxruntime",
    "numpy",
    "lightgbm",
    "xgboost",
    "scikit-learn-intelex",
    "lleaves",
    "ydf",
    "treelite",
    "tl2cgen",
    "m2cgen",
    "pyarrow",
)


def described() -> dict[str, Any]:
    """The machine: processor, cores, and the versions of everything that took part."""
    plain = machine()
    cores = os.cpu_count() or 1
    found = {name: found for name in _LIBRARIES if (found := _version(name))}
    return {"cpu": plain["cpu"], "cores": cores, "system": plain["system"], "python": plain["python"], "libraries": found}


def results_file() -> Path:
    """Where the figures of this machine are kept."""
    about = described()
    slug = re.sub(r"[^a-z0-9]+", "-", f"{about['cpu']} {about['cores']} cores".lower()).strip("-")
    return Path(__file__).parent / "results" / f"peers-{slug}.json"


def write(path: Path, results: Results, verdicts: Sequence[Verdict], *, clock: str) -> None:
    """Keep the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": described(),
        "clock": clock,
        "lines": [_rounded(asdict(line)) for line in results.lines],
        "encoding_seconds": results.encodings,
        "verdicts": [{**_rounded(asdict(verdict)), "reached": verdict.reached} for verdict in verdicts],
        "left_out": results.left_out,
        "wrong": results.wrong,
    }
    path.write_text(_text(document), encoding="utf-8")


def read(path: Path) -> tuple[Results, dict[str, Any]]:
    """The figures again, and the whole document."""
    document = json.loads(path.read_text(encoding="utf-8"))
    lines = [Line(**line) for line in document["lines"]]
    return Results(lines, document["encoding_seconds"], document["left_out"], document["wrong"]), document


def show(console: Console, results: Results, verdicts: Sequence[Verdict]) -> None:
    """Print the race, what was asked, who was left out and who predicted something else."""
    console.print(_lines(results))
    if results.encodings:
        console.print(_encodings(results))
    console.print(_verdicts(verdicts))
    for who, why in results.left_out.items():
        console.print(f"left out: {who} ({why})", highlight=False)
    for wrong in results.wrong:
        console.print(f"predicts something else: {wrong}", style="bold red", highlight=False)


def _lines(results: Results) -> Table:
    about = described()
    caption = f"{about['cpu']}, {about['cores']} cores, one thread; {about['python']}"
    table = Table(title="PrisML and its peers, one thread", caption=caption)
    for name in ("data", "model", "rows", "contender", "from"):
        table.add_column(name, justify="right" if name == "rows" else "left")
    for name in ("us", "p99 us", "rows/s", "furthest"):
        table.add_column(name, justify="right")
    for line in results.lines:
        p99 = "" if line.p99_us is None else f"{line.p99_us:,.2f}"
        furthest = "own model" if line.furthest is None else f"{line.furthest:.1e}"
        figures = (f"{line.median_us:,.2f}", p99, f"{line.rows_per_second:,.0f}", furthest)
        table.add_row(line.data, line.model, f"{line.rows:,}", line.contender, line.given, *figures)
    return table


def _encodings(results: Results) -> Table:
    table = Table(title="Encoding alone, flights")
    table.add_column("what")
    table.add_column("seconds", justify="right")
    for what, seconds in results.encodings.items():
        # Brackets would be read as markup.
        table.add_row(what.replace("[", "\\["), f"{seconds:.4f}")
    return table


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = Table(title="What is asked, in times as fast")
    for name in ("what", "asked", "found", "reached"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for verdict in verdicts:
        asked = "" if verdict.wanted is None else f"{verdict.wanted:.2f}"
        reached = "" if verdict.wanted is None else "yes" if verdict.reached else "NO"
        table.add_row(verdict.what.replace("[", "\\["), asked, f"{verdict.found:.2f}", reached)
    return table


def _text(document: dict[str, Any]) -> str:
    """The document as JSON with a row of its lists to a line: as short as it can be and still be compared."""
    parts = []
    for name, value in document.items():
        rows = isinstance(value, list) and value
        text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]" if rows else json.dumps(value)
        parts.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Four digits say all that a timing knows, and keep the file readable."""
    return {name: float(f"{figure:.4g}") if isinstance(figure, float) else figure for name, figure in figures.items()}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
