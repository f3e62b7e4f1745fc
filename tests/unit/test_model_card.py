"""The model card: what the hub reads of it, and what people do."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml.commands.card import model_card
from prisml.commands.page.report import Subject
from prisml.manifest import Task
from tests.artifacts import make_artifact
from tests.support.reports import subject

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


def parts(card: str) -> tuple[dict[str, object], str]:
    """The metadata and the Markdown, split as the hub does."""
    found = re.match(r"^(---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))", card)
    assert found is not None
    return yaml.safe_load(found[2]), card[found.end() :]


@pytest.mark.parametrize("task", TASKS)
def test_the_hub_can_read_the_metadata(task: Task):
    """The library, a task that the hub knows, and every metric as a result with its task, data set and a finite value."""
    made = subject(task)
    metadata, _ = parts(model_card(made))
    assert set(metadata) == {"library_name", "pipeline_tag", "tags", "metrics", "model-index"}
    assert metadata["library_name"] == "onnx"
    assert metadata["pipeline_tag"] == ("tabular-regression" if task == "regression" else "tabular-classification")
    (model,) = metadata["model-index"]  # type: ignore[misc]
    (result,) = model["results"]
    assert set(result) == {"task", "dataset", "metrics"}
    assert result["task"]["type"] == metadata["pipeline_tag"]
    assert set(result["dataset"]) == {"type", "name", "split"}
    assert {each["name"]: each["value"] for each in result["metrics"]} == pytest.approx(
        {name: of.value for name, of in made.manifest.metrics.items()}, rel=1e-4, abs=1e-6
    )
    assert all(isinstance(each["value"], float) and isinstance(each["type"], str) for each in result["metrics"])
    assert {each["type"] for each in result["metrics"]} == set(metadata["metrics"])  # type: ignore[call-overload]


@pytest.mark.parametrize("task", TASKS)
def test_people_read_what_it_is_of_and_how_it_does(task: Task):
    """Intended use, data, metrics with intervals, gates, limits and how it was made; calibration where there are probabilities."""
    made = subject(task)
    _, text = parts(model_card(made))
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    calibration = [] if task == "regression" else ["Calibration"]
    assert heads == ["Intended use", "Data", "Metrics", "Gates", *calibration, "Slices", "Importance", "Limits", "How it was made"]
    assert made.manifest.digest in text
    for name in made.manifest.metrics:
        assert f"| `{name}` |" in text


@pytest.mark.parametrize("name", ["plain", "a|b", "`|`", "x\n| y |"])
def test_every_row_of_a_table_has_the_cells_of_its_head(name: str):
    """No name breaks a table: bars of a feature's name are no bars of the table."""
    made = subject("binary")
    assert made.report is not None
    first, *others = made.report.profile.features
    profile = made.report.profile.model_copy(update={"features": (first.model_copy(update={"name": name}), *others)})
    columns = 0
    for line in model_card(Subject(made.manifest, made.report.model_copy(update={"profile": profile}))).splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert columns in (0, bars) or not bars
        columns = bars


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_name_breaks_the_card(name: str):
    """Whatever a name is, the metadata is YAML that says it, and the text has the same lines."""
    made = make_artifact().manifest
    plain = model_card(Subject(made.model_copy(update={"name": "x", "entity": "x", "output": "x", "estimator": "x"}), None))
    card = model_card(Subject(made.model_copy(update={"name": name, "entity": name, "output": name, "estimator": name}), None))
    metadata, text = parts(card)
    assert metadata["library_name"] == "onnx"
    assert len(text.splitlines()) == len(parts(plain)[1].splitlines())
    assert text.count("\n## ") == 4 + bool(made.metrics)


def test_a_name_is_told_as_it_is():
    """YAML reads back what the name was, with quotes, colons and letters of any script."""
    name = "a: 'b' \"c\" #d — نسخة \\ {e}"
    made = subject("binary")
    metadata, _ = parts(model_card(Subject(made.manifest.model_copy(update={"name": name}), made.report)))
    assert metadata["model-index"][0]["name"] == name  # type: ignore[index]
