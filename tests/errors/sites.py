"""Where the package raises its errors, read from its source."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import prisml
from prisml import errors

PACKAGE = Path(prisml.__file__).parent
LISTED = Path(__file__).parent / "unprovoked.txt"
OURS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.PrisMLError)}

Site = tuple[str, int, int]
"""A file, and the first and last line of a call that makes an error."""


def known_sites() -> dict[str, Site]:
    """Every call of a class of the tree, or of ``place.error``, by a name that does not change with its line."""
    found: dict[str, Site] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name == "errors.py":
            continue
        seen: Counter[str] = Counter()
        for function, call in _calls(ast.parse(path.read_text()), ""):
            seen[function] += 1
            found[f"{name}::{function}::{seen[function]}"] = (name, call.lineno, call.end_lineno or call.lineno)
    return found


def _calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(child, ast.Call) and _makes_an_error(child.func):
            yield inner, child
        else:
            yield from _calls(child, inner)


def _makes_an_error(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in OURS
    return isinstance(called, ast.Attribute) and called.attr == "error"


def provoked(site: Site, lines: set[tuple[str, int]]) -> bool:
    """Whether one of the ``lines`` that were running when an error was made lies in the call."""
    name, first, last = site
    return any((name, number) in lines for number in range(first, last + 1))


def unprovoked_listed() -> list[str]:
    """The calls that no case of the gallery reaches, as the list has them."""
    return [line for line in LISTED.read_text().splitlines() if line and not line.startswith("#")]


def write_unprovoked(left: list[str], every: int) -> None:
    """The list anew; its head says how many there are."""
    head = (
        f"# {every - len(left)} of {every} calls that make an error are reached by a case of the gallery. Most of those below need\n"
        "# a server, another platform, a library that is absent, or damage that a test of its own module makes.\n"
    )
    LISTED.write_text(head + "".join(f"{name}\n" for name in left))
