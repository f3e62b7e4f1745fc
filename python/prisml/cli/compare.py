"""``prisml compare``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.commands.compare import compare as compare_versions
from prisml.registry.compare import Change, Comparison, MetricChange
from prisml.registry.registry import Version

LONGEST = 60
"""Longer values are cut; --json has them whole."""


@options.command(
    "prisml compare churn 3 4",
    "prisml compare churn v1.0 v1.1 --json",
    _0="shown, whether they differ or not",
    _2="no such model or version, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("a", type=kinds.version, shell_complete=version_names)
@click.argument("b", type=kinds.version, shell_complete=version_names)
@options.registry
@options.as_json
def compare(name: str, a: Which, b: Which, registry: str | None, as_json: bool) -> None:
    """Show in what two versions of a model differ.

    A and B are numbers or labels. Shows each metric with its interval and the difference, and what is not the same: gates, features,
    data, parameters, libraries, size. Each version was measured on the rows that it held out: where these are others, so is the scale.
    """
    found = compare_versions(open_registry(registry), name, a, b)
    if as_json:
        render.write_json(document.answer(**found.as_dict()))
        return
    screen = render.console()
    screen.print(_metrics(found))
    if found.gates:
        screen.print(_gates(found))
    differences = list(_differences(found))
    if differences:
        columns = ("what differs", *_titles(found))
        screen.print(render.table("", columns, differences))
    elif found.same:
        render.say("They are one version.")
    else:
        render.say("They are alike in features, data, parameters and libraries; what was learned differs.")


def _titles(found: Comparison) -> tuple[str, str]:
    return _title(found.a), _title(found.b)


def _title(version: Version) -> str:
    return f"version {version.number}" if version.label is None else f"version {version.number} ({version.label})"


def _metrics(found: Comparison) -> Table:
    columns = ("metric", *_titles(found), "difference", "better")
    rows = [
        (each.metric, render.estimate(each.a), render.estimate(each.b), render.difference(each.difference), _better(each, found))
        for each in found.metrics
    ]
    return render.table(f"{found.name}: on the hold-out, with 95 % intervals", columns, rows, right=columns[1:4])


def _better(metric: MetricChange, found: Comparison) -> str | Text:
    if metric.better is None:
        return ""
    number = found.b.number if metric.better else found.a.number
    return Text(f"version {number}, clearly", style="green") if metric.apart else f"version {number}, within chance"


def _gates(found: Comparison) -> Table:
    rows = [(each.metric, each.wanted, *(_passed(passed) for passed in (each.a, each.b))) for each in found.gates]
    return render.table("Gates", ("gate", "wanted", *_titles(found)), rows)


def _passed(passed: bool | None) -> str | Text:
    return "-" if passed is None else render.verdict(passed=passed)


def _differences(found: Comparison) -> Iterator[tuple[str, str, str]]:
    yield from ((f"feature {name}", "-", "added") for name in found.added)
    yield from ((f"feature {name}", "there", "removed") for name in found.removed)
    for feature in found.changed:
        yield from (_line(change, f"feature {feature.name}: ") for change in feature.changes)
    if found.reordered:
        yield "order of the features", "one", "another"
    yield from (_line(change) for change in (*found.data, *found.model))
    if (count := len(found.parameters)) and any(change.what == "estimator" for change in found.model):
        # Those of one algorithm say nothing beside those of another.
        yield f"{count} parameters", "its own", "its own (--json)"
    else:
        yield from (_line(change, "parameter ") for change in found.parameters)
    yield from (_line(change, "library ") for change in found.libraries)
    if found.size is not None:
        yield _line(found.size)


def _line(change: Change, prefix: str = "") -> tuple[str, str, str]:
    return f"{prefix}{change.what}", _value(change.a), _value(change.b)


def _value(value: JsonValue) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
