"""The fenced blocks of a page, with what the comments above them say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
NOTES = ("given", "file", "exit", "not run", "run by", "below", "instead")
_NOTE = re.compile(r"<!--\s*([\w -]+):\s*(.*?)\s*-->", re.DOTALL)
_NAME = re.compile(r"# (\S+\.\w+|\S*Dockerfile\S*)\s*\n")


@dataclass(frozen=True)
class Edit:
    """Lines for a file: below the first line that holds ``text``, or instead of it."""

    file: str
    text: str
    lines: str
    keep: bool

    def of(self, source: str) -> str:
        """The file's source with the lines in it; ValueError where no line holds the text."""
        lines = source.splitlines(keepends=True)
        place = next((number for number, line in enumerate(lines) if self.text in line), None)
        if place is None:
            raise ValueError(f"No line of {self.file} holds {self.text!r}.")
        return "".join([*lines[: place + self.keep], self.lines, *lines[place + 1 :]])


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the line of the page on which the text begins, and its notes."""

    language: str
    text: str
    line: int
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown_only(self) -> bool:
        """Whether it is there to be looked at: output, or something that Sphinx makes."""
        return self.language == "text" or self.language.startswith("{")

    @property
    def edit(self) -> Edit | None:
        """The lines that the block adds to a file that is there, as ``<!-- below: shop/ml.py: features={ -->`` says above it."""
        for way in ("below", "instead"):
            if way in self.notes:
                file, _, text = self.notes[way].partition(": ")
                return Edit(file, text, self.text, keep=way == "below")
        return None

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, by the comment above it or by its first line."""
        named = _NAME.match(self.text)
        return self.notes.get("file") or (named[1] if named else None)


@dataclass(frozen=True)
class Page:
    """A page of the documentation, its blocks in order, and what it takes for granted."""

    path: Path
    given: str | None
    blocks: tuple[Block, ...]

    @property
    def snippets(self) -> tuple[Block, ...]:
        """The blocks that are run here."""
        return tuple(block for block in self.blocks if not block.shown_only and not {"not run", "run by"} & set(block.notes))

    @property
    def not_run(self) -> tuple[Block, ...]:
        """The blocks that say why they are not."""
        return tuple(block for block in self.blocks if "not run" in block.notes)


def pages() -> tuple[Path, ...]:
    """Every page whose snippets are run."""
    found = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md"), ROOT / "README.md", ROOT / ".github/CONTRIBUTING.md"]
    return tuple(sorted(path for path in found if path.is_file() and "_build" not in path.parts))


def name_of(path: Path) -> str:
    """The page as people name it: by its path in the repository."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name)


@cache
def read(path: Path) -> Page:
    """The page, read as CommonMark; a note that nobody knows is a ValueError, since it would silently do nothing."""
    given: str | None = None
    notes: dict[str, str] = {}
    blocks = []
    for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
        if token.type == "html_block":
            for name, value in _NOTE.findall(token.content):
                if name not in NOTES:
                    raise ValueError(f"{name_of(path)}: a comment says {name!r}; known are {', '.join(NOTES)}.")
                notes[name] = value
            given = notes.pop("given", given)
        elif token.type == "fence":
            language = token.info.partition(" ")[0]
            assert token.map is not None
            blocks.append(Block(language, token.content, token.map[0] + 2, notes))
            notes = {}
        elif notes and token.nesting >= 0:
            raise ValueError(f"{name_of(path)}: {', '.join(notes)} must stand right above a block.")
    return Page(path, given, tuple(blocks))
