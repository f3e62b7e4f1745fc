"""Every link of every page leads somewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.blocks import ROOT, name_of
from tests.docs.links import Link, anchors, files, links


def test_links_within_the_repository_lead_to_a_file_and_a_heading():
    """Each relative link of each file of Markdown names a file that is there, and a heading that it has."""
    found = [link for page in files() for link in links(page) if not link.external]
    assert len(found) > 50
    assert [f"{name_of(link.page)}:{link.line}: {link.target}: {why}" for link in found if (why := link.wrong())] == []


def test_links_of_the_documentation_stay_in_it_or_are_addresses():
    """A page of docs/ links to files of docs/ alone: from the built site, nothing else can be reached."""
    within = [link for page in files() if page.is_relative_to(ROOT / "docs") for link in links(page) if not link.external]
    out = [link for link in within if not (link.page.parent / link.target).resolve().is_relative_to(ROOT / "docs")]
    assert [f"{name_of(link.page)}:{link.line}: {link.target}" for link in out] == []


def test_addresses_are_well_formed():
    """A link out of the repository is an address of https with a host; `make docs-links` asks whether it is there."""
    found = [link for page in files() for link in links(page) if link.external]
    assert found
    assert [f"{name_of(link.page)}:{link.line}: {link.target}" for link in found if not _well_formed(link.target)] == []


def _well_formed(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "mailto" or (parts.scheme == "https" and "." in parts.netloc)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("# What `prisml train` does", "what-prisml-train-does"),
        ("## XGBoost and LightGBM", "xgboost-and-lightgbm"),
        ("## The row's key: what is it?", "the-rows-key-what-is-it"),
    ],
)
def test_anchors_are_those_of_github(tmp_path: Path, heading: str, anchor: str):
    """Lower case, without punctuation, hyphens for blanks."""
    page = tmp_path / "page.md"
    page.write_text(heading, encoding="utf-8")
    assert anchors(page) == {anchor}


@pytest.mark.parametrize(("target", "why"), [("no.md", "there is no such file"), ("#no", "there is no such heading"), ("#yes", None)])
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, target: str, why: str | None):
    """Neither a file nor a heading that is not there goes unnoticed."""
    page = tmp_path / "page.md"
    page.write_text(f"# Yes\n\n[a]({target})\n", encoding="utf-8")
    (link,) = links(page)
    assert link == Link(page, 3, target)
    assert link.wrong() == why
