"""A column moved in time by SQL: the same moment on every dialect, in the form in which another column keeps it.

A naive datetime is UTC. Days have 24 hours: nothing here depends on a session's time zone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Date, DateTime, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Shifted(FunctionElement[Any]):
    """The moment in ``column``, kept as ``source`` says, ``seconds`` later, in the form ``target``: "date", "naive" or "aware"."""

    name = "as_of"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], *, seconds: int, source: str, target: str) -> None:
        # The constants stand among the clauses so that a compiled statement is found again by them.
        super().__init__(column, literal_column(str(seconds)), literal_column(f"'{source}'"), literal_column(f"'{target}'"))
        self.seconds, self.source, self.target = seconds, source, target
        self.type = Date() if target == "date" else DateTime(timezone=target == "aware")

    @property
    def is_column(self) -> bool:
        """Whether the column is what is asked for: not moved, and in its own form."""
        return self.source == self.target and not self.seconds

    def column_text(self, compiler: SQLCompiler, **options: Any) -> str:
        """The column as the dialect writes it."""
        first: ColumnElement[Any] = next(iter(self.clauses))
        text: str = compiler.process(first, **options)
        return text


@compiles(Shifted)
def _described(element: Shifted, compiler: SQLCompiler, **options: Any) -> str:
    """For fingerprints and messages; no database speaks it."""
    return f"as_of({element.column_text(compiler, **options)}, {element.seconds}, {element.source}, {element.target})"


@compiles(Shifted, "sqlite")
def _sqlite(element: Shifted, compiler: SQLCompiler, **options: Any) -> str:
    """Moments are texts there, compared as texts, and their fraction of a second is kept as it was written."""
    column, move = element.column_text(compiler, **options), f"'{element.seconds:+d} seconds'"
    if element.is_column:
        return column
    if element.target == "date":
        return f"date(substr({column}, 1, 19), {move})"
    if element.source == "date":
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', {column}, {move})"
    return f"(strftime('%Y-%m-%d %H:%M:%S', substr({column}, 1, 19), {move}) || substr({column}, 20))"


@compiles(Shifted, "postgresql")
def _postgresql(element: Shifted, compiler: SQLCompiler, **options: Any) -> str:
    """Calculated without a zone, where a day has 24 hours; a zone is taken away first and given back at the end."""
    column = element.column_text(compiler, **options)
    if element.is_column:
        return column
    naive = {"date": f"CAST({column} AS TIMESTAMP)", "naive": column, "aware": f"({column} AT TIME ZONE 'UTC')"}[element.source]
    moved = f"({naive} + INTERVAL '{element.seconds} seconds')" if element.seconds else naive
    return {"date": f"CAST({moved} AS DATE)", "naive": moved, "aware": f"({moved} AT TIME ZONE 'UTC')"}[element.target]


@compiles(Shifted, "mysql")
@compiles(Shifted, "mariadb")
def _mysql(element: Shifted, compiler: SQLCompiler, **options: Any) -> str:
    column = element.column_text(compiler, **options)
    if element.is_column:
        return column
    moment = f"CAST({column} AS DATETIME(6))" if element.source == "date" else column
    moved = f"({moment} + INTERVAL {element.seconds} SECOND)" if element.seconds else moment
    return f"CAST({moved} AS DATE)" if element.target == "date" else moved


class Typed(FunctionElement[Any]):
    """A parameter that stands for a moment among a function's arguments, of which MySQL would make a text."""

    name = "typed"
    inherit_cache = True

    def __init__(self, moment: ColumnElement[Any]) -> None:
        super().__init__(moment)
        self.type = moment.type


@compiles(Typed)
def _as_it_is(element: Typed, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(Typed, "mysql")
@compiles(Typed, "mariadb")
def _cast(element: Typed, compiler: SQLCompiler, **options: Any) -> str:
    base = element.type.impl_instance if isinstance(element.type, TypeDecorator) else element.type
    return f"CAST({_as_it_is(element, compiler, **options)} AS {'DATE' if isinstance(base, Date) else 'DATETIME(6)'})"


class Edge(FunctionElement[Any]):
    """A moment at the edge of a span of time: its start (a time before it is less, an equal one is not), or its end.

    SQLite keeps moments as texts, with a fraction of a second (SQLAlchemy's own) or without one (CURRENT_TIMESTAMP), and compares the
    texts: at the edge both forms of the same moment have to fall on one side. The shorter one is the least of them, the longer one the
    greatest.
    """

    name = "edge"
    inherit_cache = True

    def __init__(self, moment: ColumnElement[Any], *, is_start: bool) -> None:
        super().__init__(moment, literal_column("'start'" if is_start else "'end'"))
        self.is_start = is_start
        self.type = moment.type


@compiles(Edge)
def _plain(element: Edge, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(Edge, "sqlite")
def _text(element: Edge, compiler: SQLCompiler, **options: Any) -> str:
    moment = _plain(element, compiler, **options)
    # A type of the user's keeps moments in a form of its own.
    if isinstance(element.type, TypeDecorator | Date):
        return moment
    if element.is_start:
        return f"replace({moment}, '.000000', '')"
    return f"substr({moment} || '.000000', 1, 26)"
