"""The metadata of a model card: YAML, of which JSON's strings and numbers are a part.

The keys are those of https://github.com/huggingface/hub-docs/blob/main/modelcard.md. ``license`` and ``language`` are left out: nobody but
the owner can say them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from prisml.commands.page.report.subject import Subject

_PIPELINES = {"binary": "tabular-classification", "multiclass": "tabular-classification", "regression": "tabular-regression"}
_TASK_NAMES = {"tabular-classification": "Tabular Classification", "tabular-regression": "Tabular Regression"}
_HUB_METRICS: Mapping[str, str] = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "f1_macro": "f1",
    "roc_auc": "roc_auc",
    "roc_auc_ovr": "roc_auc",
    "average_precision": "average_precision",
    "brier": "brier_score",
    "mae": "mae",
    "mape": "mape",
    "rmse": "rmse",
    "r2": "r_squared",
}
"""The hub's name of a metric; one that it does not know keeps its own."""


def front_matter(subject: Subject) -> str:
    """The metadata between its two lines of hyphens."""
    return "\n".join(("---", *_lines(subject), "---"))


def _lines(subject: Subject) -> Iterator[str]:
    manifest = subject.manifest
    pipeline = _PIPELINES[manifest.task]
    yield "library_name: onnx"
    yield f"pipeline_tag: {pipeline}"
    yield "tags:"
    for tag in ("prisml", "tabular", "onnx", manifest.task):
        yield f"- {tag}"
    if not manifest.metrics:
        return
    yield "metrics:"
    for metric in dict.fromkeys(_HUB_METRICS.get(name, name) for name in manifest.metrics):
        yield f"- {_text(metric)}"
    yield "model-index:"
    yield f"- name: {_text(subject.title)}"
    yield "  results:"
    yield "  - task:"
    yield f"      type: {pipeline}"
    yield f"      name: {_TASK_NAMES[pipeline]}"
    yield "    dataset:"
    yield f"      type: {_text(manifest.entity.lower())}"
    yield f"      name: {_text(f'{manifest.entity}, rows held out')}"
    yield "      split: test"
    yield "    metrics:"
    for name, of in manifest.metrics.items():
        yield f"    - type: {_text(_HUB_METRICS.get(name, name))}"
        yield f"      name: {_text(name)}"
        yield (
            f"      value: {of.value:.6f}" if 1e-4 <= abs(of.value) < 1e9 or of.value == 0 else f"      value: {float(f'{of.value:.6g}')!r}"
        )


def _text(value: str) -> str:
    """A string of YAML: in ASCII, with the escapes that JSON has and YAML reads alike."""
    return json.dumps(value.encode("utf-16", "replace").decode("utf-16"))
