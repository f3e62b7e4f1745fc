"""The page of a report in a real browser."""

from __future__ import annotations

import pytest

from prisml.commands.page.report import report_page
from prisml.manifest import Task
from tests.integration.test_history_page_browser import CONTRAST, OUTSIDE, OVERFLOW, REACHED, browser
from tests.support.browser import Browser
from tests.support.reports import subject
from tests.unit.test_report_page import HOSTILE, hostile

__all__ = ["browser"]

OPENED = "document.querySelectorAll('details').forEach(each => each.open = true);"


def test_a_browser_reads_the_page_as_it_was_written(browser: Browser):
    """Nothing runs, nothing is fetched, nothing is refused: the console is silent, and nothing was asked of the network."""
    page = report_page(subject("multiclass"))
    document, console = browser.read(page)
    assert console == []
    assert "<script" not in document
    asked = browser.measure(page, "return performance.getEntriesByType('resource').map(each => each.name)")
    assert asked == []


def test_hostile_names_do_nothing(browser: Browser):
    """The title is the model's name, and no element came of it."""
    page = report_page(hostile(HOSTILE))
    document, console = browser.read(page)
    assert console == []
    assert "<script" not in document
    assert "<img" not in document
    assert browser.measure(page, "return document.title") == f"{HOSTILE}: report"


@pytest.mark.parametrize(("task", "width"), [("binary", 500), ("multiclass", 1240), ("regression", 500)])
def test_the_page_fits_the_window(browser: Browser, task: Task, width: int):
    """On a phone and on a screen, tables opened, nothing makes the page wider than the window, nor lies beside its picture."""
    wider, beside = browser.measure(
        report_page(subject(task)), f"{OPENED}return [(() => {{{OVERFLOW}}})(), (() => {{{OUTSIDE}}})()]", width=width
    )
    assert wider <= 0
    assert beside == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read(browser: Browser, dark: bool):
    """In both schemes each text has the contrast that WCAG 2 asks for (AA, 4.5 to 1)."""
    ratio, where = browser.measure(report_page(subject("binary")), OPENED + CONTRAST, dark=dark)
    assert ratio >= 4.5, where


def test_everything_can_be_reached_by_the_keyboard(browser: Browser):
    """Links and tables to be opened take the focus."""
    reached = browser.measure(report_page(subject("binary")), REACHED)
    assert len(reached) > 10
    assert all(reached)
