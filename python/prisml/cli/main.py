"""``prisml``: the group of commands, and its way out with an exit code."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from prisml.cli.failure import Border, State, noticing_a_gone_reader
from prisml.cli.group import LazyGroup
from prisml.cli.log import FORMS, LEVELS, Form, Level, write_log
from prisml.logs import COMMAND_BEGUN, COMMAND_ENDED, record
from prisml.version import installed_version

COMMANDS = {
    "init": "Write a first definition for classes that SQLAlchemy maps.",
    "train": "Train models, and publish those that pass their gates.",
    "check": "Compare definitions with their mapping, the database and the active version.",
    "features": "Show what training would read: a few rows, or the SQL.",
    "predict": "Predict for JSON lines, or for rows of the database.",
    "versions": "List the versions of a model, or of all.",
    "show": "Show all that is known of a version.",
    "report": "Write a report that people can look at.",
    "compare": "Show in what two versions of a model differ.",
    "activate": "Make a version the one that serves.",
    "rollback": "Go back to the version that served before.",
    "history": "Show what served when, and who decided so.",
    "experiment": "Let several versions serve at once, each a share of the keys.",
    "describe": "Give a version a label and a note.",
    "register": "Publish an ONNX file that was trained elsewhere.",
    "export": "Write a version, a model or the whole registry to a folder or a file.",
    "import": "Publish what was exported.",
    "delete": "Delete a version that does not serve.",
    "prune": "Delete old versions, and keep the newest.",
    "doctor": "Look at the installation, the configuration and all they lead to; say what mends it.",
    "verify": "Read everything that the registry holds, and check it.",
    "registry": "Look after the registry itself.",
    "completion": "Write the script by which a shell completes on Tab.",
}
"""Each command, in the order of use, with its line of help: the list is shown without importing any of them."""


class Commands(LazyGroup):
    """The root of the command line, whose every failure has its exit code."""

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
        started = time.perf_counter()
        with state.log:
            with Border(state) as border:
                border.code = super().main(*args, **kwargs) or 0
                sys.stdout.flush()
            if state.command is not None:
                record(COMMAND_ENDED, command=state.command, exit_code=border.code, seconds=time.perf_counter() - started)
        sys.exit(border.code)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    click.echo(f"prisml {installed_version()}")
    ctx.exit()


HELP = """\
Predictive fields for SQLAlchemy: declare a field the database does not hold, train it, read it like any other.

\b
prisml init                        a first definition for the classes that are there
prisml check shop/ml/churn.py      does the definition fit the database?
prisml train shop/ml/churn.py      train, judge by its gates, publish
prisml versions churn              what was published, what serves
prisml predict churn rows.jsonl    one prediction a line
prisml rollback churn              the version that served before serves again

\b
Exit codes, everywhere:
  0    yes, done
  1    the answer is no: a gate, parity, the check before training, or what the registry's state forbids
  2    a definition or the usage is wrong, there is no such model or version, or a bug
  3    the database or the registry cannot be reached, or has to be upgraded
  130  interrupted
"""


LOG_LEVEL = "Write what is logged, from this level on, to stderr. Else PRISML_LOG_LEVEL."
LOG_FORMAT = "Lines for people, or one JSON object a line. Else PRISML_LOG_FORMAT."


@click.group(cls=Commands, package="prisml.cli", sentences=COMMANDS, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the release and exit.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the whole traceback of an error.")
@click.option("--log-level", type=click.Choice(LEVELS, case_sensitive=False), envvar="PRISML_LOG_LEVEL", help=LOG_LEVEL)
@click.option("--log-format", type=click.Choice(FORMS, case_sensitive=False), envvar="PRISML_LOG_FORMAT", help=LOG_FORMAT)
@click.pass_context
def cli(ctx: click.Context, log_level: Level | None, log_format: Form | None) -> None:
    """The root of the command line; its help is ``HELP``."""
    state = ctx.ensure_object(State)
    state.command = ctx.invoked_subcommand
    if log_level is not None:
        state.log.callback(write_log(log_level, log_format or "text"))
    record(COMMAND_BEGUN, command=state.command, release=installed_version())


def main() -> None:
    """Run the command line; what the ``prisml`` script and ``python -m prisml`` call."""
    cli.main(prog_name="prisml")
