"""The rows that a definition selects, as the encoded matrix that training starts from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from prisml._core import Encoder
from prisml.definition.model import ModelDefinition
from prisml.errors import DatabaseConnectionError, NoDataError
from prisml.extraction.changed import changed_later
from prisml.extraction.matrix import Categories, Dropped, Matrix
from prisml.extraction.reading import PAGE_SIZE, LostConnectionError, count, pages
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import training_statement
from prisml.manifest import ClassLabel
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


def extract(definition: ModelDefinition[Any], engine: Engine, *, progress: Progress = silent, page_size: int = PAGE_SIZE) -> Extracted:
    """The rows of one consistent snapshot, each once for each date of ``as_of``, encoded page by page; memory grows by the matrix alone.

    Where the connection is lost, all is read anew once, from the first row of a new snapshot.

    Raises ``NoDataError`` where there is no row with a label, or a label looks ahead of today, ``FeatureExtractionError`` or
    ``EncodingError`` where a value cannot be read, computed or encoded, and ``DatabaseConnectionError``.
    """
    for step in ("extract", "extract again"):
        try:
            return _finished(definition, *_read(definition, engine, partial(progress, step), page_size))
        except LostConnectionError as error:
            # What was read is of a snapshot that went with the connection, and fits no other one. The error itself would hold it.
            said, context = error.message, error.context
    hints = ["What ends its connections? A restart, a limit on the time of transactions, or a person: its log says so."]
    raise DatabaseConnectionError(f"{said} That was the second time: all had been begun anew after the first.", context, hints)


def _read(
    definition: ModelDefinition[Any], engine: Engine, progress: Callable[[int, int], None], page_size: int
) -> tuple[Matrix, Mapping[str, float]]:
    """What was read, and of which features rows were changed after they were seen."""
    encoder = encoder_of(definition)
    statement = training_statement(definition, encoder.sources)
    with snapshot(engine) as connection:
        now = datetime.now(UTC)
        moments = seen_at(definition, now)
        total = sum(count(connection, statement, moment) for moment in moments)
        matrix = Matrix(definition, statement, encoder, connection, total=total, now=now)
        changed = changed_later(definition, connection, moments)
        progress(0, total)
        for moment in moments:
            for page in pages(connection, statement, moment, size=page_size):
                matrix.add(page, moment)
                progress(matrix.read, total)
    return matrix, changed


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


def _finished(definition: ModelDefinition[Any], matrix: Matrix, changed: Mapping[str, float]) -> Extracted:
    matrix.check_whole()
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
    )
