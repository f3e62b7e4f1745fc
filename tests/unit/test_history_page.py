"""The page of a model's history, as text and as a tree of elements."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.commands.page import history_page, render
from prisml.commands.page.past import Past, read_past
from prisml.commands.page.scale import Scale, number_ticks, time_ticks
from prisml.commands.page.text import LONG, prose, short
from prisml.errors import ModelNotFoundError
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.elements import Elements, check_stands_alone
from tests.support.pasts import START, eventful, long, past, told, trial

ONE = past([told(1)], [(0, "publish", 1, None, None)])
HOSTILE = '<script>document.title="taken"</script>"\' onload=x &amp; </style><img src=x onerror=y>'


@pytest.mark.parametrize("shown", [ONE, eventful(), long(), past([told(1)], [])], ids=["one", "eventful", "long", "never active"])
def test_a_page_is_whole_and_stands_alone(shown: Past):
    """Every element is closed, every anchor exists once, and nothing is fetched or run: no script, link, image, handler or address."""
    check_stands_alone(render(shown))


@pytest.mark.parametrize("shown", [ONE, eventful(), long()], ids=["one", "eventful", "long"])
def test_no_place_in_a_picture_is_beside_it(shown: Past):
    """No number of a picture is NaN or infinite, and every bar and mark is within its frame."""
    page = render(shown)
    assert not re.search(r'="[^"]*\b(nan|inf)', page)
    for place in re.findall(r'<rect class="\w+" x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" height="([\d.-]+)"', page):
        x, y, width, height = map(float, place)
        assert 0 <= x <= x + width <= 1041
        assert 0 <= y <= y + height <= 700
        assert width > 0 < height


def test_every_entry_and_every_version_is_in_a_table():
    """The tables have a row for each entry of the log and each version, newest first, with who, when, what, from, to and why."""
    elements = Elements(render(eventful()))
    rows = [attributes["id"] for attributes in elements.named("tr") if attributes.get("id")]
    assert rows == [*(f"entry-{number}" for number in range(10, 0, -1)), *(f"version-{number}" for number in range(6, 0, -1))]
    text = " ".join("".join(elements.text).split())
    for words in (
        "Customers of last week were scored as lost.",
        "2026-01-27 02:00:00",
        "rollback",
        "deleted",
        "in experiment",
        "9f3ab2c11d",
    ):
        assert words in text
    assert "v6 serves since 2026-03-06 02:00:00 UTC." in text, "the start of an experiment is no new spell"
    assert "Experiment prices runs: v6 70 %, v4 30 %. 5 versions, 10 deployments, 2 experiments." in text


def test_marks_lead_to_the_rows_of_the_table():
    """Each entry has a mark in the timeline, a link to its row whose title tells the entry to a screen reader."""
    page = render(eventful())
    marks = re.findall(r'<a class="mark (\w+)" href="#entry-(\d+)"><title>([^<]*)</title>', page)
    assert [int(position) for _, position, _ in marks] == list(range(1, 11))
    kind, _, title = marks[3]
    assert kind == "rollback"
    assert title == "4. 2026-01-27 02:00:00: rollback v2 by ada: Customers of last week were scored as lost."


def test_pictures_are_told_in_words():
    """Each metric's picture has a label that says its range, the best version and the one that serves, by the metric's own direction."""
    labels = [svg["aria-label"] for svg in Elements(render(eventful())).named("svg") if svg.get("role") == "img"]
    assert labels == [
        "accuracy of 6 versions, from 0.501 to 0.506; best is v6; v6 serves with 0.506.",
        "log_loss of 6 versions, from 0.511 to 0.516; best is v1; v6 serves with 0.516.",
    ]


def test_an_experiment_is_one_span_however_often_it_was_ramped():
    """A started and ramped experiment is one trial from its start to its end, its treatment's share changing within."""
    first, second = eventful().trials()
    assert (first.name, first.start, first.end) == ("spring", START + timedelta(days=36), START + timedelta(days=50))
    assert [(piece.version, piece.share) for piece in first.treatments] == [(5, 0.1), (5, 0.5)]
    assert (second.name, second.end) == ("prices", None)


def test_what_serves_is_one_spell_through_an_experiment():
    """Starting and ramping an experiment does not end the spell of the version that serves."""
    spells = eventful().spells()
    assert [spell.version for spell in spells] == [1, 2, 3, 2, 4, 5, 6]
    assert spells[-1].end is None
    assert all(before.end == after.start for before, after in pairwise(spells))


@given(st.text(max_size=60), st.text(max_size=400), st.text(min_size=1, max_size=40))
def test_no_text_becomes_an_element(name: str, why: str, author: str):
    """Whatever a name, reason, author, label or note is, the page has the same elements as with plain words."""

    def page(name: str, why: str, author: str) -> list[tuple[str, list[str]]]:
        versions = [told(1, label=name[:20], note=why, author=author), told(2)]
        made = past(versions, [(0, "publish", 1, why, None), (3, "start", 1, None, trial(name, 1, 2, 0.5))], name=name, author=author)
        return [(tag, sorted(attributes)) for tag, attributes in Elements(render(made)).found if tag not in ("title", "text")]

    plain = page("x" * len(name), "y" * len(why), "z" * len(author))
    assert page(name, why, author) == plain


def test_hostile_text_is_shown_as_it_is():
    """Markup in every text that a user can give is text on the page."""
    made = past([told(1, label=HOSTILE, note=HOSTILE, author=HOSTILE)], [(0, "publish", 1, HOSTILE, None)], name=HOSTILE, author=HOSTILE)
    page = render(made)
    assert "<script" not in page
    assert "<img" not in page
    assert "".join(Elements(page).text).count(HOSTILE) >= 6


def test_text_of_the_other_direction_is_kept_apart():
    """Names and labels are isolated, and reasons take their own direction, so that an Arabic or Hebrew one turns nothing around it."""
    page = render(past([told(1, label="نسخة", author="מיכל")], [(0, "publish", 1, "هذا نموذج جديد", None)], author="מיכל"))
    assert "<bdi>נסיון</bdi>" not in page
    assert "<bdi>نسخة</bdi>" in page
    assert "<bdi>מיכל</bdi>" in page
    assert '<div class="prose" dir="auto">هذا نموذج جديد</div>' in page


def test_a_tooltip_has_no_mark_that_turns_writing_around():
    """A title cannot be isolated, so override characters are left out of it."""
    page = render(past([told(1)], [(0, "publish", 1, "safe \u202egnp.exe", None)]))
    (title,) = re.findall(r"<a class=\"mark publish\"[^>]*><title>([^<]*)</title>", page)
    assert title.endswith("safe gnp.exe")


def test_a_long_reason_is_opened_when_wanted():
    """A reason longer than a few lines is all there, behind its first words."""
    why = "because of it " * 1000
    shown = prose(why)
    assert shown.startswith("<details><summary>")
    assert why in shown
    assert len(re.findall("<summary>.*</summary>", shown)[0]) < LONG
    assert "<details>" not in prose("x" * LONG)


@given(st.text(max_size=200), st.integers(1, 80))
def test_short_text_is_short(text: str, length: int):
    """A shortened text has no more letters than asked for, no line break, and is the beginning of the text."""
    found = short(text, length)
    assert len(found) <= length
    assert "\n" not in found
    assert " ".join(text.split()).replace(" ", "").startswith(found.removesuffix("…").replace(" ", "")) or "…" in text


def test_equal_histories_make_equal_pages_and_say_nothing_of_the_place(tmp_path: Path):
    """A page of a registry is the same each time, and names neither the file nor the moment at which it was made."""
    registry = Registry(f"sqlite:///{tmp_path / 'secret-place.db'}")
    registry.publish(make_artifact(), author="ada", label="first")
    registry.publish(make_artifact(bias=1.0), author="ada")
    registry.publish(make_artifact(bias=2.0), author="ada", activate=False)
    registry.delete("churn", 3)
    page = history_page(registry, "churn")
    assert page == history_page(registry, "churn")
    assert "secret-place" not in page
    assert [item.deleted for item in read_past(registry, "churn").versions] == [False, False, True]
    assert "0.75 (0.5 to 1)" in page
    with pytest.raises(ModelNotFoundError, match="no model 'chrn'"):
        history_page(registry, "chrn")


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_number_ticks_are_round_and_within(low: float, span: float):
    """Axis marks are few, in order, and within the axis."""
    high = low + span
    ticks = number_ticks(low, high)
    assert len(ticks) <= 6
    assert list(ticks) == sorted(ticks)
    assert all(low - span * 1e-6 <= tick <= high + span * 1e-6 for tick in ticks)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.timedeltas(timedelta(seconds=1), timedelta(days=9_000)))
def test_time_ticks_are_round_and_within(start: datetime, span: timedelta):
    """Moments on the axis are few, in order, and within it, from a second to decades."""
    begin = start.replace(tzinfo=UTC)
    ticks = time_ticks(begin, begin + span)
    assert len(ticks) <= 10
    assert [at for at, _ in ticks] == sorted(at for at, _ in ticks)
    assert all(begin <= at <= begin + span and words for at, words in ticks)


def test_a_scale_without_a_span_is_in_the_middle():
    """Where all values are the same, they are shown in the middle."""
    assert Scale(3, 3, 10, 30)(3) == 20
