"""How well classes are told apart: curves, calibration, the spread of predictions, and confusion."""

from __future__ import annotations

from prisml.commands.page.report.plot import Plot, figure, listing, percents, table
from prisml.commands.page.report.subject import Subject
from prisml.commands.page.text import escape, measured, number, percent
from prisml.report import ClassReport, Confusion, Curve, Histogram, Report

_SHADES = 9
# So many classes have room beside another figure.
_NARROW = 3


def told_apart(subject: Subject, report: Report) -> str:
    """ROC, precision over recall and calibration of each class that is shown."""
    figures = (part(subject, each) for each in report.classes for part in (_roc, _precision_recall, _calibration))
    told = "" if subject.manifest.task == "binary" else '<p class="lead">Each class against the rest.</p>'
    return f'{told}<div class="figures">{"".join(figures)}</div>{_left_out(report)}'


def spread(subject: Subject, report: Report) -> str:
    """How the predictions are spread by what was true, and which class is taken for which."""
    figures = "".join(_distribution(subject, each) for each in report.classes)
    confused = "" if report.confusion is None else _confusion(subject, report.confusion)
    return f'<div class="figures">{figures}{confused}</div>'


def _confusion(subject: Subject, found: Confusion) -> str:
    """Rows by true class and by the label that was given, each with its share of the true class."""
    heads = ["", *(f"given {escape(label)}" for label in found.labels), "rows"]
    body = "".join(_confused(label, counts) for label, counts in zip(found.labels, found.counts, strict=True))
    left = f"; of rarer classes {found.left_out:,} are not shown" if found.left_out else ""
    threshold = subject.manifest.threshold
    at = "" if threshold is None else f" at threshold {number(threshold)}"
    caption = f"Confusion{at} <small>rows, and their share of those that are truly so{left}</small>"
    kind = "confusion" if len(found.labels) <= _NARROW else "confusion full"
    return f'<figure class="{kind}"><figcaption>{caption}</figcaption>{table(heads, body)}</figure>'


def _left_out(report: Report) -> str:
    if not report.classes_left_out:
        return ""
    return f'<p class="none">The {len(report.classes)} most frequent classes are shown; {report.classes_left_out:,} more are not.</p>'


def _of(each: ClassReport, subject: Subject) -> str:
    """What the figure is of, where a model has several."""
    return "" if subject.manifest.task == "binary" else f": {each.label}"


def _roc(subject: Subject, each: ClassReport) -> str:
    if each.roc is None:
        return ""
    plot = Plot.over((0, 1), (0, 1))
    parts = [
        plot.axes("false positive rate", "true positive rate", x_text=percents, y_text=percents),
        plot.line((0, 1), (0, 1), "chance"),
        plot.line(each.roc.x, each.roc.y, "curve"),
        _at_threshold(subject, plot, each.roc),
        plot.text(plot.x(0.97), plot.y(0.06), "dashed: a guess", "end"),
    ]
    told = subject.manifest.metrics.get("roc_auc") if subject.manifest.task == "binary" else None
    remark = "" if told is None else f"AUC {measured(told.value)}"
    return figure(f"ROC{_of(each, subject)}", plot.svg(f"ROC curve {remark}", parts), _points(each.roc, "FPR", "TPR"), remark=remark)


def _precision_recall(subject: Subject, each: ClassReport) -> str:
    curve = each.precision_recall
    if curve is None:
        return ""
    plot = Plot.over((0, 1), (0, 1))
    rows = each.rows / max(subject.manifest.rows.test, 1)
    parts = [
        plot.axes("recall", "precision", x_text=percents, y_text=percents),
        plot.line((0, 1), (rows, rows), "chance"),
        plot.text(plot.x(0.02), plot.y(rows) + (-6 if rows < 0.9 else 14), f"a guess: {percent(rows)}"),
        plot.line(curve.x, curve.y, "curve"),
        _at_threshold(subject, plot, curve),
    ]
    told = subject.manifest.metrics.get("average_precision") if subject.manifest.task == "binary" else None
    remark = "" if told is None else f"AP {measured(told.value)}"
    label = f"Precision over recall {remark}"
    return figure(f"Precision and recall{_of(each, subject)}", plot.svg(label, parts), _points(curve, "recall", "precision"), remark=remark)


def _at_threshold(subject: Subject, plot: Plot, curve: Curve) -> str:
    """Where the threshold is on the curve, as near as a corner of it is."""
    threshold = subject.manifest.threshold
    if threshold is None:
        return ""
    above = [place for place, value in enumerate(curve.thresholds) if value is None or value > threshold]
    place = above[-1]
    x, y = curve.x[place], curve.y[place]
    right = plot.x(x) < (plot.x.start + plot.x.end) / 2
    name = plot.text(
        plot.x(x) + (9 if right else -9), plot.y(y) + 15, f"threshold {number(threshold)}", "start" if right else "end", "said"
    )
    return plot.dot(x, y, f"threshold {number(threshold)}") + name


def _points(curve: Curve, x: str, y: str) -> str:
    rows = [
        ("none" if threshold is None else measured(threshold), measured(left), measured(up))
        for left, up, threshold in zip(curve.x, curve.y, curve.thresholds, strict=True)
    ]
    return listing(("threshold", x, y), rows)


def _calibration(subject: Subject, each: ClassReport) -> str:
    found = each.calibration
    plot = Plot.over((0, 1), (0, 1))
    most = max(found.rows)
    bars = "".join(
        f'<path class="rug" d="M{plot.x(said):.1f},{plot.y.start} v{-26 * rows / most:.1f}"/>'
        for said, rows in zip(found.said, found.rows, strict=True)
    )
    values = [share.value for share in found.came_true]
    parts = [
        plot.axes("predicted probability", "share that came true", x_text=percents, y_text=percents),
        bars,
        plot.line((0, 1), (0, 1), "chance"),
        *(plot.whisker(said, share.low or 0.0, share.high or 0.0) for said, share in zip(found.said, found.came_true, strict=True)),
        plot.line(found.said, values, "course"),
        *(
            plot.dot(said, value, f"said {percent(said)}, came true {percent(value)}, {rows:,} rows")
            for said, value, rows in zip(found.said, values, found.rows, strict=True)
        ),
        plot.text(plot.x(0.03), plot.y(0.95), "dashed: as said; bars: rows"),
    ]
    rows = [
        (percents(said), percents(share.value), f"{percents(share.low or 0)} to {percents(share.high or 0)}", f"{rows:,}")
        for said, share, rows in zip(found.said, found.came_true, found.rows, strict=True)
    ]
    picture = plot.svg(f"Calibration of {each.label}: {len(rows)} bins", parts)
    return figure(f"Calibration{_of(each, subject)}", picture, listing(("said", "came true", "95 % interval", "rows"), rows))


def _distribution(subject: Subject, each: ClassReport) -> str:
    threshold = subject.manifest.threshold
    shares = [_shares(counts) for counts in each.distribution.counts]
    edges = each.distribution.edges
    plot = Plot.over((0, 1), (0, max(max(part, default=0.0) for part in shares) * 1.16 or 1.0))
    parts = [
        plot.axes("predicted probability", "share of those rows", x_text=percents, y_text=percents),
        plot.steps(edges, shares[0], "first"),
        plot.steps(edges, shares[1], "second"),
        "" if threshold is None else plot.upright(threshold, f"threshold {number(threshold)}"),
    ]
    key = f'<p class="key"><span class="k1"></span>not {escape(each.label)} <span class="k2"></span>{escape(each.label)}</p>'
    picture = plot.svg(f"Predicted probability of {each.label}, by what was true", parts)
    return figure(f"Predictions{_of(each, subject)}", key + picture, _counts(each.distribution, each.label))


def _shares(counts: tuple[int, ...]) -> list[float]:
    whole = sum(counts) or 1
    return [some / whole for some in counts]


def _counts(found: Histogram, label: str) -> str:
    rows = [
        (
            f"{percents(found.edges[place])} to {percents(found.edges[place + 1])}",
            f"{found.counts[0][place]:,}",
            f"{found.counts[1][place]:,}",
        )
        for place in range(len(found.edges) - 1)
    ]
    return listing(("predicted", f"not {label}", label), rows)


def _confused(label: str, counts: tuple[int, ...]) -> str:
    whole = sum(counts)
    cells = "".join(
        f'<td class="number h{round(_SHADES * some / whole) if whole else 0}">{some:,}<br>'
        f"<small>{percent(round(some / whole, 3)) if whole else 'none'}</small></td>"
        for some in counts
    )
    return f'<tr><th scope="row">truly {escape(label)}</th>{cells}<td class="number">{whole:,}</td></tr>'
