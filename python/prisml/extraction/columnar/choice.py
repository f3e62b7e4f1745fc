"""Whether rows are read in columns: decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError

from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.extraction.columnar.batches import Batch
from prisml.extraction.columnar.layout import Layout, layout_of
from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.columnar.rendered import rendered
from prisml.extraction.columnar.session import driver, session
from prisml.extraction.snapshot import begin_again
from prisml.extraction.statement import Statement
from prisml.logs import BY_COLUMNS, BY_ROWS, record


@dataclass(frozen=True)
class Columnar:
    """Reads a statement in columns, over a session that sees what ``connection`` sees."""

    connection: Connection
    statement: Statement
    layout: Layout
    cursor: Any

    def batches(self, as_of: datetime) -> Iterator[Batch]:
        """The rows as seen at ``as_of``, in the order of the primary key, a few megabytes at a time."""
        self.cursor.execute(rendered(self.connection, self.layout.select, self.statement.parameters(as_of)))
        with self.cursor.fetch_record_batch() as batches:
            yield from batches


@contextmanager
def columnar(definition: ModelDefinition[Any], statement: Statement, connection: Connection, as_of: datetime) -> Iterator[Columnar]:
    """Columns of ``statement``, with what reading its rows would give; ``RowByRow`` where there are none, which the log tells.

    Whatever goes wrong in here is ``RowByRow`` too: what it is, the rows themselves say best.
    """
    try:
        _refuse(definition, connection)
        with session(connection) as cursor:

            def describe(select: Select[Any]) -> Any:
                return cursor.adbc_execute_schema(rendered(connection, select, statement.parameters(as_of)))

            yield Columnar(connection, statement, layout_of(statement, connection, describe), cursor)
    except RowByRow as refusal:
        record(BY_ROWS, entity=definition.entity.__name__, reason=str(refusal))
        raise
    except Exception as error:  # noqa: BLE001 -- Whatever the driver, Arrow or a conversion raises: reading rows tells it, or does not meet it.
        record(BY_ROWS, entity=definition.entity.__name__, reason=f"reading columns raised {type(error).__name__}")
        _renew(connection)
        raise RowByRow(type(error).__name__) from None
    else:
        record(BY_COLUMNS, entity=definition.entity.__name__)


def _renew(connection: Connection) -> None:
    """A new snapshot: a statement that failed has ended the transaction, in which nothing would say any more what failed."""
    if not connection.invalidated:
        with suppress(DBAPIError):
            begin_again(connection)


def _refuse(definition: ModelDefinition[Any], connection: Connection) -> None:
    found = f"{connection.dialect.name}+{connection.dialect.driver}"
    if found != "postgresql+psycopg":
        raise RowByRow(f"the database is read by {found}")
    if connection.get_execution_options().get("schema_translate_map"):
        raise RowByRow("the engine translates schemas")
    driver()
    resolvers = [f"feature {name!r}" for name in definition.resolvers]
    if isinstance(definition.label, Resolver):
        resolvers.append("the label")
    if resolvers:
        raise RowByRow(f"{resolvers[0]} is a resolver")
