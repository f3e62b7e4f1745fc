"""The arrays that training starts from, filled page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from operator import itemgetter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row

from prisml._core import Encoder
from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import moment_of
from prisml.definition.split import GroupSplit, RandomSplit
from prisml.errors import EncodingError, FeatureExtractionError
from prisml.extraction.labels import Classes, Groups, Numbers, Times
from prisml.extraction.reading import Page
from prisml.extraction.related import RelatedRows
from prisml.extraction.resolvers import ResolverRow, resolve_all, resolver_rows
from prisml.extraction.statement import Statement
from prisml.manifest import ClassLabel

Categories = tuple[str, ...] | tuple[int, ...] | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Dropped:
    """How many rows were read and not kept: for a NULL label, a NULL ``as_of``, or a label whose time was not over."""

    null_label: int = 0
    null_as_of: int = 0
    open_window: int = 0

    def described(self) -> str:
        """The reasons that occurred, in words."""
        reasons = {
            "a NULL label": self.null_label,
            "a NULL as_of": self.null_as_of,
            "a label whose time is not over": self.open_window,
        }
        return ", ".join(f"{count:,} for {reason}" for reason, count in reasons.items() if count) or "none"


class Matrix:
    """Fills the preallocated arrays of ``total`` rows; ``now`` is the moment of extraction."""

    def __init__(
        self,
        definition: ModelDefinition[Any],
        statement: Statement,
        encoder: Encoder,
        connection: Connection,
        *,
        total: int,
        now: datetime,
    ) -> None:
        self.read = 0
        self.kept = 0
        self.dropped = Dropped()
        self.as_of = _micros(now)
        self._total = total
        self._now = now
        self._definition = definition
        self._statement = statement
        self._encoder = encoder
        self._related = RelatedRows(definition, connection)
        self._matrix = np.empty((total, len(definition.inputs)), np.float32)
        self._labels = (Numbers if definition.task == "regression" else Classes)(definition.label_dtype, total)
        self._split: Times | Groups | None = None
        if statement.split is not None:
            self._split = Groups(total) if isinstance(definition.split, GroupSplit) else Times(total)
        self._moments = Times(total) if definition.as_of.varies else None
        self._entities = Groups(total) if len(definition.as_of.dates) > 1 else None

    def add(self, page: Page, as_of: datetime) -> None:
        """Take the rows of a page, which are seen at ``as_of``, or each at its own moment."""
        self.read += len(page)
        if self.read > self._total:
            raise self._disagreement()
        rows = self._with_moment(page)
        labels = self._label_values(rows, as_of)
        present = self._labels.present(labels)
        if present is not None:
            self.dropped = replace(self.dropped, null_label=self.dropped.null_label + len(rows) - len(present))
            rows, labels = [rows[index] for index in present], [labels[index] for index in present]
        if not rows:
            return
        start, self.kept = self.kept, self.kept + len(rows)
        self._labels.put(start, labels)
        if self._split is not None and self._statement.split is not None:
            self._split.put(start, list(map(itemgetter(self._statement.split), rows)))
        if self._moments is not None:
            self._moments.put(start, list(self._moments_of(rows, as_of)))
        if self._entities is not None:
            self._entities.put(start, [tuple(row[place] for place in self._statement.keys.values()) for row in rows])
        self._encode(start, rows, as_of)

    def check_whole(self) -> None:
        """Refuse a database that gave another number of rows than it had counted."""
        if self.read != self._total:
            raise self._disagreement()

    @property
    def encoded(self) -> NDArray[np.float32]:
        """The matrix of the rows that were kept."""
        return self._matrix[: self.kept]

    @property
    def labels(self) -> NDArray[np.float64] | NDArray[np.int32]:
        """The labels, or the codes of classes."""
        return self._labels.array[: self.kept]

    @property
    def label_values(self) -> tuple[ClassLabel, ...]:
        """What the codes of classes stand for."""
        return self._labels.labels

    @property
    def split_values(self) -> NDArray[np.int64] | NDArray[np.int32] | None:
        """What the rows are divided by; None where that is chance."""
        if isinstance(self._definition.split, RandomSplit):
            return None
        source = self._split or self._moments
        return None if source is None else source.array[: self.kept]

    @property
    def moments(self) -> NDArray[np.int64] | None:
        """The moment that each row is seen at; None where that is one for all."""
        return None if self._moments is None else cast("NDArray[np.int64]", self._moments.array[: self.kept])

    @property
    def entities(self) -> NDArray[np.int32] | None:
        """A code for the key of each row; None where each key is there once."""
        return None if self._entities is None else cast("NDArray[np.int32]", self._entities.array[: self.kept])

    @property
    def categories(self) -> tuple[Categories, ...]:
        """What the provisional codes of each input stand for; None for a number."""
        return tuple(None if found is None else cast("Categories", tuple(found)) for found in self._encoder.categories())

    def _with_moment(self, page: Page) -> Sequence[Row[Any]]:
        """The rows that have a moment of their own from which their label is known; all, where the moment is one for all."""
        place = self._statement.as_of
        if place is None:
            return page
        there = [row for row in page if row[place] is not None]
        latest = self._now - self._definition.horizon
        known = [row for row in there if moment_of(row[place]) <= latest] if self._definition.horizon else there
        self.dropped = replace(
            self.dropped,
            null_as_of=self.dropped.null_as_of + len(page) - len(there),
            open_window=self.dropped.open_window + len(there) - len(known),
        )
        return known

    def _moments_of(self, rows: Sequence[Row[Any]], as_of: datetime) -> Iterable[datetime]:
        place = self._statement.as_of
        return repeat(as_of, len(rows)) if place is None else (moment_of(row[place]) for row in rows)

    def _label_values(self, rows: Sequence[Row[Any]], as_of: datetime) -> list[object]:
        label = self._definition.label
        if isinstance(label, Resolver) and self._statement.label_uses is not None:
            related = self._related.of(rows, tuple(self._statement.keys.values())) if label.relationships else {}
            views = resolver_rows(label, "the label", self._statement.label_uses, rows, related)
            return self._resolved(label, "the label", views, rows, as_of)
        return list(map(itemgetter(self._statement.label), rows))

    def _encode(self, start: int, rows: Sequence[Row[Any]], as_of: datetime) -> None:
        statement = self._statement
        computed: dict[str, list[object]] = {name: list(map(itemgetter(place), rows)) for name, place in statement.expressions.items()}
        related = self._related.of(rows, tuple(statement.keys.values()))
        for feature, resolver in self._definition.resolvers.items():
            views = resolver_rows(resolver, feature, statement.uses[feature], rows, related)
            computed[feature] = self._resolved(resolver, feature, views, rows, as_of)
        out = self._matrix[start : start + len(rows)]
        try:
            self._encoder.encode(rows, out, as_of=_micros(as_of), computed=computed, first_row=start)
        except EncodingError as error:
            index = error.context.get("row")
            if not isinstance(index, int):
                raise
            key = self._key(rows[index - start])
            raise type(error)(f"{error.message} It is the row with {key}.", {**error.context, "key": key}, error.suggestions) from None

    def _resolved(
        self, resolver: Resolver[Any], feature: str, views: Iterable[ResolverRow], rows: Sequence[Row[Any]], as_of: datetime
    ) -> list[object]:
        return resolve_all(
            resolver, feature, views, self._moments_of(rows, as_of), place=lambda index: f"the row with {self._key(rows[index])}"
        )

    def _key(self, row: Row[Any]) -> str:
        return ", ".join(f"{name}={row[place]!r}" for name, place in self._statement.keys.items())

    def _disagreement(self) -> FeatureExtractionError:
        entity = self._definition.entity.__name__
        return FeatureExtractionError(
            f"The database counts {self._total} rows of {entity} and gives another number of them page by page.",
            {"entity": entity, "counted": self._total},
            ["Is the primary key unique and never NULL, and does each to-one relationship lead to at most one row?"],
        )


def _micros(moment: date) -> int:
    return (moment_of(moment) - _EPOCH) // timedelta(microseconds=1)
