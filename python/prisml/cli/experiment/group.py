"""The group of commands of an experiment."""

from __future__ import annotations

import click

from prisml.cli.group import LazyGroup

COMMANDS = {
    "start": "Start an experiment.",
    "ramp": "Change the shares of the experiment that runs.",
    "status": "Show which experiments run, and how they share the keys out.",
    "stop": "End the experiment: the active version serves everyone again.",
    "promote": "End the experiment: one of its versions serves everyone.",
}

HELP = """\
Let several versions serve at once, each a share of the keys.

Which version answers for a row is decided by the row's key: the same key gets the same version, in every process and after every
restart. A row without a key is served by control, the active version. One experiment runs per model at a time; activate and
rollback end it.

\b
Example:
  prisml experiment start churn 3=0.9 4=0.1
  prisml experiment ramp churn 3=0.5 4=0.5
  prisml experiment promote churn 4

\b
Exit codes:
  0    done
  2    the shares are wrong or another experiment is in the way, wrong usage, or a bug
  3    the registry cannot be reached
  130  interrupted
"""


@click.group(cls=LazyGroup, package="prisml.cli.experiment", sentences=COMMANDS, help=HELP)
def experiment() -> None:
    """The group of commands; its help is ``HELP``."""
