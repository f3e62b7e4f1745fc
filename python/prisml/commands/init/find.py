"""The mapped classes of a folder, found by reading its Python files and importing none of them."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from prisml.commands.init.syntax import Class, read_classes, sqlite_urls

MOST_FILES = 5_000
_MOST_FOLDERS = 20_000
_LARGEST = 1_000_000
_NOT_OURS = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"})
_NO_MODELS = frozenset({"tests", "test", "docs", "migrations", "alembic"})


@dataclass(frozen=True)
class MappedClass:
    """A class that its source says SQLAlchemy maps: its name, the module as the application imports it, its file."""

    name: str
    module: str
    file: Path


@dataclass(frozen=True)
class Search:
    """What was looked at, and what was found: mapped classes in the order of their files, and the SQLite files that the code names."""

    folder: Path
    files: int
    unreadable: tuple[Path, ...] = ()
    classes: tuple[MappedClass, ...] = ()
    databases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, each once."""
        return tuple(dict.fromkeys(each.name for each in self.classes))


def search(folder: Path) -> Search:
    """The mapped classes in the Python files under ``folder``; virtual environments, tests and migrations are passed over."""
    parsed: list[tuple[Path, list[Class]]] = []
    unreadable, urls = [], dict[str, None]()
    files = 0
    for file in _python_files(folder):
        files += 1
        tree = _parsed(file)
        if tree is None:
            unreadable.append(file)
            continue
        parsed.append((file, read_classes(tree)))
        urls.update(dict.fromkeys(sqlite_urls(tree)))
    found = _mapped(parsed)
    classes = tuple(MappedClass(each.name, module_of(file, folder), file) for file, inside in parsed for each in inside if each in found)
    return Search(folder, files, tuple(unreadable), classes, tuple(urls))


def _parsed(file: Path) -> ast.Module | None:
    """The file's syntax, None where it has none that this Python reads; what Python would warn of in it is its author's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(file.read_bytes())
        # What is nested too deeply is the one or the other of the last two.
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
            return None


def module_of(file: Path, folder: Path) -> str:
    """The name by which an application that starts in ``folder``, or in its ``src``, imports ``file``."""
    root = folder
    if file.is_relative_to(folder / "src") and not (folder / "src" / "__init__.py").is_file():
        root = folder / "src"
    if not file.is_relative_to(root):
        root = file.parent
        while (root / "__init__.py").is_file():
            root = root.parent
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _mapped(parsed: list[tuple[Path, list[Class]]]) -> set[Class]:
    """Those that are mapped by what they say, and those that inherit from a declarative base and have a column or a mapped parent."""
    everything = [each for _, inside in parsed for each in inside]
    # By their last name: two bases of one name in two files are one here, which can only offer too much.
    bases = _spread({each for each in everything if each.is_base}, [each for each in everything if each.is_abstract])
    plain = [each for each in everything if not each.is_abstract and not each.is_base]
    children = {each for each in plain if each.has_columns and each.parents & {base.name for base in bases}}
    return _spread(children | {each for each in plain if each.is_mapped}, plain)


def _spread(known: set[Class], others: list[Class]) -> set[Class]:
    """``known``, and those of ``others`` that inherit from them, over any number of steps."""
    while more := {each for each in others if each not in known and each.parents & {parent.name for parent in known}}:
        known |= more
    return known


def _python_files(folder: Path) -> Iterator[Path]:
    """The files of the application, of a limited number of folders: somebody may be in their home, or at the root of all."""
    return islice(_all_python_files(folder), MOST_FILES)


def _all_python_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in islice(os.walk(folder), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if _is_ours(Path(place, name)))
        for name in sorted(names):
            file = Path(place, name)
            if name.endswith(".py") and _is_readable_file(file):
                yield file


def _is_readable_file(file: Path) -> bool:
    """Whether it is a file of a size that people write; one that is gone by now is none."""
    try:
        return file.is_file() and file.stat().st_size <= _LARGEST
    except OSError:
        return False


def _is_ours(folder: Path) -> bool:
    name = folder.name
    if name.startswith(".") or name in _NOT_OURS or name in _NO_MODELS or name.endswith(".egg-info"):
        return False
    # Not of pathlib, which raises for a folder that may not be entered, such as that of a database's server.
    return not os.path.isfile(folder / "pyvenv.cfg")  # noqa: PTH113
