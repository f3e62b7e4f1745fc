"""The troubleshooting guide as tests read it: each entry with the symptom that stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from prisml.errors import PrisMLError

FOLDER = Path(__file__).parents[2] / "docs" / "troubleshooting"
_ENTRY = re.compile(r'^<a id="(?P<id>[a-z0-9-]+)"></a>\n\n## (?P<heading>.+)\n(?P<body>(?:(?!<a id=|# ).*\n?)*)', re.MULTILINE)
_SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """One entry: its anchor, the page it stands on, its heading, what the user sees verbatim (if anything), and its whole text."""

    id: str
    page: str
    heading: str
    shown: str | None
    body: str

    def refuse_other(self, seen: PrisMLError | BaseException | str) -> None:
        """Fail where ``seen`` does not hold the symptom as it stands in the guide, in which "…" is anything."""
        assert self.shown is not None, f"{self.id}: the entry has no ```text block"
        text = " ".join(str(seen).split())
        pattern = ".*?".join(re.escape(" ".join(part.split())) for part in self.shown.split("…"))
        assert re.search(pattern, text), f"{self.page}#{self.id} says {self.shown!r}, and what is seen is {text!r}"
        if isinstance(seen, PrisMLError):
            assert self.heading.startswith(f"{seen.code}: "), f"{self.page}#{self.id}: the heading does not begin with {seen.code!r}"


@cache
def entries() -> Sequence[Entry]:
    """Every entry of the guide, in the order of the pages' names and of each page."""
    found = []
    for page in sorted(FOLDER.glob("*.md")):
        for match in _ENTRY.finditer(page.read_text(encoding="utf-8")):
            shown = _SHOWN.search(match["body"])
            found.append(Entry(match["id"], page.stem, match["heading"], shown[1].strip() if shown else None, match["body"]))
    return found


def entry(name: str) -> Entry:
    """The entry that the test function of that name is for."""
    return next(each for each in entries() if each.id == name.removeprefix("test_").replace("_", "-"))


def refused(provoke: Callable[[], object]) -> PrisMLError:
    """The error of ours that ``provoke`` raises."""
    with pytest.raises(PrisMLError) as caught:
        provoke()
    return caught.value
