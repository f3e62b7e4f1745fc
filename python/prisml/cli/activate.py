"""``prisml activate``."""

from __future__ import annotations

import click

from prisml.cli import options, render
from prisml.cli.completion import model_names, version_numbers
from prisml.cli.settings import open_registry
from prisml.cli.versions import as_document
from prisml.commands.activate import activate as activate_version


@options.command(
    'prisml activate churn 3 --why "version 4 is too keen"',
    _0="the version serves",
    _2="no such model or version, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=click.IntRange(min=1), shell_complete=version_numbers)
@click.option("--why", metavar="TEXT", help="A reason, kept in the registry's log.")
@options.registry
@options.as_json
def activate(name: str, version: int, why: str | None, registry: str | None, as_json: bool) -> None:
    """Make a version the one that serves.

    Processes that load the model from now on serve that version. Who did it, when and why is appended to the registry's log;
    nothing is written where the version serves already.
    """
    done = activate_version(open_registry(registry), name, version, why=why)
    if as_json:
        before = None if done.before is None else done.before.number
        render.write_json({"ok": True, "exit_code": 0, "changed": done.changed, "before": before, **as_document(done.version)})
    elif done.changed:
        served = "no version served before" if done.before is None else f"version {done.before.number} served before"
        render.say(f"Version {version} of {name} serves now ({served}).")
    else:
        render.say(f"Version {version} of {name} serves already; nothing was changed.")
