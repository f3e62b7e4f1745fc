"""``docs/reference/estimators.md`` from ``allowed.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benches.matrix.cases import TASKS
from prisml.definition.algorithms import ALGORITHMS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "estimators.md"
_HEAD = """\
# Estimators

What `algorithm=` takes: a name, an estimator, or a scikit-learn `Pipeline` that ends in one. This page is written by `make matrix` from
`prisml/training/allowed.json`, which the same command writes. The matrix fits every estimator with every option here on made-up rows,
exports it, and lets the parity gate judge 20,000 other rows, in ONNX Runtime and natively: what stands here was found exact, and
nothing else is offered. An option that is not named changes only what is fitted, and takes any value that scikit-learn takes.

A name, a parameter or a value that is not offered is refused by `prisml train` and `prisml check` before a database is asked.
"""
_PIPELINES = """\
## Pipelines

```python
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

algorithm = make_pipeline(StandardScaler(), PCA(5), LogisticRegression())
```

The first step gets numbers as they are, in float64, and one column for each code of each category. Missing numbers are filled before, by
the features' `missing=`; where all steps before a `SimpleImputer`, or before an estimator that takes missing numbers, let them pass
(`StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`, `VarianceThreshold`), they get there as NaN. Before trees alone,
or behind selections and imputers, categories stay codes. What steps give to trees is computed in double and rounded to float32, in
training and in the graph alike.

Steps that are sums fold into what follows: scaling and `PCA` before a linear model cost nothing at prediction. `PowerTransformer` stands
behind a scaler, since it loses numbers that are large beside their spread.
"""


def page_of(document: Mapping[str, Any]) -> str:
    """The page."""
    tables = ["\n".join(table) for table in (_names(), _estimators(document), _steps(document), _refused(document))]
    names, estimators, steps, refused = tables
    parts = (_HEAD, names, estimators, _PIPELINES, steps, refused)
    return "\n".join(parts).rstrip() + "\n"


def _names() -> Iterator[str]:
    yield "## By name\n"
    yield "| name | classifier | regressor | starts from |"
    yield "| --- | --- | --- | --- |"
    for known in ALGORITHMS.values():
        shown = ", ".join(
            (
                *(f"`{name}={_value(value)}`" for name, value in known.defaults.items()),
                *(f"`{name}={_value(value)}` (classifier)" for name, value in known.classifies.items()),
            )
        )
        yield f"| `{known.name}` | {known.classifier or ''} | {known.regressor or ''} | {shown} |"
    yield ""


def _estimators(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## By class\n"
    yield "An instance keeps its own parameters. Missing says what may reach it: NaN, or what fills it. A class that stands behind steps"
    yield "is taken at the end of a `Pipeline` alone.\n"
    yield "| class | tasks | categories | missing | options |"
    yield "| --- | --- | --- | --- | --- |"
    for name, tasks in document["estimators"].items():
        for learned, offer in _grouped(tasks):
            behind = " (behind steps)" if offer.get("behind") else ""
            missing = " or ".join(offer["missing"])
            categories = " or ".join(each.replace("_", "-") for each in offer["categories"])
            yield f"| {name}{behind} | {', '.join(learned)} | {categories} | {missing} | {_options(offer)} |"
    yield ""


def _grouped(tasks: Mapping[str, Any]) -> Iterator[tuple[list[str], Any]]:
    """Tasks of which the same is offered, together."""
    groups: dict[str, list[str]] = {}
    for task in TASKS:
        if task in tasks:
            groups.setdefault(json.dumps(tasks[task], sort_keys=True), []).append(task)
    for written, learned in groups.items():
        yield learned, json.loads(written)


def _steps(document: Mapping[str, Any]) -> Iterator[str]:
    yield "| step | options |"
    yield "| --- | --- |"
    for name, offer in document["steps"].items():
        yield f"| {name} | {_options(offer)} |"
    yield ""


def _refused(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## Refused\n"
    yield "| what | why | instead |"
    yield "| --- | --- | --- |"
    rows: dict[tuple[str, str], list[str]] = {}
    for name, refusal in document["refused"].items():
        rows.setdefault((refusal["why"], refusal["instead"]), []).append(name)
    offers = [(name, offer) for name, tasks in document["estimators"].items() for offer in tasks.values()]
    for name, offer in (*offers, *document["steps"].items()):
        for option, found in offer["options"].items():
            for each in found.get("refused", ()):
                what = rows.setdefault((each["why"], each["instead"]), [])
                given = f"{name}(`{option}={_value(each['value'])}`)"
                if given not in what:
                    what.append(given)
    for (why, instead), names in rows.items():
        yield f"| {', '.join(names)} | {why} | {instead} |"


def _options(offer: Mapping[str, Any]) -> str:
    shown = [
        f"`{option}`: {', '.join(f'`{_value(value)}`' for value in found['exact'])}"
        for option, found in offer["options"].items()
        if found.get("exact")
    ]
    return "; ".join(shown)


def _value(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
