"""A page's world, made and taken away: folder, current folder, environment, modules."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

import prisml
from tests.docs.blocks import ROOT, Page
from tests.docs.console import modules_of
from tests.docs.world import MODULE, World

Given = Callable[[World], None]


def run(page: Page, givens: Mapping[str, Given]) -> None:
    """Run the page from top to bottom, after what it takes for granted."""
    with opened(page.path) as world:
        if page.given is not None:
            givens[page.given](world)
        for block in page.snippets:
            world.run(block)


@contextmanager
def opened(path: Path) -> Iterator[World]:
    """A world for the page; afterwards the process is as it was before."""
    place, variables, places, unwritten = Path.cwd(), dict(os.environ), list(sys.path), sys.dont_write_bytecode
    with tempfile.TemporaryDirectory(prefix="prisml-page-") as made, asyncio.Runner() as runner, _engines() as engines:
        folder, programs = Path(made).resolve() / "project", Path(made).resolve() / "bin"
        folder.mkdir()
        _programs(programs)
        world = World(path, folder, runner)
        try:
            _enter(world, programs)
            yield world
        finally:
            _close(world, engines)
            os.chdir(place)
            os.environ.clear()
            os.environ.update(variables)
            sys.path[:] = places
            sys.dont_write_bytecode = unwritten


def _programs(folder: Path) -> None:
    """``prisml`` and ``python``: of this interpreter and this source tree, installed or not."""
    folder.mkdir()
    for name, words in (("prisml", f'"{sys.executable}" -m prisml'), ("python", f'"{sys.executable}"')):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(0o755)


def _enter(world: World, programs: Path) -> None:
    for name in ("DATABASE_URL", "PRISML_REGISTRY", "PRISML_COMMIT"):
        os.environ.pop(name, None)
    os.environ["PATH"] = os.pathsep.join([str(programs), sysconfig.get_path("scripts"), os.environ["PATH"]])
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(prisml.__file__).parents[1]), str(ROOT)])
    # A file that is written twice within a second would be taken from the cache.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(world.folder))
    sys.modules[MODULE] = world.module
    os.chdir(world.folder)


def _close(world: World, engines: list[Engine]) -> None:
    """Forget the page's modules, and close the databases that it left open."""
    modules = [sys.modules.pop(name) for name in (MODULE, *modules_of(world.folder))]
    for value in [value for module in modules for value in vars(module).values()]:
        if isinstance(value, AsyncEngine):
            world.runner.run(value.dispose())
    for engine in engines:
        if not engine.dialect.is_async:
            engine.dispose()


@contextmanager
def _engines() -> Iterator[list[Engine]]:
    """The engines that were connected inside."""
    found: list[Engine] = []

    def connected(connection: Connection) -> None:
        if not any(each is connection.engine for each in found):
            found.append(connection.engine)

    event.listen(Engine, "engine_connect", connected)
    try:
        yield found
    finally:
        event.remove(Engine, "engine_connect", connected)
