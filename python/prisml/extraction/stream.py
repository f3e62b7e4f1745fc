"""The rows that a definition selects, as the encoded matrix that training starts from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row

from prisml._core import Encoder
from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.split import GroupSplit, RandomSplit
from prisml.errors import EncodingError, FeatureExtractionError, NoDataError
from prisml.extraction.labels import Classes, Groups, Numbers, Times
from prisml.extraction.reading import PAGE_SIZE, Page, count, pages
from prisml.extraction.resolvers import ResolverRow, resolve_all
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import Statement, training_statement
from prisml.manifest import ClassLabel
from prisml.progress import Progress, silent

Categories = tuple[str, ...] | tuple[int, ...] | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# eq=False: arrays do not compare as one.
@dataclass(frozen=True, eq=False)
class Extracted:
    """All that training needs of the database.

    ``matrix`` (rows, inputs) float32: numbers with NaN for missing, categories as provisional codes, -1 for missing, which index
    ``categories`` (None for a number). ``labels``: float64 of a regression, otherwise int32 codes into ``label_values``.
    ``split_values``: int64 microseconds since 1970 UTC for a time split, int32 codes for a group split, else None. ``as_of``: the
    moment of extraction, microseconds since 1970 UTC. ``extracted`` rows were read, of which ``dropped_null_label`` had no label.
    """

    matrix: NDArray[np.float32]
    labels: NDArray[np.float64] | NDArray[np.int32]
    label_values: tuple[ClassLabel, ...]
    split_values: NDArray[np.int64] | NDArray[np.int32] | None
    categories: tuple[Categories, ...]
    as_of: int
    extracted: int
    dropped_null_label: int


def extract(definition: ModelDefinition[Any], engine: Engine, *, progress: Progress = silent, page_size: int = PAGE_SIZE) -> Extracted:
    """The rows of one consistent snapshot, encoded page by page; memory grows by the matrix alone.

    Raises ``NoDataError`` where there is no row with a label, ``FeatureExtractionError`` or ``EncodingError`` where a value cannot be
    read, computed or encoded, and ``DatabaseConnectionError``.
    """
    encoder = Encoder(json.dumps([item.model_dump(mode="json") for item in definition.inputs]))
    statement = training_statement(definition, encoder.sources)
    with snapshot(engine) as connection:
        matrix = _Matrix(definition, statement, encoder, total=count(connection, statement), moment=datetime.now(UTC))
        progress("extract", 0, matrix.total)
        for page in pages(connection, statement, size=page_size):
            matrix.add(page)
            progress("extract", matrix.read, matrix.total)
    return matrix.finished()


class _Matrix:
    """Fills the preallocated arrays page by page."""

    def __init__(self, definition: ModelDefinition[Any], statement: Statement, encoder: Encoder, *, total: int, moment: datetime) -> None:
        self.total = total
        self.read = 0
        self._kept = 0
        self._definition = definition
        self._statement = statement
        self._encoder = encoder
        self._moment = moment
        self._as_of = (moment - _EPOCH) // timedelta(microseconds=1)
        self._matrix = np.empty((total, len(definition.inputs)), np.float32)
        kind = Numbers if definition.task == "regression" else Classes
        self._labels = kind(definition.label_dtype, total)
        self._split: Times | Groups | None = None
        if not isinstance(definition.split, RandomSplit):
            self._split = Groups(total) if isinstance(definition.split, GroupSplit) else Times(total)

    def add(self, page: Page) -> None:
        self.read += len(page)
        if self.read > self.total:
            raise self._disagreement()
        labels = self._label_values(page)
        present = self._labels.present(labels)
        rows = page if present is None else [page[index] for index in present]
        labels = labels if present is None else [labels[index] for index in present]
        if not rows:
            return
        start, self._kept = self._kept, self._kept + len(rows)
        self._labels.put(start, labels)
        if self._split is not None and self._statement.split is not None:
            self._split.put(start, list(map(itemgetter(self._statement.split), rows)))
        self._encode(start, rows)

    def finished(self) -> Extracted:
        if self.read != self.total:
            raise self._disagreement()
        dropped = self.read - self._kept
        if not self._kept:
            what = f"All {dropped} rows have a NULL label." if dropped else "There are no rows."
            hint = "Check the label's column." if dropped else "Check where=, and that this is the right database."
            raise NoDataError(what, {"output": self._definition.output, "dropped_null_label": dropped}, [hint])
        return Extracted(
            matrix=self._matrix[: self._kept],
            labels=self._labels.array[: self._kept],
            label_values=self._labels.labels,
            split_values=None if self._split is None else self._split.array[: self._kept],
            categories=tuple(map(_frozen, self._encoder.categories())),
            as_of=self._as_of,
            extracted=self.read,
            dropped_null_label=dropped,
        )

    def _label_values(self, page: Page) -> list[object]:
        label = self._definition.label
        if isinstance(label, Resolver) and self._statement.label_uses is not None:
            return self._resolved(label, "the label", self._statement.label_uses, page)
        return list(map(itemgetter(self._statement.label), page))

    def _encode(self, start: int, rows: Sequence[Row[Any]]) -> None:
        computed = {
            feature: self._resolved(resolver, feature, self._statement.uses[feature], rows)
            for feature, resolver in self._definition.resolvers.items()
        }
        out = self._matrix[start : start + len(rows)]
        try:
            self._encoder.encode(rows, out, as_of=self._as_of, computed=computed, first_row=start)
        except EncodingError as error:
            index = error.context.get("row")
            if not isinstance(index, int):
                raise
            key = self._key(rows[index - start])
            raise type(error)(f"{error.message} It is the row with {key}.", {**error.context, "key": key}, error.suggestions) from None

    def _resolved(self, resolver: Resolver[Any], feature: str, places: Mapping[str, int], rows: Sequence[Row[Any]]) -> list[object]:
        views = (ResolverRow(feature, places, row) for row in rows)
        return resolve_all(resolver, feature, views, self._moment, place=lambda index: f"the row with {self._key(rows[index])}")

    def _key(self, row: Row[Any]) -> str:
        return ", ".join(f"{name}={row[place]!r}" for name, place in self._statement.keys.items())

    def _disagreement(self) -> FeatureExtractionError:
        entity = self._definition.entity.__name__
        return FeatureExtractionError(
            f"The database counts {self.total} rows of {entity} and gives another number of them page by page.",
            {"entity": entity, "counted": self.total},
            ["Is the primary key unique and never NULL, and does each to-one relationship lead to at most one row?"],
        )


def _frozen(categories: list[str] | list[int] | None) -> Categories:
    return None if categories is None else cast("Categories", tuple(categories))
