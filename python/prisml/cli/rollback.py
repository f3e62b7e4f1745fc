"""``prisml rollback``."""

from __future__ import annotations

import click

from prisml.cli import kinds, moved, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.rollback import rollback as roll_back


@options.command(
    'prisml rollback churn --why "predicts too many leavers"',
    "prisml rollback churn --to 3 --expect 5",
    _0="the version serves again",
    _1="another version serves than was expected",
    _2="no such model or version, nothing to go back to, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.option(
    "--to",
    type=kinds.version,
    metavar="VERSION",
    shell_complete=version_names,
    help="The version to go back to, in place of the one before.",
)
@click.option(
    "--expect",
    type=kinds.version,
    metavar="VERSION",
    shell_complete=version_names,
    help="The version that you believe serves: where another one does, nothing is changed.",
)
@options.why
@options.registry
@options.as_json
def rollback(name: str, to: Which | None, expect: Which | None, why: str | None, registry: str | None, as_json: bool) -> None:
    """Go back to the version that served before.

    A second rollback goes back one further. An experiment that runs ends. Every process that follows the registry serves the older
    version within seconds. From then on training publishes without activating, until another version is activated by hand:
    what was rolled back would otherwise come back with the next training.
    """
    look_with(f"prisml history {name}")
    done = roll_back(open_registry(registry), name, to, expected=expect, why=why)
    moved.write(done, as_json=as_json, again=True)
    if done.changed and not as_json:
        render.say(f"Training publishes without activating from now on; to let a new version serve: prisml activate {name} <version>")
