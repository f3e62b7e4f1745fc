"""``prisml``: the group of commands, each imported when it is called and not before."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from prisml.cli.failure import Border, State, noticing_a_gone_reader
from prisml.version import installed_version

COMMANDS = {
    "train": "Train models, and publish those that pass their gates.",
    "check": "Compare definitions with their mapping and the database; train nothing.",
    "predict": "Predict for JSON lines, or for rows of the database.",
    "versions": "List the versions of a model, or of all.",
    "activate": "Make a version the one that serves.",
}
"""Each command, in the order of use, with its line of help: the list is shown without importing any of them."""


class Commands(click.Group):
    """A group that imports a command's module when the command is called, and whose every failure has its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"prisml.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """A context, as click makes it; a reader that has gone is told apart from other errors."""
        with noticing_a_gone_reader():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; a reader that has gone is told apart from other errors."""
        with noticing_a_gone_reader():
            return super().invoke(ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line and leave with its exit code."""
        words = kwargs.get("args", args[0] if args else None)
        state = State.of(sys.argv[1:] if words is None else words)
        kwargs.update(standalone_mode=False, obj=state)
        with Border(state) as border:
            border.code = super().main(*args, **kwargs) or 0
            sys.stdout.flush()
        sys.exit(border.code)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    click.echo(f"prisml {installed_version()}")
    ctx.exit()


HELP = """\
Predictive fields for SQLAlchemy: declare a field the database does not hold, train it, read it like any other.

\b
prisml check shop/ml/churn.py      does the definition fit the database?
prisml train shop/ml/churn.py      train, judge by its gates, publish
prisml versions churn              what was published, what serves
prisml predict churn rows.jsonl    one prediction a line

\b
Exit codes, everywhere:
  0    yes, done
  1    the answer is no: a gate, parity, or the check before training
  2    a definition or the usage is wrong, or a bug
  3    the database or the registry cannot be reached
  130  interrupted
"""


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the release and exit.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the whole traceback of an error.")
def cli() -> None:
    """The root of the command line; its help is ``HELP``."""


def main() -> None:
    """Run the command line; what the ``prisml`` script and ``python -m prisml`` call."""
    cli.main(prog_name="prisml")
