"""The report as a page."""

from __future__ import annotations

from collections.abc import Iterator

from prisml.commands.page.report import classes, data, features, tables
from prisml.commands.page.report.residuals import residuals
from prisml.commands.page.report.slices import slices
from prisml.commands.page.report.style import STYLE
from prisml.commands.page.report.subject import Subject
from prisml.commands.page.shell import Section, document
from prisml.commands.page.text import count, escape, isolated, moment, prose
from prisml.report import Report


def report_page(subject: Subject) -> str:
    """The report as one HTML file that needs no script, no font and no network.

    Equal subjects make equal pages. Of a version without a report it tells what the manifest says.
    """
    version = subject.version
    sections = tuple(Section(anchor, title, link, body) for anchor, title, link, body in _sections(subject) if body)
    footer = (
        "Times are in UTC."
        if version is None
        else f"Version {version.number}, digest <code>{version.digest[:12]}</code>. Times are in UTC."
    )
    return document(f"{subject.title}: report", style=STYLE, header=_header(subject), sections=sections, footer=footer)


def _header(subject: Subject) -> str:
    manifest, version = subject.manifest, subject.version
    label = f' <small class="tag">{isolated(version.label)}</small>' if version is not None and version.label else ""
    serves = ' <small class="tag serves">serves</small>' if version is not None and version.active else ""
    title = "" if version is None else f" <span>version {version.number}</span>"
    said = [
        f"<p>Predicts <strong>{isolated(manifest.output)}</strong> of {isolated(manifest.entity)}, {_what(subject)}{_rows(subject)}</p>"
    ]
    if version is not None:
        said.append(f"<p>Published {moment(version.created_at)} UTC by {isolated(version.author)}.</p>")
        if version.note:
            said.append(prose(version.note))
    return f"<h1>{isolated(manifest.name)}{title}{label}{serves}</h1>\n{''.join(said)}"


def _what(subject: Subject) -> str:
    manifest = subject.manifest
    made = f"by <strong>{escape(manifest.estimator)}</strong> of {count(len(manifest.inputs), 'feature')}"
    if manifest.task == "regression":
        return f"a number, {made}"
    if manifest.task == "multiclass":
        return f"one of {len(manifest.classes):,} classes, {made}"
    return f"the probability that it is {isolated(str(manifest.classes[1]))}, {made}"


def _rows(subject: Subject) -> str:
    if not subject.is_measured:
        return "; it was trained elsewhere."
    rows = subject.manifest.rows
    return f". Trained on {count(rows.train, 'row')}, judged on {rows.test:,} that were held out."


def _sections(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    manifest, report = subject.manifest, subject.report
    if manifest.metrics:
        yield "summary", "How well it predicts", "Metrics", tables.tiles(subject) + tables.metrics(manifest)
    if manifest.gates:
        yield "gates", "Gates", "Gates", tables.gates(manifest.gates)
    if manifest.cross_validation is not None:
        yield "folds", "Cross-validation", "Folds", tables.cross_validation(manifest.cross_validation)
    if report is not None:
        yield from _measured(subject, report)
    if manifest.warnings:
        yield "warnings", "What was found of the rows", "Warnings", tables.warnings(manifest.warnings)
    if report is not None:
        yield "data", "The data", "Data", data.profile(report.profile)
        if report.tried:
            yield "tried", "What was tried", "Tried", tables.tried(report.tried)
    elif subject.is_measured:
        yield "none", "No report", "Report", '<p class="none">This version was trained without a report: train it again to have one.</p>'
    yield "making", "How it was made", "Making", tables.making(subject)


def _measured(subject: Subject, report: Report) -> Iterator[tuple[str, str, str, str]]:
    """What is known of the predictions."""
    if report.classes:
        yield "classes", "How well classes are told apart", "Curves", classes.told_apart(subject, report)
        yield "spread", "How predictions are spread", "Predictions", classes.spread(subject, report)
    if report.residuals is not None:
        yield "residuals", "Where it is off", "Residuals", residuals(report.residuals)
    if report.importances is not None:
        yield "importance", "What the predictions hang on", "Importance", features.importances(report.importances)
    if report.dependences:
        yield "dependence", "How the strongest features move it", "Dependence", features.dependences(report.dependences, report.task)
    if report.slices is not None:
        yield "slices", "For whom it predicts how well", "Slices", slices(subject, report.slices)
    if report.worst:
        is_number = report.task == "regression"
        yield "worst", "The worst errors", "Errors", tables.worst(report.worst, subject.manifest.key, is_number=is_number)
