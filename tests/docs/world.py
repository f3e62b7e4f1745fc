"""What a page runs in: a fresh folder that is the current one, and one Python namespace."""

from __future__ import annotations

import ast
import asyncio
import configparser
import doctest
import importlib
import inspect
import json
import tomllib
import types
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.docs.blocks import Block, name_of
from tests.docs.console import commands, typed

MODULE = "page"
PARSERS: dict[str, Callable[[str], object]] = {
    "toml": tomllib.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "ini": lambda text: configparser.RawConfigParser(strict=False).read_string(text),
    "json": json.loads,
    "dockerfile": lambda _: None,
}


class SnippetError(AssertionError):
    """A block of a page did not do what it is there for."""


class World:
    """A page's folder, its namespace, and the loop in which its ``await`` runs."""

    def __init__(self, path: Path, folder: Path, runner: asyncio.Runner) -> None:
        self.path = path
        self.folder = folder
        self.runner = runner
        self.module = types.ModuleType(MODULE)

    def run(self, block: Block) -> None:
        """Do with the block what its language says."""
        if block.language == "console":
            self._type(block)
        elif block.language == "pycon":
            self._try(block)
        elif block.edit is not None:
            place = self.folder / block.edit.file
            self.write(block.edit.file, block.edit.of(place.read_text(encoding="utf-8")))
        elif block.language == "python" and block.file is None:
            self.execute(block.text, self.path, block.line)
        elif block.language == "python" or block.language in PARSERS:
            self._write(block)
        else:
            said = "no language" if not block.language else f"the language {block.language!r}"
            raise SnippetError(f"{self._at(block)}: a block with {said}; output is `text`, and what cannot be run says `not run`.")

    def execute(self, text: str, path: Path, line: int = 1) -> None:
        """Run Python in the page's namespace; a traceback names the line of the page."""
        tree = ast.parse("\n" * (line - 1) + text, str(path))
        code = compile(tree, str(path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        names = self.module.__dict__
        if code.co_flags & inspect.CO_COROUTINE:
            self.runner.run(eval(code, names))  # noqa: S307 -- It is our own page.
        else:
            exec(code, names)  # noqa: S102 -- It is our own page.

    def write(self, name: str, text: str) -> None:
        """Put a file into the folder, from where it can be imported."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()

    def _type(self, block: Block) -> None:
        *first, last = commands(block.text)
        for line in first:
            self._typed(block, line, 0)
        self._typed(block, last, int(block.notes.get("exit", "0")))

    def _typed(self, block: Block, line: str, expected: int) -> None:
        code, said = typed(line, self.folder)
        if code != expected:
            raise SnippetError(f"{self._at(block)}: exit code {code} of: {line}\n{said}")

    def _try(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, self.module.__dict__, name_of(self.path), str(self.path), block.line - 1)
        said: list[str] = []
        test.globs = self.module.__dict__
        if doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append, clear_globs=False).failed:
            raise SnippetError("".join(said))

    def _write(self, block: Block) -> None:
        if block.language == "python":
            compile(block.text, str(self.path), "exec", dont_inherit=True)
        else:
            try:
                PARSERS[block.language](block.text)
            except (ValueError, yaml.YAMLError, configparser.Error) as wrong:
                raise SnippetError(f"{self._at(block)}: no {block.language}: {wrong}") from wrong
        if block.file is not None:
            self.write(block.file, block.text)

    def _at(self, block: Block) -> str:
        return f"{name_of(self.path)}:{block.line}"
