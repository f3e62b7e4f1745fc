"""The documentation as Sphinx builds it: without a warning, with every public name and every command."""

from __future__ import annotations

import html
import importlib
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sphinx.util.inventory import InventoryFile

import prisml
from prisml.cli.main import cli
from tests.docs.blocks import ROOT

MODULES = ("prisml", "prisml.orm", "prisml.registry", "prisml.serving", "prisml.definition")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages; a warning, such as a reference that leads nowhere, fails the build."""
    folder = tmp_path_factory.mktemp("docs")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "-b",
        "html",
        str(ROOT / "docs"),
        str(folder),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_public_name_is_in_the_reference(built: Path):
    """Whatever a package lists in `__all__` has an entry, under that name or the one of its own module."""
    inventory = InventoryFile.loads((built / "objects.inv").read_bytes(), uri="")
    names = {name for kind, entries in inventory.data.items() if kind.startswith("py:") for name in entries}
    documented = {id(found) for found in map(_found, names) if found is not None}
    assert "prisml.define_model" in names
    public = [(module, name) for module in MODULES for name in importlib.import_module(module).__all__ if not name.startswith("__")]
    assert [f"{module}.{name}" for module, name in public if id(getattr(importlib.import_module(module), name)) not in documented] == []


def _found(name: str) -> object | None:
    """What the dotted name leads to from the package, if anything."""
    here: object = prisml
    for part in name.split(".")[1:]:
        try:
            here = getattr(here, part, None) or importlib.import_module(f"{getattr(here, '__name__', '')}.{part}")
        except ImportError:
            return None
    return here


def test_every_command_and_option_is_in_the_reference(built: Path):
    """The page of commands has a section for each command, with each of its options."""
    page = html.unescape((built / "reference" / "commands.html").read_text(encoding="utf-8"))
    sections = re.split(r"<h2>", page)
    assert len(list(_commands(cli))) > 20
    for words, command in _commands(cli):
        (section,) = [each for each in sections if each.startswith(f"prisml {words}<")]
        options = [name for option in command.params if isinstance(option, click.Option) and not option.hidden for name in option.opts]
        assert [name for name in options if name not in section] == [], words


def _commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    found = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        found.append((f"{before}{name}", command))
        found += _commands(command, f"{before}{name} ") if isinstance(command, click.Group) else []
    return found
