"""``prisml experiment promote``."""

from __future__ import annotations

import click

from prisml.cli import kinds, moved, options
from prisml.cli.completion import running_models, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.experiment import promote as promote_version


@options.command(
    'prisml experiment promote churn 4 --why "fewer leavers in March"',
    _0="the version serves everyone",
    _2="no experiment runs, the version takes no part in it, several could be meant, wrong usage, or a bug",
)
@click.argument("name", shell_complete=running_models)
@click.argument("version", type=kinds.version, required=False, shell_complete=version_names)
@options.why
@options.registry
@options.as_json
def promote(name: str, version: Which | None, why: str | None, registry: str | None, as_json: bool) -> None:
    """End the experiment: one of its versions serves everyone.

    VERSION is a number or a label; it may be left out where control has one rival. The version becomes the active one and the
    experiment ends, in one step.
    """
    look_with(f"prisml history {name}")
    moved.write(promote_version(open_registry(registry), name, version, why=why), as_json=as_json)
