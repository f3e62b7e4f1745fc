"""The links of a page of Markdown, and the anchors that others can link to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.docs.blocks import ROOT

_LEFT_OUT = {".git", ".venv", ".venv-peers", "target", "_build", "node_modules", ".pytest_cache", "data"}
_EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True)
class Link:
    """Where a link stands, and what it says."""

    page: Path
    line: int
    target: str

    @property
    def external(self) -> bool:
        """Whether it leads out of the repository."""
        return _EXTERNAL.match(self.target) is not None

    def wrong(self) -> str | None:
        """Why it leads nowhere, if it does."""
        file, _, anchor = self.target.partition("#")
        place = (self.page.parent / file).resolve() if file else self.page
        if not place.exists():
            return "there is no such file"
        if anchor and place.suffix == ".md" and anchor not in anchors(place):
            return "there is no such heading"
        return None


def files() -> tuple[Path, ...]:
    """Every file of Markdown in the repository."""
    found = (path for path in ROOT.rglob("*.md") if not _LEFT_OUT & set(path.relative_to(ROOT).parts))
    return tuple(sorted(found))


def links(page: Path) -> Iterator[Link]:
    """The links and pictures of the page, in the text and in HTML."""
    line = 0
    for token in _tokens(page):
        line = token.map[0] + 1 if token.map else line
        for each in token.children or ():
            target = each.attrGet("href") or each.attrGet("src")
            if target is not None:
                yield Link(page, line, str(target))
        if token.type == "html_block":
            for target in re.findall(r'(?:href|src|srcset)="([^"]+)"', token.content):
                yield Link(page, line, target)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of the page's headings, as GitHub and MyST name them."""
    tokens = _tokens(page)
    headings = [inline.content for opened, inline in pairwise(tokens) if opened.type == "heading_open"]
    found: list[str] = []
    for heading in headings:
        name = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        count = sum(each == name or re.fullmatch(rf"{re.escape(name)}-\d+", each) is not None for each in found)
        found.append(f"{name}-{count}" if count else name)
    return frozenset(found)


@cache
def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
