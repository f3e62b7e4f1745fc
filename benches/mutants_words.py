"""Mutants of a function: what each changes, and whether that is more than words."""

from __future__ import annotations

import ast
import difflib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What mutmut calls the functions that it writes: the original, and each mutant by its number.
_WRITTEN = re.compile(r"x(?:ǁ(?P<owner>\w+)ǁ|_)(?P<name>\w+?)__mutmut_(?P<which>orig|\d+)$")


@dataclass(frozen=True)
class Change:
    """What a mutant is: the lines that it takes and those that it puts there, and whether they differ in the words of a message alone."""

    function: str
    line: int
    was: str
    now: str
    words: bool


def changes(written: Path, source: Path) -> dict[str, Change]:
    """Each mutant that mutmut has written into a module, by its name there."""
    lines = source.read_text(encoding="utf-8").splitlines()
    originals: dict[str, ast.FunctionDef] = {}
    found: dict[str, Change] = {}
    text = written.read_text(encoding="utf-8").splitlines()
    starts = _starts(source)
    for node in _functions(ast.parse("\n".join(text))):
        match = _WRITTEN.match(node.name)
        if match is None:
            continue
        function = node.name.rpartition("__mutmut_")[0]
        if match["which"] == "orig":
            originals[function] = node
            continue
        was, now = (_body(text, each) for each in (originals[function], node))
        name = f"{match['owner']}.{match['name']}" if match["owner"] else match["name"]
        taken, put, offset = _apart(was, now)
        found[node.name] = Change(name, _line(lines, starts[name], offset), taken, put, _is_words(originals[function], node))
    return found


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef))


def _starts(source: Path) -> dict[str, int]:
    """The first line of each function of a module."""
    found = {}
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        found.update({f"{owner}{each.name}": each.lineno for each in members if isinstance(each, ast.FunctionDef)})
    return found


def _body(text: list[str], node: ast.FunctionDef) -> list[str]:
    """The lines of a function, with one name whatever it is called."""
    lines = textwrap.dedent("\n".join(text[node.lineno - 1 : node.end_lineno])).splitlines()
    return [lines[0].replace(node.name, "_"), *lines[1:]]


def _apart(was: list[str], now: list[str]) -> tuple[str, str, int]:
    """The lines that differ, each side as one, and where the first of them is."""
    blocks = [each for each in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes() if each[0] != "equal"]
    first, last = blocks[0], blocks[-1]
    taken, put = was[first[1] : last[2]], now[first[3] : last[4]]
    return _one(taken), _one(put), first[1]


def _one(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _line(lines: list[str], start: int, offset: int) -> int:
    return min(start + offset, len(lines))


def _is_words(was: ast.AST, now: ast.AST) -> bool:
    """Whether all that differs is a text for people: a part of one with values in it, or a literal with a space."""
    one, other, inside = _differing(was, now, inside=False)
    if isinstance(one, ast.JoinedStr):
        return isinstance(other, ast.Constant)
    return isinstance(one, ast.Constant) and isinstance(one.value, str) and isinstance(other, ast.Constant) and (inside or " " in one.value)


def _differing(was: ast.AST, now: ast.AST, *, inside: bool) -> tuple[ast.AST, ast.AST, bool]:
    """The smallest parts that differ, and whether they are parts of an f-string."""
    pairs = []
    for (name, one), (_, other) in zip(ast.iter_fields(was), ast.iter_fields(now), strict=False):
        if name == "name":
            continue
        ones, others = (each if isinstance(each, list) else [each] for each in (one, other))
        if type(was) is not type(now) or len(ones) != len(others):
            return was, now, inside
        pairs += [(a, b) for a, b in zip(ones, others, strict=True) if _dump(a) != _dump(b)]
    if type(was) is not type(now) or len(pairs) != 1 or not all(isinstance(each, ast.AST) for each in pairs[0]):
        return was, now, inside
    return _differing(*pairs[0], inside=isinstance(was, ast.JoinedStr))


def _dump(node: object) -> str:
    return ast.dump(node) if isinstance(node, ast.AST) else repr(node)
