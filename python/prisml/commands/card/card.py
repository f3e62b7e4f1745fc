"""The card as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from prisml.commands.card.metadata import front_matter
from prisml.commands.page.report.subject import Subject
from prisml.commands.page.text import clean
from prisml.manifest import Interval, Manifest
from prisml.report import Report

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")
_SLICES_SHOWN, _IMPORTANT_SHOWN = 4, 10


def model_card(subject: Subject) -> str:
    """The card in Markdown. What only its owner knows, whom the predictions are for, is asked for in its place."""
    manifest = subject.manifest
    parts = [front_matter(subject), f"# {text(subject.title)}", _summary(subject), *_sections(subject), _making(manifest)]
    return "\n\n".join(part for part in parts if part) + "\n"


def text(value: object) -> str:
    """Text that means nothing to Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", clean(str(value))))


def _code(value: str) -> str:
    """Text as code, in more backticks than it has."""
    one_line = re.sub(r"\s+", " ", clean(value)).replace("|", "\N{BROKEN BAR}")
    ticks = "`" * (1 + max(map(len, re.findall(r"`+", one_line)), default=0))
    return f"{ticks} {one_line} {ticks}" if "`" in one_line else f"{ticks}{one_line}{ticks}"


def _summary(subject: Subject) -> str:
    manifest = subject.manifest
    what = {
        "binary": f"the probability that it is {text(manifest.classes[1]) if len(manifest.classes) > 1 else 'so'}",
        "multiclass": f"one of {len(manifest.classes):,} classes",
        "regression": "a number",
    }[manifest.task]
    return (
        f"Predicts {_code(manifest.output)} of {_code(manifest.entity)}: {what}, by {_code(manifest.estimator)} of "
        f"{len(manifest.inputs):,} features, exported to ONNX by PrisML."
    )


def _sections(subject: Subject) -> Iterator[str]:
    manifest, report = subject.manifest, subject.report
    yield _intended_use(manifest)
    yield _data(subject)
    if manifest.metrics:
        yield _metrics(manifest)
    if manifest.gates:
        yield _gates(manifest)
    if report is not None:
        yield _calibration(report)
        yield _slices(report)
        yield _importance(report)
    yield _limits(subject)


def _intended_use(manifest: Manifest) -> str:
    return (
        f"## Intended use\n\nPredictions for rows of {_code(manifest.entity)} of the database that it was trained on, and of that time. "
        "Whoever publishes it adds here what it is decided by, for whom it must not be used, and under which licence it is."
    )


def _data(subject: Subject) -> str:
    manifest = subject.manifest
    if not subject.is_measured:
        return "## Data\n\nIt was trained elsewhere: its data is not known here."
    rows = manifest.rows
    split = ", ".join(f"{text(key)} {text(value)}" for key, value in manifest.split.items())
    lines = [
        f"{rows.extracted:,} rows were read: {rows.train:,} to train, {rows.test:,} held out ({split}).",
        _profile(subject.report),
        "No row is in this model card; categories of features are named.",
    ]
    return "## Data\n\n" + "\n\n".join(line for line in lines if line)


def _profile(report: Report | None) -> str:
    if report is None:
        return ""
    rows = [
        (_code(each.name), each.kind, f"{each.missing[0]:.1%}", "" if each.drift is None else f"{each.drift:.3f}")
        for each in report.profile.features
    ]
    left = f"\n\n{report.profile.left_out:,} less important features are not listed." if report.profile.left_out else ""
    return _table(("feature", "kind", "missing", "drift of the hold-out (PSI)"), rows) + left


def _metrics(manifest: Manifest) -> str:
    rows = [
        (_code(name), _number(of.value), _ends(of), _number(manifest.baseline[name]) if name in manifest.baseline else "")
        for name, of in manifest.metrics.items()
    ]
    return "## Metrics\n\nOn the rows that were held out.\n\n" + _table(
        ("metric", "value", "95 % interval", "guess without features"), rows
    )


def _gates(manifest: Manifest) -> str:
    rows = [
        (
            text(each.name),
            text(each.wanted),
            "" if each.got is None else _number(each.got.value),
            "passed" if each.passed else "not passed",
        )
        for each in manifest.gates
    ]
    return "## Gates\n\n" + _table(("gate", "wanted", "got", "verdict"), rows)


def _calibration(report: Report) -> str:
    if not report.classes:
        return ""
    first = report.classes[0]
    rows = [
        (f"{said:.1%}", f"{share.value:.1%}", _ends(share, percent=True), f"{count:,}")
        for said, share, count in zip(first.calibration.said, first.calibration.came_true, first.calibration.rows, strict=True)
    ]
    return f"## Calibration\n\nOf the class {text(first.label)}.\n\n" + _table(("said", "came true", "95 % interval", "rows"), rows)


def _slices(report: Report) -> str:
    if report.slices is None:
        return ""
    rows = [
        (_code(each.feature), text(slice_.level.value or "(empty)"), f"{slice_.rows:,}", _number(slice_.metric.value), _ends(slice_.metric))
        for each in report.slices.features[:_SLICES_SHOWN]
        for slice_ in each.slices
        if slice_.metric is not None
    ]
    return "## Slices\n\n" + _table(("feature", "value", "rows", report.slices.metric, "95 % interval"), rows) if rows else ""


def _importance(report: Report) -> str:
    found = report.importances
    if found is None:
        return ""
    rows = [(_code(each.feature), _number(each.loss.value), _ends(each.loss)) for each in found.features[:_IMPORTANT_SHOWN]]
    return f"## Importance\n\nWhat {found.metric} loses where the feature is shuffled.\n\n" + _table(
        ("feature", "loss", "95 % interval"), rows
    )


def _limits(subject: Subject) -> str:
    manifest = subject.manifest
    lines = [
        "- What holds of the hold-out holds of rows like it: train again as the data moves.",
        "- An importance or a dependence tells how the model answers, not what causes what.",
        *(f"- Guard waived: {text(waived)}." for waived in manifest.waived),
        *(f"- {text(found)}" for found in manifest.warnings),
    ]
    return "## Limits\n\n" + "\n".join(lines)


def _making(manifest: Manifest) -> str:
    parameters = ", ".join(f"{key}={value}" for key, value in manifest.parameters.items())
    libraries = ", ".join(f"{name} {number}" for name, number in sorted(manifest.libraries.items()))
    rows = [
        ("estimator", _code(manifest.estimator)),
        ("parameters", _code(parameters or "defaults")),
        ("seed", str(manifest.seed)),
        ("libraries", text(libraries)),
        ("digest", _code(manifest.digest)),
    ]
    how = "The folder is a bundle: `prisml.load(folder)` predicts from it, and `model.onnx` is a plain ONNX graph."
    return f"## How it was made\n\n{_table(('', ''), rows)}\n\n{how}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1e4 or 0 < abs(value) < 1e-3 else f"{value:.4f}"


def _ends(of: Interval, *, percent: bool = False) -> str:
    if of.low is None or of.high is None:
        return ""
    return f"{of.low:.1%} to {of.high:.1%}" if percent else f"{_number(of.low)} to {_number(of.high)}"
