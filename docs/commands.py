"""The reference of the command line, made of the commands; a Sphinx extension puts it where a page says ``<!-- commands -->``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click

from prisml.cli.main import cli

MARK = "<!-- commands -->"
_PART = re.compile(r"\x08\n(Example|Exit codes):\n((?: {2}.*\n?)*)")


def reference() -> str:
    """Markdown with a section for each command, in the order of the help."""
    return "\n".join(line for context in contexts() for line in _section(context))


def contexts(group: click.Group = cli, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for each command, those of groups behind their group."""
    above = parent or click.Context(group, info_name="prisml")
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=above)
        yield context
        if isinstance(command, click.Group):
            yield from contexts(command, context)


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls it."""
    app.connect("source-read", lambda _app, _page, source: source.__setitem__(0, source[0].replace(MARK, reference())))
    return {"parallel_read_safe": True}


def _section(context: click.Context) -> Iterator[str]:
    command, path = context.command, context.command_path
    yield from (f"## {path}", "", _words(_PART.sub("", command.help or "")), "")
    yield from ("```text", f"{path} {' '.join(command.collect_usage_pieces(context))}", "```", "")
    parts = dict(_PART.findall(f"{command.help}\n"))
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield from ("| option | |", "| --- | --- |", *(f"| {_name(option)} | {_said(option)} |" for option in options), "")
    if "Example" in parts:
        yield from ("```console", *(line.strip() for line in parts["Example"].splitlines()), "```", "")
    if "Exit codes" in parts:
        codes = [line.split(maxsplit=1) for line in parts["Exit codes"].splitlines()]
        yield from ("| exit code | |", "| --- | --- |", *(f"| {code} | {_words(said)} |" for code, said in codes), "")


def _name(option: click.Option) -> str:
    metavar = "" if option.is_flag or option.count else f" {option.metavar or _choices(option) or option.type.name.upper().split()[0]}"
    return ", ".join(f"`{each}{metavar}`" for each in (*option.opts, *option.secondary_opts)).replace("|", "\\|")


def _choices(option: click.Option) -> str:
    return "|".join(str(each) for each in option.type.choices) if isinstance(option.type, click.Choice) else ""


def _said(option: click.Option) -> str:
    # A default of None, of a flag, or one that click was not asked to show says nothing.
    default = f" (default: `{option.default}`)" if option.show_default and option.default not in {None, False} else ""
    return _words(f"{option.help or ''}{default}").replace("\n", " ")


def _words(text: str) -> str:
    """Plain text as Markdown: what would be markup is code or is escaped."""
    escaped = re.sub(r"([*_<>|\\\[\]])", r"\\\1", text)
    return re.sub(r"(?<![\w`])(--[a-z][\w-]*)", r"`\1`", escaped).strip()
