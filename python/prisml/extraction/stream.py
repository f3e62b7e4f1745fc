"""The rows that a definition selects, as the encoded matrix that training starts from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from prisml._core import Encoder
from prisml.definition.model import ModelDefinition
from prisml.errors import DatabaseConnectionError, NoDataError
from prisml.extraction.beside import Besides, beside_encoder
from prisml.extraction.by_rows import ByRows
from prisml.extraction.changed import changed_later
from prisml.extraction.columnar.batches import ByColumns
from prisml.extraction.columnar.choice import columnar
from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.keys import Keys
from prisml.extraction.matrix import Categories, Dropped, Matrix, P, Reader
from prisml.extraction.naming import naming
from prisml.extraction.reading import PAGE_SIZE, LostConnectionError, count, pages
from prisml.extraction.slices import Slices
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import Statement, training_statement
from prisml.logs import LOST, READ, record
from prisml.manifest import ClassLabel, Input
from prisml.progress import Progress, silent


# eq=False: arrays do not compare as one.
@dataclass(frozen=True, eq=False)
class Extracted:
    """All that training needs of the database.

    ``matrix`` (rows, inputs) float32: numbers with NaN for missing, categories as provisional codes, -1 for missing, which index
    ``categories`` (None for a number). ``labels``: float64 of a regression, otherwise int32 codes into ``label_values``.
    ``split_values``: int64 microseconds since 1970 UTC for a time split, int32 codes for a group split, else None. ``as_of``: the
    moment of extraction, microseconds since 1970 UTC. ``moments``: for each row the moment it is seen at, likewise, where that is not
    one for all; ``entities``: int32 codes of the rows' keys, where a key may be there more than once. ``extracted`` rows were read, of
    which those in ``dropped`` were not kept. ``changed_later``: by feature, the share of the rows that were changed after their ``as_of``.
    ``keys``: the rows' primary keys. ``slices``: what gates divide the rows by, by name. ``beside``: the rows as another version reads
    them.
    """

    matrix: NDArray[np.float32]
    labels: NDArray[np.float64] | NDArray[np.int32]
    label_values: tuple[ClassLabel, ...]
    split_values: NDArray[np.int64] | NDArray[np.int32] | None
    categories: tuple[Categories, ...]
    as_of: int
    extracted: int
    dropped: Dropped
    moments: NDArray[np.int64] | None = None
    entities: NDArray[np.int32] | None = None
    changed_later: Mapping[str, float] = field(default_factory=dict)
    keys: Keys | None = None
    slices: Mapping[str, Slices] = field(default_factory=dict)
    beside: Besides | None = None


def extract(
    definition: ModelDefinition[Any],
    engine: Engine,
    *,
    beside: Sequence[Input] = (),
    progress: Progress = silent,
    page_size: int = PAGE_SIZE,
) -> Extracted:
    """The rows of one consistent snapshot, each once for each date of ``as_of``, encoded page by page; memory grows by the matrix alone.

    ``beside`` are the inputs of another version, by which the same rows are encoded too. Where the connection is lost, all is read anew
    once, from the first row of a new snapshot.

    Raises ``NoDataError`` where there is no row with a label, or a label looks ahead of today, ``FeatureExtractionError`` or
    ``EncodingError`` where a value cannot be read, computed or encoded, and ``DatabaseConnectionError``.
    """
    for step in ("extract", "extract again"):
        try:
            started = time.perf_counter()
            with naming(definition):
                found = _once(definition, engine, tuple(beside), partial(progress, step), page_size)
        except LostConnectionError as error:
            record(LOST, entity=definition.entity.__name__, output=definition.output, dialect=engine.dialect.name)
            # What was read is of a snapshot that went with the connection, and fits no other one. The error itself would hold it.
            said, context = error.message, error.context
        else:
            _log(definition, engine, found, time.perf_counter() - started)
            return found
    hints = ["What ends its connections? A restart, a limit on the time of transactions, or a person: its log says so."]
    raise DatabaseConnectionError(f"{said} That was the second time: all had been begun anew after the first.", context, hints)


def _once(
    definition: ModelDefinition[Any], engine: Engine, beside: tuple[Input, ...], progress: Callable[[int, int], None], page_size: int
) -> Extracted:
    """All rows of one snapshot, read in columns where the results are certainly those of rows, else row by row."""
    others = beside_encoder(beside).sources if beside else ()
    statement = training_statement(definition, encoder_of(definition).sources, others)
    with snapshot(engine) as connection:
        told = _Told(progress)
        read = _Read(definition, statement, connection, told, beside)
        try:
            with columnar(definition, statement, connection, datetime.now(UTC)) as columns:
                matrix = read.all(lambda encoder: ByColumns(statement, columns.layout, encoder), columns.batches)
        except RowByRow:
            if told.error is not None:
                raise told.error from None
            matrix = read.all(
                lambda encoder: ByRows(definition, statement, encoder, connection),
                lambda moment: pages(connection, statement, moment, size=page_size),
            )
        # Last: where columns cannot be read, the rows may be of a snapshot that was begun again.
        changed = changed_later(definition, connection, seen_at(definition, datetime.now(UTC)))
    return _finished(definition, matrix, changed)


def _log(definition: ModelDefinition[Any], engine: Engine, found: Extracted, seconds: float) -> None:
    name, kept = definition.entity.__name__, len(found.matrix)
    dialect = engine.dialect.name
    record(READ, entity=name, output=definition.output, rows=found.extracted, kept=kept, seconds=seconds, dialect=dialect)


class _Told:
    """Tells of the progress, and keeps what that raised: it is no failure of reading."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress
        self.error: Exception | None = None

    def __call__(self, done: int, total: int) -> None:
        try:
            self._progress(done, total)
        except Exception as error:
            self.error = error
            raise


@dataclass(frozen=True)
class _Read:
    """All rows of a statement, read one way or the other."""

    definition: ModelDefinition[Any]
    statement: Statement
    connection: Connection
    progress: Callable[[int, int], None]
    beside: tuple[Input, ...] = ()

    def all(self, reader: Callable[[Encoder], Reader[P]], pages: Callable[[datetime], Iterator[P]]) -> Matrix[P]:
        """The matrix of all rows, which come in ``pages`` that the reader of a new encoder takes."""
        encoder, now = encoder_of(self.definition), datetime.now(UTC)
        moments = seen_at(self.definition, now)
        total = sum(count(self.connection, self.statement, moment) for moment in moments)
        matrix = Matrix(self.definition, self.statement, encoder, reader(encoder), total=total, now=now, beside=self.beside)
        self.progress(0, total)
        for moment in moments:
            for page in pages(moment):
                matrix.add(page, moment)
                self.progress(matrix.read, total)
        matrix.check_whole()
        return matrix


def encoder_of(definition: ModelDefinition[Any]) -> Encoder:
    """A new encoder of the definition's inputs, whose categories grow as rows are encoded."""
    return Encoder(json.dumps([item.model_dump(mode="json") for item in definition.inputs]))


def seen_at(definition: ModelDefinition[Any], now: datetime) -> tuple[datetime, ...]:
    """The moments that the statement is run for; ``NoDataError`` where one of them, or the end of its label's time, has not come."""
    dates = definition.as_of.dates
    if not dates:
        return (now,)
    last = dates[-1] + definition.horizon
    if last > now:
        what = f"as_of {dates[-1]:%Y-%m-%d} lies ahead" if dates[-1] > now else f"the label of as_of {dates[-1]:%Y-%m-%d} looks ahead"
        raise NoDataError(
            f"{definition.entity.__name__}.{definition.output}: {what}, and {last:%Y-%m-%d} has not come yet.",
            {"output": definition.output, "as_of": dates[-1].isoformat(), "until": last.isoformat()},
            [f"Take an as_of of {now - definition.horizon:%Y-%m-%d} or before, whose label is known."],
        )
    return dates


def _finished(definition: ModelDefinition[Any], matrix: Matrix[Any], changed: Mapping[str, float]) -> Extracted:
    if not matrix.kept:
        dropped = matrix.dropped
        what = f"All {matrix.read} rows were dropped: {dropped.described()}." if matrix.read else "There are no rows."
        hint = "Check the label's column, and as_of." if matrix.read else "Check where=, and that this is the right database."
        raise NoDataError(what, {"output": definition.output, "dropped_null_label": dropped.null_label}, [hint])
    return Extracted(
        matrix=matrix.encoded,
        labels=matrix.labels,
        label_values=matrix.label_values,
        split_values=matrix.split_values,
        categories=matrix.categories,
        as_of=matrix.as_of,
        extracted=matrix.read,
        dropped=matrix.dropped,
        moments=matrix.moments,
        entities=matrix.entities,
        changed_later=changed,
        keys=matrix.keys,
        slices=matrix.slices,
        beside=matrix.beside,
    )
