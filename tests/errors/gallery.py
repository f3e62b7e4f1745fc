"""Cases that provoke errors from outside, what the user sees of each, and where it was raised."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import Result

import prisml
from prisml.errors import PrisMLError
from tests.errors.world import World

PACKAGE = Path(prisml.__file__).parent
SECRET = "S3CRET-ada"
NUMBER = 987_654_321
"""What no error may show: each stands in the data, or in a URL, of the cases that could show it."""

Site = tuple[str, int]


@dataclass(frozen=True)
class Case:
    """One mistake: the code that it ends with, in words, and what its message has to name."""

    code: str
    title: str
    provoke: Callable[[World], object]
    names: tuple[str, ...] = ()
    prefix: str = "error"


@dataclass
class Seen:
    """What a case ended with: the error, what the terminal showed, and the lines of the package that it came through."""

    error: PrisMLError
    shown: str
    exit_code: int
    sites: set[Site] = field(default_factory=set)


CASES: list[Case] = []


def case(code: str, title: str, *names: str) -> Callable[[Callable[[World], object]], Callable[[World], object]]:
    """Enter the function as a case; the message has to hold each of ``names``."""

    def decorate(provoke: Callable[[World], object]) -> Callable[[World], object]:
        CASES.append(Case(code, title, provoke, names))
        return provoke

    return decorate


@contextmanager
def recording() -> Iterator[list[tuple[PrisMLError, set[Site]]]]:
    """Every error that is made meanwhile, with the lines of the package that were running."""
    made: list[tuple[PrisMLError, set[Site]]] = []
    original = PrisMLError.__init__

    def init(self: PrisMLError, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)  # type: ignore[arg-type]
        made.append((self, _running()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PrisMLError, "__init__", init)
        yield made


def _running() -> set[Site]:
    found: set[Site] = set()
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE) and path.name != "errors.py":
            found.add((path.relative_to(PACKAGE).as_posix(), frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return found


def look(each: Case, world: World) -> Seen:
    """Provoke the case, by a call that raises or by a command that ends with an error."""
    with recording() as made:
        try:
            ended = each.provoke(world)
        except PrisMLError as error:
            sites = set().union(*(found for other, found in made if other is error or other.message in error.message))
            return Seen(error, _as_shown(error), error.exit_code, sites | {site for _, found in made for site in found})
    if isinstance(ended, PrisMLError):
        return Seen(ended, _as_shown(ended), ended.exit_code, {site for _, found in made for site in found})
    assert isinstance(ended, Result), f"{each.title}: nothing was raised"
    assert "Traceback" not in ended.stderr, ended.stderr
    told = [error for error, _ in made if error.message in ended.stderr]
    assert told, f"{each.title}: {ended.output}{ended.stderr}{ended.exception!r}"
    shown = ended.stderr[ended.stderr.index("error[") :]
    return Seen(told[-1], shown, ended.exit_code, {site for _, found in made for site in found})


def _as_shown(error: PrisMLError) -> str:
    hints = "".join(f"\n  hint: {hint}" for hint in error.suggestions)
    return f"error[{error.code}]: {error.message}{hints}\n"


def text(each: Case, seen: Seen, world: World) -> str:
    """The case as it stands in a snapshot: the same on every machine and at any time."""
    shown = seen.shown.replace(str(world.folder), "/shop")
    shown = re.sub(r"/[^\s'\"]*/site-packages", "/site-packages", shown)
    shown = re.sub(r"\b(line|Line) \d+(?=[:,. ]|$)", r"\1 N", shown) if "cases_" in shown else shown
    shown = re.sub(r"(?<=:)\d{4,5}(?=/)", "PORT", shown)
    keys = ", ".join(sorted(seen.error.context))
    return f"# {each.title}\n{shown.rstrip()}\n  context: {keys or 'none'}\n"
