"""The metrics over versions: one small picture each, on the same versions, with the 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prisml.commands.page.past import Past, Told
from prisml.commands.page.scale import Scale, number_ticks
from prisml.commands.page.text import escape, number
from prisml.definition.gates import LOWER_IS_BETTER, METRICS
from prisml.manifest import Interval

WIDTH, HEIGHT = 320, 168
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 10, 24
_KNOWN = tuple(dict.fromkeys(metric for metrics in METRICS.values() for metric in metrics))
Point = tuple[Told, Interval]


def multiples(past: Past) -> str:
    """A figure for each metric that any version has."""
    figures = "".join(_figure(past, metric) for metric in metric_names(past))
    return f'<div class="multiples">{figures}</div>' if figures else '<p class="none">No version has metrics.</p>'


def metric_names(past: Past) -> tuple[str, ...]:
    """The metrics that any version has, in the order in which they are known."""
    named = {metric for told in past.versions for metric in told.metrics}
    return tuple(sorted(named, key=lambda metric: (_KNOWN.index(metric) if metric in _KNOWN else len(_KNOWN), metric)))


def _figure(past: Past, metric: str) -> str:
    points = [(told, told.metrics[metric]) for told in past.versions if metric in told.metrics]
    lower = " <small>lower is better</small>" if metric in LOWER_IS_BETTER else ""
    return f"<figure><figcaption>{escape(metric)}{lower}</figcaption>{_picture(past, metric, points)}</figure>"


def _picture(past: Past, metric: str, points: Sequence[Point]) -> str:
    order = [told.version.number for told in past.versions]
    x = Scale(0, len(order) - 1, LEFT + 8, WIDTH - RIGHT)
    places = {version: x(place) for place, version in enumerate(order)}
    y = _scale([interval for _, interval in points])
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(_summary(past, metric, points))}">'
    size = max(1.4, min(4.0, (WIDTH - LEFT - RIGHT) / (2.6 * len(order))))
    return head + "".join((*_axis(y, places), *_points(past, points, places, y, size))) + "</svg>"


def _scale(intervals: Sequence[Interval]) -> Scale:
    ends = [end for interval in intervals for end in (interval.value, interval.low, interval.high) if end is not None]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.08 or max(abs(high) * 0.05, 0.01)
    return Scale(low - room, high + room, HEIGHT - BOTTOM, TOP)


def _axis(y: Scale, places: dict[int, float]) -> Iterator[str]:
    yield '<g class="axis">'
    for value in number_ticks(y.low, y.high):
        at = y(value)
        yield f'<path d="M{LEFT},{at:.1f} H{WIDTH - RIGHT / 2}"/>'
        yield f'<text x="{LEFT - 5}" y="{at + 3.5:.1f}" text-anchor="end">{number(value)}</text>'
    shown = -1e9
    for version, at in places.items():
        if at - shown >= max(30, (WIDTH - LEFT) / 6):
            shown = at
            yield f'<text x="{at:.1f}" y="{HEIGHT - 6}" text-anchor="middle">v{version}</text>'
    yield "</g>"


def _points(past: Past, points: Sequence[Point], places: dict[int, float], y: Scale, size: float) -> Iterator[str]:
    serving = past.serving.version if past.serving else None
    whiskers = "".join(
        f"M{places[told.version.number]:.1f},{y(interval.low):.1f} V{y(interval.high):.1f}"
        for told, interval in points
        if interval.low is not None and interval.high is not None
    )
    line = " ".join(f"{places[told.version.number]:.1f},{y(interval.value):.1f}" for told, interval in points)
    yield f'<path class="whisker" d="{whiskers}" stroke-width="{max(1.0, size * 0.5):.1f}"/><polyline class="course" points="{line}"/>'
    for told, interval in points:
        kind = "gone" if told.deleted else "now" if told.version.number == serving else "then"
        radius = size + 1.6 if kind == "now" else size
        place = f'cx="{places[told.version.number]:.1f}" cy="{y(interval.value):.1f}" r="{radius:.1f}"'
        yield f'<circle class="{kind}" {place}><title>{_said(told, interval)}</title></circle>'


def _said(told: Told, interval: Interval) -> str:
    ends = "" if interval.low is None or interval.high is None else f" ({number(interval.low)} to {number(interval.high)})"
    return f"v{told.version.number}: {number(interval.value)}{ends}{' (deleted)' if told.deleted else ''}"


def _summary(past: Past, metric: str, points: Sequence[Point]) -> str:
    values = [(interval.value, told.version.number) for told, interval in points]
    best = (min if metric in LOWER_IS_BETTER else max)(values, key=lambda pair: pair[0])
    text = f"{metric} of {len(points)} versions, from {number(min(values)[0])} to {number(max(values)[0])}; best is v{best[1]}"
    serving = past.serving.version if past.serving else None
    mine = [value for value, version in values if version == serving]
    return f"{text}; v{serving} serves with {number(mine[0])}." if mine else f"{text}."
