"""``prisml register``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prisml.cli import document, options, render
from prisml.cli.completion import model_names
from prisml.cli.settings import read_config
from prisml.cli.writing import look_with
from prisml.commands.commit import git_commit
from prisml.commands.register import Foreign, definition_of
from prisml.commands.register import register as register_graph
from prisml.commands.remarks import Remarks
from prisml.manifest import ClassLabel
from prisml.registry.registry import Registry
from prisml.serving.foreign import TOLERANCE

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _classes(text: str) -> list[ClassLabel]:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, list) or not all(isinstance(each, bool | int | str) for each in read):
        raise click.BadParameter('write a JSON list of true and false, integers or texts, as in ["ok", "fraud"]')
    return read


@options.command(
    "prisml register shop.ml.churn:churn churn.onnx --golden golden.jsonl",
    "prisml register churn churn.onnx --golden golden.jsonl --categories codes.json --label from-r",
    _0="published",
    _1="the graph does not give what the golden rows expect, or another version has that label",
    _2="a graph, golden rows or a definition that do not fit, wrong usage, or a bug",
)
@click.argument("definition", metavar="NAME | MODULE:VARIABLE", shell_complete=model_names)
@click.argument("onnx", metavar="MODEL.ONNX", type=_FILE)
@click.option(
    "--golden",
    required=True,
    metavar="FILE",
    type=_FILE,
    help='Rows with what is expected for each: {"features": {"age": 41}, "expected": 0.7} a line.',
)
@click.option("--categories", metavar="FILE", type=_FILE, help='The categories in the order of their codes: {"country": ["US", "DE"]}.')
@click.option("--classes", metavar="JSON", type=_classes, help='The classes in the order of the graph\'s columns: ["ok", "fraud"].')
@click.option(
    "--tolerance",
    metavar="NUMBER",
    type=click.FloatRange(min=0),
    default=TOLERANCE,
    show_default=True,
    help="How far from the expected output is near enough.",
)
@click.option("--no-activate", is_flag=True, help="Publish, but let the version that serves now serve on.")
@options.label
@options.note
@options.why
@options.registry
@options.as_json
def register(
    definition: str,
    onnx: Path,
    golden: Path,
    categories: Path | None,
    classes: list[ClassLabel] | None,
    tolerance: float,
    no_activate: bool,
    label: str | None,
    note: str | None,
    why: str | None,
    registry: str | None,
    as_json: bool,
) -> None:
    """Publish an ONNX file that was trained elsewhere.

    The definition says which features, in which order, the graph takes: NAME is one that pyproject.toml lists. Every golden row goes
    through the engine that serves, alone and with the others; where one output is not what is expected, nothing is published. A
    missing value that no golden row shows is refused when it is predicted for.
    """
    config = read_config(registry=registry)
    found = definition_of(definition, config)
    look_with(f"prisml versions {found.name}")
    foreign = Foreign(onnx, golden, categories, classes, tolerance)
    remarks = Remarks(label, note, git_commit(Path.cwd()))
    done = register_graph(Registry(config.registry), found, foreign, activate=not no_activate, remarks=remarks, why=why)
    if as_json:
        render.write_json(document.answer(held=done.held, **document.of_version(done.version)))
        return
    number, name = done.version.number, done.version.name
    serves = "it serves now" if done.version.active else "it does not serve"
    render.say(f"Version {number} of {name} is published; {serves}.")
    if done.held is not None:
        render.say(f"It was not activated: {done.held}. To let it serve: prisml activate {name} {number}")
