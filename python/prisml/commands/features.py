"""What training would read: a few rows with their values as the model sees them, and the SQL that gives them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine

from prisml.definition.model import ModelDefinition
from prisml.definition.moment import moment_of
from prisml.extraction.by_rows import ByRows
from prisml.extraction.matrix import Matrix
from prisml.extraction.reading import PAGE_SIZE, pages
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import Statement, training_statement
from prisml.extraction.stream import encoder_of, seen_at
from prisml.manifest import ClassLabel

Shown = float | str | int | None
"""A number as the model sees it, in float32; a category; or None for missing."""


@dataclass(frozen=True)
class Row:
    """A row of the training data: its key, the moment it is seen at, its features by name, and its label (None: the row is dropped)."""

    key: Mapping[str, object]
    as_of: datetime | None
    features: Mapping[str, Shown]
    label: ClassLabel | float | None


@dataclass(frozen=True)
class Explained:
    """The one SELECT of a definition in the database's own words, and what its parameters are at each moment."""

    sql: str
    parameters: Mapping[str, tuple[date | datetime, ...]]


def features(definition: ModelDefinition[Any], *, database: Engine, limit: int = 5) -> tuple[Row, ...]:
    """The first ``limit`` rows by primary key that training would read, once for each date of ``as_of``.

    Reads only. Raises what extraction raises where a value cannot be read, computed or encoded.
    """
    encoder = encoder_of(definition)
    statement = training_statement(definition, encoder.sources)
    with snapshot(database) as connection:
        now = datetime.now(UTC)
        found = [(row, moment) for moment in seen_at(definition, now) for row in next(pages(connection, statement, moment, size=limit), [])]
        matrix = Matrix(definition, statement, encoder, ByRows(definition, statement, encoder, connection), total=len(found), now=now)
        places = [_added(matrix, row, moment) for row, moment in found]
    return tuple(
        Row(
            key={name: row[place] for name, place in statement.keys.items()},
            as_of=_moment(statement, row, moment),
            features={} if place is None else dict(_values(definition, matrix, place)),
            label=None if place is None else _label(matrix, place),
        )
        for (row, moment), place in zip(found, places, strict=True)
    )


def explain(definition: ModelDefinition[Any], *, database: Engine) -> Explained:
    """The SQL that training would run for its first page; nothing is read."""
    statement = training_statement(definition, encoder_of(definition).sources)
    moments = definition.as_of.dates or (datetime.now(UTC),)
    # By name, whatever the driver's own style: a row of question marks explains nothing.
    dialect: Any = type(database.dialect)
    compiled = statement.page(PAGE_SIZE).compile(dialect=dialect(paramstyle="named"))
    values = {moment.name: tuple(moment.value(as_of) for as_of in moments) for moment in statement.moments}
    return Explained(str(compiled), values)


def _added(matrix: Matrix[Any], row: Any, moment: datetime) -> int | None:
    """The row's place in the matrix; None where training drops it."""
    before = matrix.kept
    matrix.add([row], moment)
    return before if matrix.kept > before else None


def _moment(statement: Statement, row: Any, moment: datetime) -> datetime | None:
    if statement.as_of is None:
        return moment
    return None if row[statement.as_of] is None else moment_of(row[statement.as_of])


def _values(definition: ModelDefinition[Any], matrix: Matrix[Any], place: int) -> Iterator[tuple[str, Shown]]:
    for item, known, number in zip(definition.inputs, matrix.categories, matrix.encoded[place].tolist(), strict=True):
        if known is None:
            yield item.name, None if math.isnan(number) else number
        else:
            yield item.name, None if number < 0 else known[int(number)]


def _label(matrix: Matrix[Any], place: int) -> ClassLabel | float:
    value = matrix.labels[place].item()
    return matrix.label_values[int(value)] if matrix.label_values else float(value)
