"""``prisml activate``."""

from __future__ import annotations

import click

from prisml.cli import kinds, moved, options
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.activate import activate as activate_version


@options.command(
    'prisml activate churn 3 --why "version 4 is too keen"',
    "prisml activate churn v1.1",
    _0="the version serves",
    _2="no such model or version, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=kinds.version, shell_complete=version_names)
@options.why
@options.registry
@options.as_json
def activate(name: str, version: Which, why: str | None, registry: str | None, as_json: bool) -> None:
    """Make a version the one that serves.

    VERSION is a number or a label. Every process that follows the registry serves it within seconds, and an experiment that runs
    ends. Who did it, when and why is appended to the registry's log; nothing is written where the version serves already.
    """
    look_with(f"prisml history {name}")
    moved.write(activate_version(open_registry(registry), name, version, why=why), as_json=as_json)
