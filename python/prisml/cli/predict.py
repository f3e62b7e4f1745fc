"""``prisml predict``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast

import click
from click.core import ParameterSource

from prisml.cli import kinds, options, render
from prisml.cli.completion import names_and_folders, version_names
from prisml.cli.failure import State, describe
from prisml.cli.kinds import Which
from prisml.cli.progress import Steps, steps
from prisml.cli.settings import open_registry, read_config
from prisml.commands.database import open_database
from prisml.commands.predict import BATCH, Answer, Given, line_count, read_database, read_lines
from prisml.commands.predict import predict as predict_rows
from prisml.commands.targets import Definition, find_definition
from prisml.commands.typed import retyping
from prisml.registry.bundle import is_bundle, read_bundle
from prisml.serving.engine import Engine
from prisml.serving.loading import load


@options.command(
    "prisml predict churn customers.jsonl",
    'echo \'{"country": "US", "age": 41}\' | prisml predict churn',
    "prisml predict --model shop.ml.churn:churn --where \"country = 'US'\" --database sqlite:///shop.db",
    _0="every row was answered (with --on-error null: or has its error)",
    _2="a row that does not fit, a definition, wrong usage, or a bug",
)
@click.argument("name", metavar="[NAME | FOLDER]", required=False, shell_complete=names_and_folders)
@click.argument("file", metavar="[FILE | -]", type=click.File("rb"), default="-")
@click.option("--model", metavar="MODULE:VARIABLE", help="The definition: needed for --where, and for features that resolvers compute.")
@click.option("--where", metavar="SQL", help="Predict for the database's rows that this condition selects. It is run as you type it.")
@click.option(
    "--version",
    type=kinds.version,
    metavar="VERSION",
    shell_complete=version_names,
    help="The version that predicts, by its number or label, in place of the active one.",
)
@click.option(
    "--as-of",
    type=kinds.moment,
    metavar="MOMENT",
    help="The moment that rows are seen at, in ISO 8601: UTC unless it says its zone; a date is its first moment. Else now.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="PROBABILITY",
    help="A binary model's label is positive above it, in place of the version's own.",
)
@click.option(
    "--on-error", type=click.Choice(["raise", "null"]), default="raise", show_default=True, help="End at a row that fails, or answer null."
)
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="ROWS",
    default=BATCH,
    show_default=True,
    help="Rows predicted at once; 1: answer each line as it comes.",
)
@options.database
@options.registry
@click.option("--json", is_flag=True, expose_value=False, help="Write the error that ends the command to stdout too, as one more line.")
def predict(
    name: str | None,
    file: BinaryIO,
    model: str | None,
    where: str | None,
    version: Which | None,
    as_of: datetime | None,
    threshold: float | None,
    on_error: Literal["raise", "null"],
    batch: int,
    database: str | None,
    registry: str | None,
) -> None:
    """Predict for JSON lines, or for rows of the database.

    Reads one JSON object a line from FILE or stdin and writes one a line to stdout, in the same order: value, label, version
    (several classes: probabilities too). Dates and moments are text in ISO 8601. A line that fails ends the command with its
    number, after the lines before it were answered; with --on-error null it is answered by null and its error. While an experiment
    runs, a row that gives its primary key is answered by the variant of that key, and variant says by which.

    With --where the rows come from the database, and each answer begins with their primary key. The condition is SQL over the
    entity's table and goes to the database as it is: never build it from what others typed.
    """
    _require(name, model, where)
    definition = None if model is None else find_definition(model)
    if definition is not None and name is not None and _is_the_file(name, definition):
        _refuse_file(where)
        file, name = _opened(name), None
    engine = _engine(name, definition, registry, version)
    output = sys.stdout
    with contextlib.ExitStack() as stack:
        # Lines that people see come between those of a bar.
        bar = stack.enter_context(steps(quiet=output.isatty()))
        total = _Total(bar)
        if definition is not None and where is not None:
            if as_of is None and engine.manifest.as_of_column is None:
                # One moment for what the database computes and for what is computed of it.
                as_of = datetime.now(UTC)
            opened = stack.enter_context(open_database(read_config(database=database).database))
            rows: Iterable[Given] = read_database(definition, opened, where, as_of, counted=total if bar.shown else None)
        else:
            total(line_count(file) if bar.shown else None)
            rows = read_lines(file, retyping(engine.manifest, definition))
            # Whoever types the lines wants each one answered.
            batch = 1 if file.isatty() else batch
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        _write(predict_rows(engine, rows, as_of=as_of, threshold=threshold, on_error=on_error, batch=batch), output, batch, total)


def _require(name: str | None, model: str | None, where: str | None) -> None:
    if where is not None and model is None:
        raise click.UsageError("--where needs the definition: add --model module:variable.")
    if _has_file():
        _refuse_file(where)
    if name is None and model is None:
        raise click.UsageError("Name a model or a bundle's folder, or give its definition with --model module:variable.")


def _has_file() -> bool:
    return click.get_current_context().get_parameter_source("file") is ParameterSource.COMMANDLINE


def _refuse_file(where: str | None) -> None:
    if where is not None:
        raise click.UsageError("With --where the rows come from the database, and no file is read: leave it out.")


def _is_the_file(name: str, definition: Definition) -> bool:
    """Whether the one word beside --model, which names the model already, is the file of rows."""
    return not _has_file() and name != definition.name and (name == "-" or Path(name).is_file())


def _opened(name: str) -> BinaryIO:
    return cast("BinaryIO", click.get_current_context().with_resource(click.open_file(name, "rb")))


def _engine(name: str | None, definition: Definition | None, registry: str | None, version: Which | None) -> Engine:
    if definition is None:
        return load(name or "", registry=registry, version=version)
    if name is not None and is_bundle(name) and registry is None and version is None:
        return Engine.from_artifact(read_bundle(Path(name), with_report=False), definition=definition)
    if name not in (None, definition.name):
        raise click.UsageError(f"--model defines {definition.name!r}, not {name!r}.")
    return definition.load(registry=open_registry(registry), version=version)


class _Total:
    """How many rows there are to predict, once that is known, for the bar that shows how many were."""

    def __init__(self, bar: Steps) -> None:
        self._bar, self._total = bar, cast("int | None", None)

    def __call__(self, rows: int | None) -> None:
        self._total = rows
        self.reached(0)

    def reached(self, rows: int) -> None:
        """So many of them are predicted."""
        self._bar("predict", rows, self._total)


def _write(answers: Iterator[Answer], output: TextIO, batch: int, total: _Total) -> None:
    state = click.get_current_context().ensure_object(State)
    written = 0

    def interrupted() -> str:
        return f"Interrupted after {written:,} predictions were written; the rest was not predicted."

    state.interrupted = interrupted
    try:
        for answer in answers:
            output.write(render.line(_document(answer)))
            written += 1
            if written % batch == 0:
                output.flush()
                total.reached(written)
    finally:
        # What was answered is shown even where the next row fails.
        output.flush()
        total.reached(written)


def _document(answer: Answer) -> dict[str, object]:
    document: dict[str, object] = {} if answer.given.key is None else {"key": dict(answer.given.key)}
    prediction = answer.prediction
    if prediction is None:
        error = None if answer.error is None else describe(answer.error)
        return document | {"value": None, "label": None, "version": answer.version, "error": error}
    document |= {"value": prediction.value, "label": prediction.label, "version": prediction.version}
    if prediction.variant is not None:
        document["variant"] = prediction.variant
    if prediction.probabilities is not None and len(prediction.probabilities) > 2:
        document["probabilities"] = dict(prediction.probabilities)
    return document
