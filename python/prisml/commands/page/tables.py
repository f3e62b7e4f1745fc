"""The same as in the pictures, and more, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prisml.commands.page.multiples import metric_names
from prisml.commands.page.past import Past, Told
from prisml.commands.page.text import escape, isolated, measured, moment, percent, prose, short
from prisml.manifest import Interval
from prisml.registry.experiments import Experiment
from prisml.registry.log import Deployment

_NONE = '<span class="none">none</span>'


def log_table(past: Past) -> str:
    """Every entry of the log, newest first."""
    head = ("#", "When (UTC)", "What", "From", "To", "Who", "Experiment", "Why")
    rows = (_entry(past, entry) for entry in reversed(past.log))
    return _table("Deployments", "Deployments, newest first", head, rows)


def versions_table(past: Past) -> str:
    """Every version, newest first, with its metrics."""
    metrics = metric_names(past)
    head = ("Version", "State", *(escape(metric) for metric in metrics), "Published (UTC)", "Who", "Commit", "Graph", "Digest", "Note")
    rows = (_version(past, told, metrics) for told in reversed(past.versions))
    return _table("Versions", "Versions, newest first, with each metric and its 95 % interval", head, rows)


def _table(name: str, caption: str, head: Sequence[str], rows: Iterable[str]) -> str:
    columns = "".join(f'<th scope="col">{title}</th>' for title in head)
    table = f"<table><caption>{caption}</caption><thead><tr>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{table}</div>'


def _entry(past: Past, entry: Deployment) -> str:
    cells = (
        moment(entry.at),
        f'<span class="action {escape(entry.action)}">{escape(entry.action)}</span>',
        _NONE if entry.before is None else _link(past, entry.before),
        _link(past, entry.version),
        isolated(entry.author),
        _NONE if entry.experiment is None else _experiment(past, entry.experiment),
        prose(entry.why),
    )
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr id="entry-{entry.position}" tabindex="-1"><th scope="row">{entry.position}</th>{body}</tr>'


def _experiment(past: Past, experiment: Experiment) -> str:
    shares = ", ".join(f"{_link(past, variant.version)} {percent(variant.weight)}" for variant in experiment.variants)
    forced = f", {len(experiment.forced):,} forced" if experiment.forced else ""
    return f"{isolated(experiment.name)}<br><small>{shares}{forced}</small>"


def _link(past: Past, version: int) -> str:
    label = {told.version.number: told.version.label for told in past.versions}.get(version)
    link = f'<a href="#version-{version}">v{version}</a>'
    return f'<span class="version">{link} {isolated(short(label, 20))}</span>' if label else link


def _version(past: Past, told: Told, metrics: Sequence[str]) -> str:
    version = told.version
    cells = (
        _state(past, told),
        *(_metric(told.metrics[metric]) if metric in told.metrics else _NONE for metric in metrics),
        moment(version.created_at),
        isolated(version.author),
        f"<code>{escape(version.commit[:12])}</code>" if version.commit else _NONE,
        _NONE if version.size is None else _bytes(version.size),
        f'<code title="{version.digest}">{version.digest[:12]}</code>',
        prose(version.note),
    )
    label = f" {isolated(version.label)}" if version.label else ""
    numbers = range(1, len(metrics) + 1)
    body = "".join(f'<td class="number">{cell}</td>' if place in numbers else f"<td>{cell}</td>" for place, cell in enumerate(cells))
    return f'<tr id="version-{version.number}" tabindex="-1"><th scope="row">v{version.number}{label}</th>{body}</tr>'


def _metric(interval: Interval) -> str:
    value = measured(interval.value)
    if interval.low is None or interval.high is None:
        return value
    return f"{value}<br><small>{measured(interval.low)} to {measured(interval.high)}</small>"


def _state(past: Past, told: Told) -> str:
    return " ".join(_states(past, told)) or "idle"


def _states(past: Past, told: Told) -> Iterator[str]:
    now, number = past.serving, told.version.number
    if told.deleted:
        yield "deleted"
    if now is not None and now.version == number:
        yield '<strong class="serves">serves</strong>'
    elif now is not None and now.experiment is not None and any(variant.version == number for variant in now.experiment.variants):
        yield "in experiment"


def _bytes(size: int) -> str:
    for unit, factor in (("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} B"
