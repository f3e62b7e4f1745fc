"""Rows of SQLAlchemy's as training takes them: tuples, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import repeat
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row

from prisml._core import Encoder
from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import micros_of, moment_of
from prisml.errors import EncodingError
from prisml.extraction.beside import Beside
from prisml.extraction.reading import Page
from prisml.extraction.related import RelatedRows
from prisml.extraction.resolvers import ResolverRow, resolve_all, resolver_rows
from prisml.extraction.statement import Statement


class ByRows:
    """Reads pages of rows; a resolver is called here, and the rows that it is given are read over ``connection``."""

    def __init__(self, definition: ModelDefinition[Any], statement: Statement, encoder: Encoder, connection: Connection) -> None:
        self._definition = definition
        self._statement = statement
        self._encoder = encoder
        self._related = RelatedRows(definition, connection)

    def values(self, page: Page, place: int) -> list[Any]:
        """The values of the column at ``place``."""
        return list(map(itemgetter(place), page))

    def take(self, page: Page, indices: Sequence[int]) -> Page:
        """The rows at ``indices`` alone."""
        return [page[index] for index in indices]

    def labels(self, page: Page, as_of: datetime) -> list[object]:
        """The labels as they are, None among them."""
        label, uses = self._definition.label, self._statement.label_uses
        if isinstance(label, Resolver) and uses is not None:
            related = self._related.of(page, tuple(self._statement.keys.values())) if label.relationships else {}
            return self._resolved(label, "the label", resolver_rows(label, "the label", uses, page, related), page, as_of)
        return list(map(itemgetter(self._statement.label), page))

    def encode(self, page: Page, out: NDArray[np.float32], *, first_row: int, as_of: datetime, beside: Beside | None = None) -> None:
        """Encode the rows into ``out``, and for ``beside``; ``EncodingError`` with the key of the row that cannot be."""
        statement = self._statement
        computed: dict[str, list[object]] = {name: self.values(page, place) for name, place in statement.expressions.items()}
        related = self._related.of(page, tuple(statement.keys.values()))
        for feature, resolver in self._definition.resolvers.items():
            views = resolver_rows(resolver, feature, statement.uses[feature], page, related)
            computed[feature] = self._resolved(resolver, feature, views, page, as_of)
        try:
            self._encoder.encode(page, out, as_of=micros_of(as_of), computed=computed, first_row=first_row)
        except EncodingError as error:
            index = error.context.get("row")
            if not isinstance(index, int):
                raise
            raise self._told(error, self._key(page[index - first_row])) from None
        if beside is not None:
            rows = [tuple(row[place] for place in statement.beside) for row in page]
            known = {name: values for name, values in computed.items() if name in beside.computed}
            beside.put(first_row, len(page), lambda encoder, kept: encoder.encode(rows, kept, as_of=micros_of(as_of), computed=known))

    def _resolved(self, resolver: Resolver[Any], feature: str, views: Iterable[ResolverRow], page: Page, as_of: datetime) -> list[object]:
        place = self._statement.as_of
        moments = repeat(as_of, len(page)) if place is None else (moment_of(row[place]) for row in page)
        return resolve_all(resolver, feature, views, moments, place=lambda index: f"the row with {self._key(page[index])}")

    def _told(self, error: EncodingError, key: str) -> EncodingError:
        """The error of an encoder that knows no database, with the row's key and what to do about a value that is stored."""
        feature, ways = error.context.get("feature"), error.suggestions
        if feature in self._definition.resolvers:
            ways = (f"Let the resolver of {feature!r} return what its type= says, or None; or say another type=.",)
        elif "type" in error.context:
            ways = ("Correct the column's type in the mapping, or the value in that row.",)
        return type(error)(f"{error.message} It is the row with {key}.", {**error.context, "key": key}, ways)

    def _key(self, row: Row[Any]) -> str:
        return ", ".join(f"{name}={row[place]!r}" for name, place in self._statement.keys.items())
