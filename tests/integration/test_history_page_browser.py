"""The page of a model's history in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from prisml.commands.page import render
from prisml.commands.page.past import Past
from tests.support.browser import Browser
from tests.support.pasts import eventful, long, past, told, trial
from tests.support.servers import MissingProgramError

HOSTILE = '<script>document.title="taken"</script>"><img src=x onerror="document.title=\'taken\'"></style></svg>'
NASTY = past(
    [told(1, label=HOSTILE[:90], note=HOSTILE * 9, author=HOSTILE), told(2, label="نسخة ٢", author="מיכל כהן")],
    [(0, "publish", 1, HOSTILE, None), (9, "start", 1, "x" * 20_000, trial(f"تجربة {HOSTILE}", 1, 2, 0.5))],
    name=f"{HOSTILE} עברית",
)
PASTS = {"one": past([told(1)], [(0, "publish", 1, None, None)]), "eventful": eventful(), "long": long(), "hostile": NASTY}

OVERFLOW = "return document.documentElement.scrollWidth - window.innerWidth"
OUTSIDE = """
const beside = [];
for (const svg of document.querySelectorAll("svg")) {
  const frame = svg.getBoundingClientRect();
  for (const part of svg.querySelectorAll("text, rect, circle, a path")) {
    const box = part.getBoundingClientRect();
    if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
      beside.push(part.tagName + " " + part.textContent.slice(0, 40));
  }
}
return beside;
"""
CONTRAST = """
const channels = text => text.match(/[\\d.]+/g).map(Number);
const bright = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
const ground = element => {
  for (; element; element = element.parentElement) {
    const found = channels(getComputedStyle(element).backgroundColor);
    if (found.length === 3 || found[3] > 0) return found;
  }
  return [255, 255, 255];
};
let worst = [99, ""];
for (const element of document.querySelectorAll("body *:not(script):not(pre)")) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  if (!own || element.tagName === "title") continue;
  const style = getComputedStyle(element);
  const ink = channels(element.namespaceURI.endsWith("svg") ? style.fill : style.color);
  const [high, low] = [bright(ink), bright(ground(element))].sort((a, b) => b - a);
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < worst[0]) worst = [ratio, element.tagName + " " + element.textContent.slice(0, 40)];
}
return worst;
"""
REACHED = """
return [...document.querySelectorAll("a, [tabindex='0'], summary")].map(element => {
  element.focus();
  return document.activeElement === element;
});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with an empty profile."""
    try:
        yield Browser(tmp_path_factory.mktemp("browser"))
    except MissingProgramError as missing:
        if os.environ.get("PRISML_REQUIRE_SERVERS") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.mark.parametrize("shown", PASTS.values(), ids=PASTS)
def test_a_browser_reads_the_page_as_it_was_written(browser: Browser, shown: Past):
    """Nothing runs, nothing is fetched, nothing is refused: the title is the model's name and the console is silent."""
    document, console = browser.read(render(shown))
    assert console == []
    assert 'id="measured"' not in document
    assert "<script" not in document
    assert "<img" not in document
    title = browser.measure(render(shown), "return document.title")
    assert title == f"{shown.name}: history"


def test_the_policy_keeps_scripts_from_running(browser: Browser):
    """Had a script got into the page, the page's own policy would keep it from running."""
    page = render(PASTS["one"]).replace("</body>", '<script>document.body.id = "taken"</script></body>')
    document, console = browser.read(page)
    assert 'id="taken"' not in document.replace('document.body.id = "taken"', "")
    assert any("Content Security Policy" in line for line in console)


@pytest.mark.parametrize("width", [500, 1240])
@pytest.mark.parametrize("shown", PASTS.values(), ids=PASTS)
def test_the_page_fits_the_window(browser: Browser, shown: Past, width: int):
    """On a phone and on a screen nothing makes the page wider than the window: wide pictures and tables scroll by themselves."""
    assert browser.measure(render(shown), OVERFLOW, width=width) <= 0


@pytest.mark.parametrize("shown", PASTS.values(), ids=PASTS)
def test_nothing_is_drawn_beside_the_pictures(browser: Browser, shown: Past):
    """Every bar, mark and label lies within its picture."""
    assert browser.measure(render(shown), OUTSIDE) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read(browser: Browser, dark: bool):
    """In both schemes, which differ, each text has the contrast that WCAG 2 asks for (AA, 4.5 to 1)."""
    page = render(eventful())
    ground = browser.measure(page, "return getComputedStyle(document.body).backgroundColor", dark=dark)
    assert ground == ("rgb(15, 18, 24)" if dark else "rgb(251, 251, 253)")
    ratio, where = browser.measure(page, CONTRAST, dark=dark)
    assert ratio >= 4.5, where


def test_everything_can_be_reached_by_the_keyboard(browser: Browser):
    """Links, marks, scrolling parts and long reasons take the focus."""
    reached = browser.measure(render(NASTY), REACHED)
    assert len(reached) > 10
    assert all(reached)
