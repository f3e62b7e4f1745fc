"""The project's own files: pyproject.toml and .gitignore, added to as text, so that not a word in them changes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from prisml.errors import ConfigurationError

REGISTRY = ".prisml/"
_IGNORED = frozenset({".prisml", ".prisml/", "/.prisml", "/.prisml/", "**/.prisml/", ".prisml/*", ".prisml/**"})


def settings(models: str, database: str | None) -> str:
    """The table ``[tool.prisml]``."""
    url = url_setting(database) if database else '# database = "postgresql+psycopg://..."  # or DATABASE_URL in the environment'
    return f"[tool.prisml]\n{url}\nmodels = [{_text(models)}]\n"


def url_setting(database: str) -> str:
    """The line of the table that names the database."""
    return f"database = {_text(database)}"


def with_settings(text: str, table: str, file: Path) -> str | None:
    """The pyproject.toml with the table at its end; None where it has one already, which stays as it is.

    Raises ``ConfigurationError`` where it is no TOML, or where a table cannot be added to it.
    """
    before = _read(text, file)
    tool = before.get("tool", {})
    if "prisml" in tool:
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else newline if text.endswith("\n") else newline * 2
    after = text + gap + table.replace("\n", newline)
    try:
        added = tomllib.loads(after)
        left = {key: value for key, value in added["tool"].items() if key != "prisml"}
        whole = {**{key: value for key, value in added.items() if key != "tool"}, **({"tool": left} if "tool" in before else {})}
    except (tomllib.TOMLDecodeError, KeyError, AttributeError):
        whole = None
    if whole != before:
        set_there = ", ".join(line for line in table.splitlines()[1:] if not line.startswith("#"))
        hint = f"Add this to the table yourself: prisml = {{{set_there}}}."
        message = f"{file} has tool as an inline table, behind which [tool.prisml] cannot be added."
        raise ConfigurationError(message, {"file": str(file)}, [hint])
    return after


def models_in(text: str, file: Path) -> tuple[str, ...]:
    """The models that ``[tool.prisml]`` lists."""
    listed: object = _read(text, file).get("tool", {}).get("prisml", {}).get("models", [])
    return (listed,) if isinstance(listed, str) else tuple(map(str, listed)) if isinstance(listed, list) else ()


def with_ignored(text: str) -> str | None:
    """The .gitignore with the registry's folder at its end; None where that is ignored already."""
    if any(line.strip() in _IGNORED for line in text.splitlines()):
        return None
    newline = "\r\n" if "\r\n" in text else "\n"
    return text + ("" if not text or text.endswith("\n") else newline) + f"{REGISTRY}{newline}"


def _read(text: str, file: Path) -> dict[str, dict[str, dict[str, object]]]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Not chained: the parser's message can quote the file, and a URL in it can hold a password.
        raise ConfigurationError(f"{file} is no valid TOML.", {"file": str(file)}, ["Correct the file."]) from None


def _text(value: str) -> str:
    """A basic string of TOML: its escapes are those of JSON, and DEL is one of them."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
