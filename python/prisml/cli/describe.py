"""``prisml describe``."""

from __future__ import annotations

import click

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.cli.writing import look_with
from prisml.commands.describe import describe as describe_version


@options.command(
    'prisml describe churn 3 --label v1.1 --note "with the orders of spring"',
    "prisml describe churn v1.1 --no-label",
    _0="described",
    _1="another version has that label",
    _2="no such model or version, a label that cannot be one, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=kinds.version, shell_complete=version_names)
@options.label
@click.option("--no-label", is_flag=True, help="Take the label away.")
@options.note
@click.option("--no-note", is_flag=True, help="Take the note away.")
@options.registry
@options.as_json
def describe(
    name: str, version: Which, label: str | None, no_label: bool, note: str | None, no_note: bool, registry: str | None, as_json: bool
) -> None:
    """Give a version a label and a note.

    A label is unique in its model, and stands for the version wherever a command takes one; prune keeps what has one. What is not
    named stays as it is.
    """
    changes = {**_change("label", label, no_label), **_change("note", note, no_note)}
    if not changes:
        raise click.UsageError("Say what to change: --label, --note, --no-label or --no-note.")
    look_with(f"prisml show {name} {version}")
    done = describe_version(open_registry(registry), name, version, changes)
    if as_json:
        render.write_json(document.answer(**document.of_version(done)))
        return
    label_now = "no label" if done.label is None else f"the label {done.label}"
    render.say(f"Version {done.number} of {name} has {label_now} and {'no note' if done.note is None else 'a note'}.")


def _change(what: str, text: str | None, removed: bool) -> dict[str, str | None]:
    if text is not None and removed:
        raise click.UsageError(f"--{what} and --no-{what} contradict each other.")
    return {} if text is None and not removed else {what: text}
