"""What pages take for granted, by the name in their comment ``<!-- given: name -->``."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import chdir
from functools import cache
from pathlib import Path

from tests.docs.blocks import ROOT
from tests.docs.console import typed
from tests.docs.surroundings import Given
from tests.docs.world import World

SETTINGS = """\
[tool.prisml]
database = "sqlite:///shop.db"
models = ["shop.py"]
"""
# Versions 2 to 4: each is held back more than the one before.
STRENGTHS = (0.1, 0.01, 0.001)


def program(world: World) -> None:
    """docs/shop.py as ``shop.py``, and nothing else."""
    shutil.copy(ROOT / "docs" / "shop.py", world.folder)


def tables(world: World) -> None:
    """docs/shop.py as ``shop.py``, ``shop.db`` filled by it, and a ``pyproject.toml`` that names both; nothing is trained."""
    _copy("tables", world)


def shop(world: World) -> None:
    """The same, and version 1 of ``churn``, which serves."""
    _copy("shop", world)


def versions(world: World) -> None:
    """The same, with versions 1 to 4 of ``churn``, of which version 3 serves."""
    _copy("versions", world)


def migrations(world: World) -> None:
    """The tables, Alembic's ``alembic.ini`` and ``migrations``, the registry in ``shop.db`` too, and version 1 of ``churn``."""
    _copy("migrations", world)


GIVENS: dict[str, Given] = {each.__name__: each for each in (program, tables, shop, versions, migrations)}


def _copy(name: str, world: World) -> None:
    shutil.copytree(_made(name), world.folder, dirs_exist_ok=True)


@cache
def _made(name: str) -> Path:
    """A folder with that much of the shop, made once in a process by typing commands."""
    folder = Path(tempfile.mkdtemp(prefix="prisml-given-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if name == "tables":
        shutil.copy(ROOT / "docs" / "shop.py", folder)
        (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
        _type("python shop.py", folder)
        return folder
    shutil.copytree(_made("shop" if name == "versions" else "tables"), folder, dirs_exist_ok=True)
    if name == "shop":
        _type("prisml train", folder)
    else:
        {"versions": _train_more, "migrations": _migrate}[name](folder)
    return folder


def _migrate(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(f'{SETTINGS}registry = "sqlite:///shop.db"\n', encoding="utf-8")
    _type("prisml train", folder)
    _type("alembic init migrations", folder)


def _train_more(folder: Path) -> None:
    program = folder / "shop.py"
    text = program.read_text(encoding="utf-8")
    for strength in STRENGTHS:
        changed = text.replace('"logistic_regression"', f'"logistic_regression", params={{"C": {strength}}}')
        program.write_text(changed, encoding="utf-8")
        _type("prisml train", folder)
    program.write_text(text, encoding="utf-8")
    _type("prisml activate churn 3", folder)


def _type(line: str, folder: Path) -> None:
    with chdir(folder):
        code, said = typed(line, folder)
    assert code == 0, said
