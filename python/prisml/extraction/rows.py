"""Rows of the database as a prediction takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from prisml.definition.model import ModelDefinition
from prisml.extraction.reading import count, pages
from prisml.extraction.snapshot import snapshot
from prisml.extraction.statement import Statement, prediction_statement

PAGE_SIZE = 1_000


def stream_rows(
    definition: ModelDefinition[Any], engine: Engine, where: str | None, as_of: datetime, *, counted: Callable[[int], None] | None = None
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row that ``where`` selects, with its primary key: both by attribute name, related columns in mappings of their own.

    Only what features and resolvers read is there, and what SQL computes as of ``as_of``, by the feature's name. ``where`` is SQL over
    the entity's own table and goes to the database as it is: it must come from whoever may query that database anyway. None selects
    every row; the definition's own filter is not applied. All rows are of one snapshot, which lasts until the iterator is exhausted or
    closed. ``counted`` is told how many there are, before the first.
    """
    sources = dict.fromkeys(source.path for item in definition.inputs for source in item.sources)
    statement = prediction_statement(definition, sources, where)
    column = definition.as_of.column

    def own(row: Row[Any]) -> dict[str, Any]:
        """The row's own moment, which resolvers are called with."""
        return {} if column is None or statement.as_of is None else {column.key: row[statement.as_of]}

    with snapshot(engine) as connection:
        if counted is not None:
            counted(count(connection, statement, as_of))
        for page in pages(connection, statement, as_of, size=PAGE_SIZE):
            for row in page:
                yield {name: row[place] for name, place in statement.keys.items()}, _nested(statement, row) | own(row)


def _nested(statement: Statement, row: Row[Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {name: row[place] for uses in statement.uses.values() for name, place in uses.items()}
    nested |= {name: row[place] for name, place in statement.expressions.items()}
    for place, path in enumerate(statement.sources):
        level = nested
        for name in path[:-1]:
            level = level.setdefault(name, {})
        level[path[-1]] = row[place]
    return nested
