"""The page of a version's report, as text and as a tree of elements."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml.commands.page.report import Subject, report_page
from prisml.manifest import Task
from prisml.report import Attempt
from prisml.training.fit import fit
from tests.artifacts import make_artifact
from tests.support.elements import Elements, check_stands_alone
from tests.support.reports import subject, wide

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
HOSTILE = '<script>document.title="taken"</script>"\' onload=x &amp; </style><img src=x onerror=y>'
SECTIONS = {
    "binary": {"summary", "gates", "classes", "spread", "importance", "dependence", "slices", "worst", "data", "making"},
    "multiclass": {"summary", "gates", "classes", "spread", "importance", "dependence", "slices", "worst", "data", "making"},
    "regression": {"summary", "gates", "residuals", "importance", "dependence", "slices", "worst", "data", "making"},
}


@cache
def page(task: Task) -> str:
    """The page of each task."""
    return report_page(subject(task))


def hostile(text: str) -> Subject:
    """A version all of whose names are ``text``."""
    made = subject("binary")
    assert made.report is not None
    report, manifest = made.report, made.manifest
    assert report.slices is not None
    assert report.importances is not None
    feature = {"feature": text}
    levels = [each.model_copy(update={"value": text}) for each in report.profile.features[2].levels]
    sliced = report.slices.features[0]
    slices = tuple(each.model_copy(update={"level": each.level.model_copy(update={"value": text})}) for each in sliced.slices)
    shown = report.model_copy(
        update={
            "classes": tuple(each.model_copy(update={"label": text}) for each in report.classes),
            "importances": report.importances.model_copy(
                update={"features": tuple(each.model_copy(update=feature) for each in report.importances.features)}
            ),
            "dependences": tuple(each.model_copy(update=feature) for each in report.dependences),
            "slices": report.slices.model_copy(update={"features": (sliced.model_copy(update={**feature, "slices": slices}),)}),
            "worst": tuple(each.model_copy(update={"key": (text,)}) for each in report.worst),
            "profile": report.profile.model_copy(
                update={"features": (report.profile.features[2].model_copy(update={"name": text, "levels": tuple(levels)}),)}
            ),
            "tried": (Attempt(algorithm=text, parameters={text: text}, rows=1, reason=text),),
        }
    )
    named = {"name": text, "output": text, "entity": text, "estimator": text, "parameters": {text: text}, "key": (text,), "waived": (text,)}
    return Subject(manifest.model_copy(update={**named, "classes": (text, f"{text}!")}), shown)


@pytest.mark.parametrize("task", TASKS)
def test_a_page_is_whole_and_stands_alone(task: Task):
    """Every element is closed, every anchor exists once, and nothing is fetched or run: no script, link, image, handler or address."""
    check_stands_alone(page(task))


@pytest.mark.parametrize("task", TASKS)
def test_a_page_has_every_section(task: Task):
    """Each task has the sections that it can have, and says every metric and the keys of the worst rows."""
    elements = Elements(page(task))
    assert {section["id"] for section in elements.named("section")} == SECTIONS[task]
    text = " ".join(elements.text)
    assert all(metric in text for metric in subject(task).manifest.metrics)
    assert "passed" in text
    assert len(re.findall(r"\b7[01]\d{3}\b", text)) == 20


@pytest.mark.parametrize("task", TASKS)
def test_every_picture_can_be_read_without_seeing_it(task: Task):
    """Each has a name, and its numbers are beside it in a table with heads for its columns and rows."""
    elements = Elements(page(task))
    pictures = [svg for svg in elements.named("svg") if svg.get("class") != "spark"]
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in elements.named("svg"))
    assert len(elements.named("summary")) >= len(pictures) - 2
    assert {head.get("scope") for head in elements.named("th")} == {"row", "col"}


@pytest.mark.parametrize("task", TASKS)
def test_no_place_in_a_picture_is_beside_it(task: Task):
    """No number of a picture is NaN or infinite, and none lies beside its frame."""
    frame = (0.0, 0.0)
    for tag, attributes in Elements(page(task)).found:
        if tag == "svg":
            _, _, width, height = (attributes["viewbox"] or "").split()
            frame = (float(width), float(height))
        if tag in {"circle", "text"} and "cx" in attributes | {"cx": attributes.get("x")}:
            x, y = attributes.get("cx", attributes.get("x")), attributes.get("cy", attributes.get("y"))
            if x is not None and y is not None:
                assert -1 <= float(x) <= frame[0] + 1
                assert -1 <= float(y) <= frame[1] + 1
        for point in (attributes.get("points") or "").split():
            x, y = point.split(",")
            assert -1 <= float(x) <= frame[0] + 1
            assert -1 <= float(y) <= frame[1] + 1


@given(st.text(min_size=1, max_size=60).map(lambda text: text + HOSTILE) | st.just("\x00\x1b\u202e"))
@settings(max_examples=10, deadline=None)
def test_no_text_becomes_an_element(text: str):
    """Whatever names, classes, categories, keys and parameters are, the page has the elements that it has of harmless ones."""

    def shape(found: Elements) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in found.found if tag != "text"]

    made = Elements(report_page(hostile(text)))
    assert shape(made) == shape(Elements(report_page(hostile("x" * 20))))
    assert "<script" not in report_page(hostile(text))


def test_a_page_of_many_features_is_small():
    """200 features with long names and long categories: below 500 KB, and the page says how many are not shown."""
    made = fit(*wide(200))
    shown = report_page(Subject(made.artifact.manifest, made.report))
    assert len(shown.encode()) < 500_000
    assert "150 less important features not shown" in shown


def test_a_version_without_a_report_has_a_page():
    """What its manifest says is told, and that there is no report."""
    text = "".join(Elements(report_page(Subject(make_artifact().manifest, None))).text)
    assert "trained without a report" in text
    assert make_artifact().digest in text


def test_what_was_tried_is_told():
    """Algorithms of a search with their scores, the chosen one marked."""
    made = subject("binary")
    assert made.report is not None
    tried = (
        Attempt(algorithm="ridge", parameters={}, rows=100, score=0.5),
        Attempt(algorithm="forest", parameters={"depth": 3}, rows=100, score=0.25, chosen=True),
    )
    shown = report_page(Subject(made.manifest, made.report.model_copy(update={"tried": tried})))
    assert "<strong>chosen</strong>" in shown
    assert "depth=3" in shown
    assert "0.2500" in shown
