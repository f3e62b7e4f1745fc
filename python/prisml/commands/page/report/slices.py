"""For whom it predicts well, and for whom it does not."""

from __future__ import annotations

from prisml.commands.page.report.dots import Dot, dots
from prisml.commands.page.report.features import shown
from prisml.commands.page.report.plot import Format, figure, listing, percents
from prisml.commands.page.report.subject import Subject
from prisml.commands.page.text import count, escape, measured, number
from prisml.report import Slice, Sliced, Slices


def slices(subject: Subject, found: Slices) -> str:
    """A figure for each feature that has categories, on the same hold-out."""
    whole = subject.manifest.metrics.get(found.metric)
    text = number if subject.manifest.task == "regression" else percents
    figures = "".join(_figure(found.metric, each, None if whole is None else whole.value, text) for each in found.features)
    left = f" {count(found.left_out, 'less important feature')} not shown." if found.left_out else ""
    told = (
        f"{found.metric} in the rows of the hold-out that have one value, with its 95 % interval. "
        f"Of fewer than 30 rows nothing is said.{left}"
    )
    return f'<p class="lead">{escape(told)}</p><div class="figures wide">{figures}</div>'


def _figure(metric: str, each: Sliced, whole: float | None, text: Format) -> str:
    made = [_dot(slice_) for slice_ in each.slices]
    marks = () if whole is None else ((whole, f"all: {measured(whole)}"),)
    rows = [
        (shown(slice_.level), f"{slice_.rows:,}", *_told(slice_), *(_maybe(mean, text) for mean in (slice_.actual, slice_.predicted)))
        for slice_ in each.slices
    ]
    remark = f"{count(each.left_out, 'smaller slice')} not shown" if each.left_out else ""
    picture = dots(f"{metric} by {each.feature}", made, metric, marks=marks)
    table = listing((each.feature, "rows", metric, "95 % interval", "true mean", "predicted mean"), rows)
    return figure(each.feature, picture, table, remark=remark)


def _dot(of: Slice) -> Dot:
    rows = f"{of.rows:,} {'row' if of.rows == 1 else 'rows'}"
    if of.metric is None:
        return Dot(shown(of.level), None, note=rows)
    return Dot(shown(of.level), of.metric.value, of.metric.low, of.metric.high, f"{measured(of.metric.value)}, {rows}")


def _told(of: Slice) -> tuple[str, str]:
    if of.metric is None:
        return "none", "none"
    low, high = of.metric.low, of.metric.high
    return measured(of.metric.value), "none" if low is None or high is None else f"{measured(low)} to {measured(high)}"


def _maybe(value: float | None, text: Format) -> str:
    return "none" if value is None else text(value)
