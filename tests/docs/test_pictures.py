"""The pictures that the README and the documentation show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from benches import pictures
from prisml.cli.main import COMMANDS
from tests.docs.blocks import ROOT
from tests.docs.givens import GIVENS
from tests.docs.surroundings import opened

STATIC = ROOT / "docs" / "_static"


def test_a_terminal_becomes_a_picture_of_what_was_said(tmp_path: Path):
    """The picture holds the command, its real output with colours, and no address of another server."""
    with opened(tmp_path) as world:
        GIVENS["tables"](world)
        said = pictures.typed("prisml check", world.folder)
    assert "\x1b[32m" in said
    picture = pictures.terminal([("prisml check", said)])
    text = re.sub(r"<[^>]*>", "", picture).replace("&#160;", " ")
    assert "$prisml check" in text
    assert "table customers" in text
    assert re.search(r"@import|@font-face|url\([\"']?http", picture) is None


def test_the_terminal_shows_commands_that_there_are():
    """What the committed picture types are commands, and they ended well."""
    text = re.sub(r"<[^>]*>", "", (STATIC / "terminal.svg").read_text(encoding="utf-8")).replace("&#160;", " ")
    typed = re.findall(r"\$prisml (\w+)", text)
    assert [f"prisml {name}" for name in typed] == [" ".join(line.split()[:2]) for line in pictures.COMMANDS]
    assert set(typed) <= set(COMMANDS)
    assert "is published; it serves now." in text


@pytest.mark.parametrize("name", ["report-light.png", "report-dark.png"])
def test_pictures_are_small(name: str):
    """A picture of the report has the width that a page shows, and less than 200 KB."""
    path = STATIC / name
    assert path.stat().st_size < 200_000
    with Image.open(path) as picture:
        assert picture.width == pictures.WIDTH
