"""``prisml prune``."""

from __future__ import annotations

import click

from prisml.cli import document, options, render
from prisml.cli.completion import model_names
from prisml.cli.confirm import confirmed, require_answer
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.remove import prune as prune_versions
from prisml.errors import EXIT_NO
from prisml.registry.registry import Version


@options.command(
    "prisml prune churn --keep 5 --dry-run",
    "prisml prune churn --keep 5 --yes",
    _0="deleted, or nothing to delete",
    _1="the answer to the question was no",
    _2="no such model, no terminal to ask at and no --yes, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.option(
    "--keep", type=click.IntRange(min=0), default=5, show_default=True, metavar="COUNT", help="How many of the newest versions stay."
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@options.yes
@options.registry
@options.as_json
def prune(name: str, keep: int, dry_run: bool, yes: bool, registry: str | None, as_json: bool) -> int:
    """Delete old versions, and keep the newest.

    What serves, what takes part in an experiment and what has a label stays, however old it is. On a terminal it asks first.
    """
    require_answer(yes=yes or dry_run)
    look_with(f"prisml versions {name} --all")
    opened = open_registry(registry)
    found = prune_versions(opened, name, keep=keep, dry_run=True)
    done = bool(found) and not dry_run and confirmed(f"Delete {_named(name, found)}, for good?", yes=yes)
    if done:
        found = prune_versions(opened, name, keep=keep)
    refused = bool(found) and not done and not dry_run
    code = EXIT_NO if refused else 0
    if as_json:
        versions = [] if refused else [document.of_version(each) for each in found]
        render.write_json({"ok": not refused, "exit_code": code, "dry_run": dry_run, "deleted": versions})
    elif not found:
        render.say(f"There is nothing to delete of {name}.")
    elif refused:
        render.say("Nothing was deleted.")
    else:
        render.say(f"{_capital(_named(name, found))} {'would be' if dry_run else 'is' if len(found) == 1 else 'are'} deleted.")
    return code


def _named(name: str, found: tuple[Version, ...]) -> str:
    numbers = ", ".join(str(each.number) for each in found)
    return f"version{'' if len(found) == 1 else 's'} {numbers} of {name}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
