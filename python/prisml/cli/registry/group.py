"""The group of commands for the registry itself."""

from __future__ import annotations

import click

from prisml.cli.group import LazyGroup

COMMANDS = {
    "status": "Show where the registry is, its schema, and how much it holds.",
    "upgrade": "Bring a registry of an older release up to this one.",
}

HELP = """\
Look after the registry itself.

A registry that an older release made can be read and served from as it is; to write to it, upgrade it. Nothing but `upgrade` changes
the tables of a registry that is there.

\b
Example:
  prisml registry status
  prisml registry upgrade

\b
Exit codes:
  0    done
  2    wrong usage, or a bug
  3    the registry cannot be reached, or a newer release made it
  130  interrupted
"""


@click.group(cls=LazyGroup, package="prisml.cli.registry", sentences=COMMANDS, help=HELP)
def registry() -> None:
    """The group of commands; its help is ``HELP``."""
