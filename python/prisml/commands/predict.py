"""Predictions for rows that arrive one after another: lines of JSON, or rows of the database."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import literal, literal_column, select
from sqlalchemy.exc import DBAPIError

from prisml.commands.typed import Retype
from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, EncodingError, PrisMLError, described
from prisml.extraction.database import reaching
from prisml.extraction.rows import stream_rows
from prisml.serving.engine import Engine
from prisml.serving.prediction import Prediction

BATCH = 1_000
_BLOCK = 1 << 20
_INDEX = re.compile(r"\brow \d+\b")
OnError = Literal["raise", "null"]


@dataclass(frozen=True)
class Given:
    """A row and where it came from: its line, or its primary key by attribute name. ``row`` is the error where there is none."""

    row: Mapping[str, Any] | PrisMLError
    line: int | None = None
    key: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What was predicted for a row; ``error`` says why there is nothing, under ``on_error="null"``."""

    given: Given
    version: int | None
    prediction: Prediction | None = None
    error: PrisMLError | None = None


def predict(
    engine: Engine,
    rows: Iterable[Given],
    *,
    as_of: datetime | None = None,
    threshold: float | None = None,
    on_error: OnError = "raise",
    batch: int = BATCH,
) -> Iterator[Answer]:
    """An answer for each row, in order, seen at ``as_of`` (now), predicted in batches as they fill.

    ``threshold`` divides a binary model's labels in place of the version's own.

    With ``on_error="raise"`` the first row that fails ends the answers with its error, which names the line or key; those of the rows
    before it have been given.
    """
    rows = iter(rows)
    while part := list(itertools.islice(rows, batch)):
        for answer in _batch(engine, part, as_of, threshold):
            if answer.error is not None and on_error == "raise":
                raise answer.error
            yield answer


def line_count(file: BinaryIO) -> int | None:
    """How many lines the file has, which is left as it was; None where it can be read but once."""
    # macOS says of a terminal that it can be read again.
    if file.isatty() or not file.seekable():
        return None
    start = file.tell()
    found, last = 0, b"\n"
    while block := file.read(_BLOCK):
        found, last = found + block.count(b"\n"), block[-1:]
    file.seek(start)
    return found + (last != b"\n")


def read_lines(lines: Iterable[bytes], retype: Retype) -> Iterator[Given]:
    """The rows of JSON lines, numbered from 1; empty lines are passed over."""
    for line, text in enumerate(lines, start=1):
        if text.strip():
            yield Given(_parsed(text, line, retype), line=line)


def read_database(
    definition: ModelDefinition[Any],
    database: DatabaseEngine,
    where: str,
    as_of: datetime | None = None,
    *,
    counted: Callable[[int], None] | None = None,
) -> Iterator[Given]:
    """The rows of the database that the condition selects, in the order of their key, seen at ``as_of`` (now).

    ``where`` is SQL of whoever runs the command, and goes to the database as it is. ``counted`` is told how many rows there are.
    """
    _try_condition(definition, database, where)
    for key, row in stream_rows(definition, database, where, as_of or datetime.now(UTC), counted=counted):
        # An experiment assigns a row by its key, which no feature need read.
        yield Given({**key, **row}, key=key)


def _try_condition(definition: ModelDefinition[Any], database: DatabaseEngine, where: str) -> None:
    """Raise ``ConfigurationError`` where the database takes the entity's table but not the condition."""
    table = select(literal(1)).select_from(definition.entity).limit(0)
    with reaching(database.url), database.connect() as connection:
        try:
            connection.execute(table.where(literal_column(f"({where})")))
        except DBAPIError as error:
            connection.rollback()
            connection.execute(table)
            kind = type(error.orig).__name__
            hints = ["It is the text behind WHERE: names are those of the table's columns, text stands in single quotes."]
            # Not chained: the driver quotes the condition.
            raise ConfigurationError(f"The database refuses the --where condition: {kind}.", {"error": kind}, hints) from None


def _batch(engine: Engine, part: list[Given], as_of: datetime | None, threshold: float | None) -> Iterator[Answer]:
    good = [given for given in part if not isinstance(given.row, PrisMLError)]
    predictions = engine.predict_many([given.row for given in good], as_of=as_of, on_error="null", threshold=threshold)
    found = iter(enumerate(predictions))
    for given in part:
        if isinstance(given.row, PrisMLError):
            yield Answer(given, engine.version, error=given.row)
            continue
        index, prediction = next(found)
        error = predictions.errors.get(index)
        yield Answer(given, engine.version, prediction) if error is None else Answer(given, engine.version, error=_placed(error, given))


def _parsed(text: bytes, line: int, retype: Retype) -> Mapping[str, Any] | PrisMLError:
    try:
        row = json.loads(text.rstrip())
    except json.JSONDecodeError as error:
        return _refused(f"is not JSON: {error.msg} at column {error.colno}", line)
    except (ValueError, RecursionError) as error:
        return _refused(f"is not JSON that can be read: {type(error).__name__}", line)
    if not isinstance(row, dict):
        return _refused(f"is no JSON object but {described(row)}", line)
    try:
        return retype(row)
    except EncodingError as error:
        return _placed(error, Given(error, line=line))


def _refused(what: str, line: int) -> EncodingError:
    return EncodingError(f"Line {line} {what}.", {"line": line}, ['Write one row a line, as in {"country": "US", "age": 41}.'])


def _placed(error: PrisMLError, given: Given) -> PrisMLError:
    """The error with the line or key of its row, which the reader knows, in place of its index in the batch, which nobody does."""
    key = dict(given.key or {})
    by_key = ", ".join(f"{name}={value!r}" for name, value in key.items())
    place = f"the row with {by_key}" if given.line is None else f"line {given.line}"
    message, replaced = _INDEX.subn(lambda _: place, error.message, count=1)
    context = {**error.context, "row": key} if given.line is None else {**error.context, "row": given.line, "line": given.line}
    told = message if replaced else f"{place[0].upper()}{place[1:]}: {message}"
    return type(error)(told, context, error.suggestions)
