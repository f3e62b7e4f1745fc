"""The documentation of errors: a page for every code, that says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from prisml import errors
from prisml.errors import PrisMLError

REFERENCE = Path(__file__).parents[2] / "docs/reference"
CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, PrisMLError) and each is not PrisMLError]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.code)
def test_every_code_has_a_page(kind: type[PrisMLError]):
    """It names the class and its exit code, says when it happens and what to do, and shows what the tests saw."""
    page = (REFERENCE / f"errors/{kind.code}.md").read_text()
    assert page.startswith(f"# {kind.code}\n")
    assert f"Class `{kind.__name__}`, exit code {kind.exit_code}." in page
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["When it happens", "What to do", "What you see"]
    assert f"seen/{kind.code}.txt" in page
    assert (REFERENCE / f"errors/seen/{kind.code}.txt").read_text().startswith("# ")


def test_the_page_of_errors_lists_them_all():
    """The table and the tree of contents have every code once, with its class and exit code, and no other."""
    page = (REFERENCE / "errors.md").read_text()
    listed = re.findall(r"^\| \[(\w+)\]\(errors/\1\.md\) \| `(\w+)` \| (\d) \|", page, re.MULTILINE)
    assert listed == [(each.code, each.__name__, str(each.exit_code)) for each in CLASSES]
    assert re.findall(r"^errors/(\w+)$", page, re.MULTILINE) == [each.code for each in CLASSES]
    assert {each.stem for each in (REFERENCE / "errors").glob("*.md")} == {each.code for each in CLASSES}
    assert {each.stem for each in (REFERENCE / "errors/seen").glob("*.txt")} == {each.code for each in CLASSES}


def test_codes_are_stable():
    """Programs compare them: a code is never changed, and one that is new is added here."""
    assert {each.code for each in CLASSES} == {
        "artifact", "configuration", "conflict", "database_connection", "deadline_exceeded", "definition", "encoding", "experiment", "export",
        "feature_extraction", "leakage", "limit_exceeded", "model_load", "model_not_found", "no_data", "parity", "quality_gate", "registry",
        "schema_drift", "training", "training_environment", "unseen_category", "version_not_found",
    }  # fmt: skip
