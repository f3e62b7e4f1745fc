"""What a manifest says, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from prisml.cli import render
from prisml.manifest import CrossValidation, GateVerdict, Input, Manifest, Search


def is_measured(manifest: Manifest) -> bool:
    """Whether the version was trained here, and not elsewhere on data that nobody knows here."""
    return manifest.parity.source != "supplied"


def facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Task, rows, split, what was done to probabilities, and parity, each as a line of a table."""
    data = _data(manifest) if is_measured(manifest) else []
    searched = [("search", _search(manifest.search))] if manifest.search is not None else []
    return [("task", f"{manifest.task} ({manifest.estimator})"), *searched, *data, *_adjusted(manifest), ("parity", _parity(manifest))]


def metrics(manifest: Manifest) -> Table:
    """Each metric on the hold-out with its interval, beside the baseline's."""
    rows = [
        (name, render.number(of.value), render.interval(of), render.number(manifest.baseline.get(name)))
        for name, of in manifest.metrics.items()
    ]
    columns = ("metric", "value", "95 % interval", "baseline")
    return render.table("On the hold-out", columns, rows, right=columns[1:])


def cross_validation(found: CrossValidation) -> Table:
    """Each metric over the folds of the training part."""
    rows = [
        (name, render.number(of.mean), render.number(of.deviation), ", ".join(render.number(value) for value in of.values))
        for name, of in found.metrics.items()
    ]
    columns = ("metric", "mean", "deviation", "folds")
    return render.table(f"In {len(found.folds)} folds of the training part", columns, rows, right=columns[1:])


def gates(verdicts: Sequence[GateVerdict]) -> Table:
    """Each gate with what it wanted and what the hold-out gave, and what decided."""
    columns = ("gate", "wanted", "got", "interval", "passed", "why")
    made = render.table("Gates", columns if any(map(_why, verdicts)) else columns[:-1], [], right=("got", "interval"))
    for each in verdicts:
        got = ("-", "-") if each.got is None else (render.number(each.got.value), render.interval(each.got))
        cells = (each.name, each.wanted, *got, render.verdict(passed=each.passed), _why(each))
        made.add_row(*(cell if isinstance(cell, Text) else Text(render.harmless(cell)) for cell in cells[: len(made.columns)]))
    return made


def slices(verdicts: Sequence[GateVerdict]) -> Iterator[Table]:
    """For each gate on slices a table of them, those that were too small to be judged last."""
    for verdict in verdicts:
        rows = [
            (
                Text("missing", style="dim italic")
                if each.value is None
                else repr(each.value)
                if each.value == "missing"
                else str(each.value),
                f"{each.rows:,}",
                "-" if each.got is None else render.number(each.got.value),
                "-" if each.got is None else render.interval(each.got),
                "not judged" if each.passed is None else render.verdict(passed=each.passed),
            )
            for each in verdict.slices
        ]
        if rows:
            columns = (verdict.sliced or "", "rows", verdict.metric, "interval", "passed")
            yield render.table(f"{verdict.name}, {verdict.wanted}", columns, rows, right=columns[1:4])


def _why(verdict: GateVerdict) -> str:
    return " ".join(f"{said[0].upper()}{said[1:].rstrip('.')}." for said in (verdict.reason, verdict.overlap) if said)


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
    kept = f"{rows.validation:,} to choose by, " if rows.validation else ""
    return [
        ("rows", f"{rows.extracted:,} read{dropped}: {rows.train:,} to train, {kept}{rows.test:,} held out"),
        *([("seen", _seen(manifest))] if manifest.as_of != "extraction" else []),
        ("split", ", ".join(str(value) if key == "kind" else f"{key} {value}" for key, value in manifest.split.items())),
        *([("waived", ", ".join(manifest.waived))] if manifest.waived else []),
    ]


def _adjusted(manifest: Manifest) -> list[tuple[str, str]]:
    """How probabilities were calibrated, and by what rule the threshold was chosen."""
    lines, calibration, rule = [], manifest.calibration, manifest.threshold_rule
    if calibration is not None:
        by = "class weights taken back" if calibration.method == "prior" else f"{calibration.method}, by {calibration.rows:,} rows"
        errors = f"{render.number(calibration.before.ece)} before, {render.number(calibration.after.ece)} after"
        lines.append(("calibration", f"{by}; calibration error {errors}"))
    if rule is not None and manifest.threshold is not None:
        given = ", ".join(f"{name} {number:g}" for name, number in rule.parameters.items())
        reached = f"{'cost per row' if rule.rule == 'cost' else rule.rule} {render.number(rule.value)} on {rule.rows:,} rows"
        lines.append(("threshold", f"{manifest.threshold:.6g}, by {rule.rule}{f' ({given})' if given else ''}: {reached}"))
    return lines


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
