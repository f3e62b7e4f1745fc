"""Pages of Markdown as tests: ``pytest docs/how-to/orm.md`` runs the snippets of that page, ``pytest docs README.md`` those of many.

Every page of docs/, README.md, CONTRIBUTING.md and examples/*/README.md is run from top to bottom, in a fresh folder of its own,
which is the current one, and in one Python namespace:

- ``python`` whose first line is ``# name.py`` is written to that file, and can then be imported; any other is executed, with ``await``
  where it stands, and its asserts count;
- ``console`` is typed, a command a line, by bash; ``prisml`` and ``python`` are on the path; ``<!-- exit: 1 -->`` above the block is
  the exit code of its last command; ``pip install`` installs nothing: the extras of prisml that it names have to exist;
- ``pycon`` is run by doctest;
- ``toml``, ``yaml``, ``ini``, ``json``, ``dockerfile`` are parsed, and written where the first line is ``# name`` or
  ``<!-- file: name -->`` stands above;
- ``<!-- below: name.py: text -->`` puts a block into a file that is there, below the first line that holds the text, and
  ``<!-- instead: name.py: text -->`` in place of that line;
- ``text`` is what people see;
- ``<!-- given: shop -->`` names a function of ``givens.py`` that makes what the page takes for granted;
- ``<!-- run by: tests/integration/test_shop.py -->`` stands above what that test runs, as it reads it in the page;
- ``<!-- not run: the reason -->`` stands above what cannot be run here. ``test_not_run.py`` counts these.

``blocks.py`` reads pages, ``world.py`` runs blocks, ``console.py`` types commands, ``surroundings.py`` makes folder and environment.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import pages, read


class PageFile(pytest.File):
    """A page; the tests of one page run in one process under pytest-xdist."""

    def collect(self) -> Iterator[pytest.Item]:
        """One test, where the page has a snippet."""
        if read(self.path).snippets:
            yield Snippets.from_parent(self, name="snippets")


class Snippets(pytest.Item):
    """All snippets of a page, in their order."""

    def runtest(self) -> None:
        """Run them."""
        # What they need is imported with the first of them: this file is a part of every test run.
        from tests.docs.givens import GIVENS
        from tests.docs.surroundings import run

        run(read(self.path), GIVENS)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What went wrong, from the line of the page on."""
        from tests.docs.world import SnippetError

        if isinstance(excinfo.value, SnippetError):
            return str(excinfo.value)
        frames = traceback.extract_tb(excinfo.tb)
        first = next((place for place, frame in enumerate(frames) if frame.filename == str(self.path)), 0)
        return "".join([*traceback.format_list(frames[first:]), *traceback.format_exception_only(excinfo.value)])

    def reportinfo(self) -> tuple[Path, int, str]:
        """The page."""
        return self.path, 0, f"the snippets of {self.path.name}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A page that is run, for pytest."""
    return PageFile.from_parent(parent, path=file_path) if file_path.suffix == ".md" and file_path in pages() else None
