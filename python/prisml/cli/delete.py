"""``prisml delete``."""

from __future__ import annotations

import click

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.confirm import confirmed, require_answer
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.remove import delete as delete_version
from prisml.commands.remove import stays
from prisml.errors import EXIT_NO


@options.command(
    "prisml delete churn 2",
    "prisml delete churn 2 --yes",
    _0="deleted",
    _1="it serves or takes part in an experiment, or the answer to the question was no",
    _2="no such model or version, no terminal to ask at and no --yes, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=kinds.version, shell_complete=version_names)
@options.yes
@options.registry
@options.as_json
def delete(name: str, version: Which, yes: bool, registry: str | None, as_json: bool) -> int:
    """Delete a version that does not serve.

    Its graph and its manifest go, unless another version has the same; its line stays in the history, and its number is never
    given again. What serves, and what takes part in an experiment, is never deleted. On a terminal it asks first.
    """
    require_answer(yes=yes)
    look_with(f"prisml versions {name} --all")
    opened = open_registry(registry)
    found = opened.version(name, version)
    # What is refused anyway is not asked about.
    done = stays(opened, found) or confirmed(f"Delete version {found.number} of {name}, for good?", yes=yes)
    if done:
        found = delete_version(opened, name, found.number)
    code = 0 if done else EXIT_NO
    if as_json:
        render.write_json({"ok": done, "exit_code": code, "deleted": [document.of_version(found)] if done else []})
    else:
        render.say(f"Version {found.number} of {name} is deleted." if done else "Nothing was deleted.")
    return code
