"""Options that several commands share, and the help that says what exit codes mean."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

database = click.option(
    "--database",
    metavar="URL",
    help="SQLAlchemy URL of the database to read. Else DATABASE_URL, else [tool.prisml] database.",
)
registry = click.option(
    "--registry",
    metavar="URL",
    help="SQLAlchemy URL of the registry (SQLite, PostgreSQL, MariaDB or MySQL). Else PRISML_REGISTRY, else [tool.prisml] registry, else sqlite:///.prisml/registry.db.",
)
why = click.option("--why", metavar="TEXT", help="A reason, kept in the registry's log: whoever reads it next month will ask.")
label = click.option("--label", metavar="TEXT", help="A name for the version, unique in the model, as in v1.1.")
note = click.option("--note", metavar="TEXT", help="What there is to say of the version.")
yes = click.option("--yes", is_flag=True, help="Delete without asking; needed where stdin is no terminal.")
as_json = click.option("--json", "as_json", is_flag=True, help="Write one JSON document to stdout, errors included.")
debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the whole traceback of an error.")


def command(*examples: str, **exit_codes: str) -> Callable[[Decorated], click.Command]:
    """A click command whose help ends with examples and with what its exit codes mean.

    ``command("prisml train shop.py", _0="published", _1="a gate failed")``; the codes that mean the same everywhere are added. It is
    called as the function is, without the ``_`` that makes a word of Python a name.
    """
    codes = {"_2": "a definition or the usage is wrong, or a bug", "_3": "the database or the registry cannot be reached"}
    codes |= {"_130": "interrupted", **exit_codes}
    lines = [f"{key[1:]:<4} {codes[key]}" for key in sorted(codes, key=lambda key: int(key[1:]))]

    def decorate(function: Decorated) -> click.Command:
        parts = (inspect.cleandoc(function.__doc__ or ""), _block("Example:", examples), _block("Exit codes:", lines))
        return click.command(function.__name__.rstrip("_"), help="\n\n".join(parts))(debug(function))

    return decorate


def _block(title: str, lines: Sequence[str]) -> str:
    """Lines that click does not fill."""
    return "\n".join(["\b", title, *(f"  {line}" for line in lines)])
