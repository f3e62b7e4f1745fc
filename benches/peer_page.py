"""The page of the documentation that says how fast it is: written from the figures of a race, with its plot, never by hand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benches.peer_contenders import OURS
from benches.peer_encoding import TUPLES
from benches.peer_results import read, results_file
from benches.peer_runs import Line, Results

DOCS = Path(__file__).parents[1] / "docs" / "explanation"
PAGE, PLOT = DOCS / "speed.md", DOCS / "speed.svg"
BEGIN, END = "<!-- written by benches.peer_page -->", "<!-- end -->"
MODELS = {
    "LR": "logistic regression",
    "GB": "gradient boosting, 100 trees of depth 3",
    "HGB": "histogram gradient boosting, 100 trees of 31 leaves",
    "LGBM": "LightGBM, 100 trees of 31 leaves",
    "XGB": "XGBoost, 100 trees of depth 6",
    "RF": "random forest, 100 trees of depth 10",
    "MLP": "neural network, 64 and 32 units (not native)",
}
LARGE = 100_000
# With a salt of its own, the same figures give the same file.
_STYLE: dict[Any, object] = {
    "svg.hashsalt": "prisml",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def main(given: Sequence[str] | None = None) -> int:
    """The exit code: 0, since the page says what is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", default=results_file(), help="the figures of a race (this machine's)")
    results, document = read(parser.parse_args(given).json)
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{_written(results, document)}\n{END}{tail}", encoding="utf-8")
    draw(results, PLOT)
    return 0


def _written(results: Results, document: dict[str, Any]) -> str:
    about = document["machine"]
    libraries = ", ".join(f"{name} {found}" for name, found in about["libraries"].items())
    clock = "" if document["clock"] == "wall" else " Times are those that the process was at work, because others used the machine."
    parts = [
        f"Measured on {about['cpu']}, {about['cores']} cores, {about['system']}, {about['python']}, with {libraries}.{clock}",
        *_table("One row of 20 numbers, microseconds", results, "synthetic", 1, lambda line: line.median_us),
        *_table("One flight (10 numbers with gaps, 3 categories), microseconds", results, "flights", 1, lambda line: line.median_us),
        *_table(f"{LARGE:,} rows of 20 numbers, thousand rows a second", results, "synthetic", LARGE, _thousands),
        *_table("10,000 flights, thousand rows a second", results, "flights", 10_000, _thousands),
        *_encodings(results),
        *_verdicts(document["verdicts"]),
        *_left_out(results),
    ]
    return "\n\n".join(parts)


def _table(title: str, results: Results, data: str, rows: int, figure: Callable[[Line], float]) -> Iterable[str]:
    lines = [line for line in results.lines if (line.data, line.rows) == (data, rows)]
    models = [name for name in MODELS if any(line.model == name for line in lines)]
    ways = sorted(dict.fromkeys((line.contender, line.given) for line in lines), key=lambda way: not way[0].startswith(OURS))
    if not lines:
        return
    yield f"## {title}"
    head = ["", *models]
    body = []
    for contender, given in ways:
        found = [results.find(data, name, rows, contender, given) for name in models]
        body.append([f"{contender}, {given}", *("" if line is None else _short(figure(line)) for line in found)])
    yield "\n".join([_row(head), _row(["---", *["---:" for _ in models]]), *map(_row, body)])


def _encodings(results: Results) -> Iterable[str]:
    if not results.encodings:
        return
    yield "## Encoding alone"
    yield f"The time to turn {LARGE:,} flights into float32, beside the time of `{TUPLES}`."
    ratio = {name: seconds / results.encodings[TUPLES] for name, seconds in results.encodings.items() if name != TUPLES}
    yield "\n".join(
        [_row(["from", "share of its time"]), _row(["---", "---:"]), *(_row([name, f"{share:.2f}"]) for name, share in ratio.items())]
    )


def _verdicts(verdicts: Sequence[dict[str, Any]]) -> Iterable[str]:
    yield "## What is asked of it"
    yield "How many times as fast, in this run. What is only told has no figure under asked."
    rows = [
        [
            verdict["what"].replace("|", "\\|"),
            "" if verdict["wanted"] is None else f"{verdict['wanted']:.2f}",
            f"{verdict['found']:.2f}",
            "" if verdict["wanted"] is None else "yes" if verdict["reached"] else "no",
        ]
        for verdict in verdicts
    ]
    yield "\n".join([_row(["what", "asked", "found", "reached"]), _row(["---", "---:", "---:", "---"]), *map(_row, rows)])


def _left_out(results: Results) -> Iterable[str]:
    if results.left_out:
        yield "Left out of this run:"
        yield "\n".join(f"- {who}: {why}" for who, why in results.left_out.items())


def draw(results: Results, path: Path) -> None:
    """The plot: one row and the large batch, every contender a bar, the models side by side."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(_STYLE)
    from matplotlib import pyplot as plt

    ways: tuple[tuple[str, int, Callable[[Line], float]], ...] = (
        ("one row, microseconds (less is better)", 1, lambda line: line.median_us),
        (f"{LARGE:,} rows, thousand rows a second (more is better)", LARGE, _thousands),
    )
    figure, places = plt.subplots(1, len(ways), figsize=(10, 4))
    for axes, (title, rows, value) in zip(places, ways, strict=True):
        lines = [line for line in results.lines if (line.data, line.rows) == ("synthetic", rows) and _is_drawn(line, rows)]
        models = [name for name in MODELS if any(line.model == name for line in lines)]
        names = list(dict.fromkeys(line.contender for line in lines))
        width = 0.8 / max(1, len(names))
        for place, name in enumerate(names):
            mine = [line for line in lines if line.contender == name]
            where = [models.index(line.model) + place * width for line in mine]
            axes.bar(where, [value(line) for line in mine], width, label=name, color=_color(name))
        axes.set_yscale("log")
        axes.set_xticks([place + 0.4 for place in range(len(models))], models)
        axes.set_title(title, fontsize=9)
    handles: dict[str, Any] = {}
    for axes in places:
        handles.update(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    figure.legend(handles.values(), handles.keys(), loc="lower center", fontsize=7, frameon=False, ncols=6)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _color(name: str) -> str:
    """One colour a contender, the same in both halves; PrisML's is the warm one."""
    others = ("scikit-learn", "onnxruntime", "lightgbm", "xgboost", "daal4py", "lleaves", "ydf", "tl2cgen", "C by tl2cgen", "C by m2cgen")
    cool = ("#9aa5b1", "#4c78a8", "#72b7b2", "#54a24b", "#b279a2", "#9d755d", "#eeca3b", "#88c2e8", "#1f3b57", "#3f7f5f")
    return "#d1495b" if name == OURS else dict(zip(others, cool, strict=True)).get(name, "#d0d0d0")


def _is_drawn(line: Line, rows: int) -> bool:
    """Ours from a dict for one row and from the array for many; the others from the array, as they are quickest."""
    if line.contender == OURS:
        return line.given == ("dict" if rows == 1 else "array")
    return line.given == "array" and not line.contender.startswith(OURS)


def _thousands(line: Line) -> float:
    return line.rows_per_second / 1000


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


if __name__ == "__main__":
    sys.exit(main())
