"""What a manifest says, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from prisml.cli import render
from prisml.manifest import GateVerdict, Input, Manifest, Search


def is_measured(manifest: Manifest) -> bool:
    """Whether the version was trained here, and not elsewhere on data that nobody knows here."""
    return manifest.parity.source != "supplied"


def facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Task, rows, split and parity, each as a line of a table."""
    data = _data(manifest) if is_measured(manifest) else []
    searched = [("search", _search(manifest.search))] if manifest.search is not None else []
    return [("task", f"{manifest.task} ({manifest.estimator})"), *searched, *data, ("parity", _parity(manifest))]


def metrics(manifest: Manifest) -> Table:
    """Each metric on the hold-out with its interval, beside the baseline's."""
    rows = [
        (name, render.number(of.value), render.interval(of), render.number(manifest.baseline.get(name)))
        for name, of in manifest.metrics.items()
    ]
    columns = ("metric", "value", "95 % interval", "baseline")
    return render.table("On the hold-out", columns, rows, right=columns[1:])


def gates(verdicts: Sequence[GateVerdict]) -> Table:
    """Each gate with what it wanted and what the hold-out gave."""
    rows = [
        (each.metric, each.wanted, render.number(each.got.value), render.interval(each.got), render.verdict(passed=each.passed))
        for each in verdicts
    ]
    return render.table("Gates", ("gate", "wanted", "got", "95 % interval", "passed"), rows, right=("got", "95 % interval"))


def features(manifest: Manifest) -> Table:
    """Each feature with its kind and what it is made of."""
    rows = [(each.name, each.kind, _made_of(each), _missing(each), _categories(each)) for each in manifest.inputs]
    return render.table("Features", ("feature", "kind", "made of", "missing", "categories"), rows, right=("categories",))


def _search(search: Search) -> str:
    """How many were fitted on how many rows, and what judged them."""
    rows = ", ".join(f"{count:,}" for count in search.rungs)
    judged = f"judged by {search.metric} on {search.validation_rows:,} others"
    return f"the best of {render.count(search.candidates, 'candidate')}, fitted on {rows} rows, {judged}"


def _data(manifest: Manifest) -> list[tuple[str, str]]:
    rows = manifest.rows
    reasons = {
        "without a label": rows.dropped_null_label,
        "without a moment": rows.dropped_null_as_of,
        "whose label's time is not over": rows.dropped_open_window,
        "whose label reaches into the hold-out": rows.dropped_overlapping,
    }
    dropped = "".join(f", {count:,} {reason} dropped" for reason, count in reasons.items() if count)
    return [
        ("rows", f"{rows.extracted:,} read{dropped}: {rows.train:,} to train, {rows.test:,} held out"),
        *([("seen", _seen(manifest))] if manifest.as_of != "extraction" else []),
        ("split", ", ".join(f"{key} {value}" for key, value in manifest.split.items())),
        *([("waived", ", ".join(manifest.waived))] if manifest.waived else []),
    ]


def _seen(manifest: Manifest) -> str:
    """At which moments the rows were seen."""
    if manifest.as_of_column is not None:
        return f"each at its own {manifest.as_of_column}"
    return ", ".join(moment.removesuffix("T00:00:00+00:00") for moment in manifest.snapshots)


def _parity(manifest: Manifest) -> str:
    parity = manifest.parity
    flips = "" if manifest.task == "regression" else f", {parity.label_flips:,} label flips"
    apart = f"at most {parity.max_difference:.1e} apart{flips}"
    if parity.source == "supplied":
        return f"{parity.rows:,} golden rows that came with the graph: {apart}"
    return f"{parity.rows:,} rows and {parity.edge_rows:,} made-up ones: {apart}"


def _made_of(each: Input) -> str:
    sources = ", ".join("expression" if source.path[0].startswith("@") else ".".join(source.path) for source in each.sources)
    if each.transform is not None:
        return f"{each.transform}({sources}{'' if each.zone is None else f', {each.zone}'})"
    return sources if each.origin in {"column", "related"} else each.origin


def _missing(each: Input) -> str:
    if each.missing == "error":
        return "refused"
    return "its own code" if each.missing == "code" else "as it is" if each.imputation is None else str(each.imputation)


def _categories(each: Input) -> str:
    return "" if each.categories is None else str(len(each.categories))
