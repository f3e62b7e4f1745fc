"""The troubleshooting guide and its tests: each entry has one test, each test is for one entry."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from prisml import errors
from tests.support.guide import FOLDER, Entry, entries

TESTS = Path(__file__).parents[1] / "troubleshooting"
CODES = {kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.PrisMLError)}
FEWEST = 60


def in_the_tests() -> list[tuple[str, str]]:
    """Page and anchor of the entry that each test function is for, in the order of the files."""
    found = []
    for file in sorted(TESTS.glob("test_*.py")):
        page = file.stem.removeprefix("test_").replace("_", "-")
        functions = [node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        found += [(page, name.removeprefix("test_").replace("_", "-")) for name in functions if name.startswith("test_")]
    return found


def test_each_entry_has_its_test():
    """A page's entries and the tests of its file are one to one, in the same order."""
    assert [(each.page, each.id) for each in entries()] == in_the_tests()
    assert len({each.id for each in entries()}) == len(entries()) >= FEWEST


def test_no_heading_is_without_an_anchor():
    """What looks like an entry is one: each second heading of each page but the index."""
    pages = [page for page in FOLDER.glob("*.md") if page.stem != "index"]
    headings = [heading for page in pages for heading in re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)]
    assert sorted(headings) == sorted(each.heading for each in entries())


@pytest.mark.parametrize("each", entries(), ids=lambda each: each.id)
def test_an_entry_says_symptom_cause_and_cure(each: Entry):
    """What is seen, in a block of text or a sentence, then why it is so, then what helps."""
    symptom = r"```text\n.+?\n```" if each.shown else r"\*\*Symptom\.\*\* .+?"
    assert re.fullmatch(rf"\n{symptom}\n\n\*\*Cause\.\*\* .+?\n\n\*\*Cure\.\*\* .+?\n*", each.body, re.DOTALL)


def test_the_index_leads_to_every_page():
    """And to every code that an entry begins with."""
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert {page.stem for page in FOLDER.glob("*.md")} - {"index"} <= set(re.findall(r"^([a-z-]+)$", index, re.MULTILINE))
    begun = {each.heading.partition(": ")[0] for each in entries()} & CODES
    assert begun <= set(re.findall(r"`([a-z_]+)`", "\n".join(line for line in index.splitlines() if line.startswith("| `"))))
