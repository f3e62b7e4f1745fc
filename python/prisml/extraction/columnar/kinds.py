"""Of which type a column of PostgreSQL's is, and what SQLAlchemy makes of its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Enum, Numeric
from sqlalchemy.types import TypeEngine

from prisml.extraction.columnar.refusal import RowByRow

# PostgreSQL's name of a type -> the Arrow type whose values are the driver's own. real is none: the driver reads its shortest text.
_ALIKE = {
    "int2": "int16",
    "int4": "int32",
    "int8": "int64",
    "float8": "double",
    "bool": "bool",
    "text": "string",
    "varchar": "string",
    "bpchar": "string",
    "date": "date32[day]",
    "timestamp": "timestamp[us]",
    "timestamptz": "timestamp[us, tz=UTC]",
    "uuid": "extension<arrow.uuid>",
}
_NUMBERS = frozenset({"int2", "int4", "int8", "float8", "numeric"})


@dataclass(frozen=True)
class Kind:
    """A column: what it is read for, PostgreSQL's name of its type, SQLAlchemy's type, and what that does to the driver's values."""

    read_for: str
    name: str
    type: TypeEngine[Any]
    process: Callable[[Any], Any] | None

    @property
    def is_numeric(self) -> bool:
        """Whether it holds decimal numbers, which ADBC gives as texts."""
        return self.name == "numeric"

    @property
    def convert(self) -> Callable[[Any], Any] | None:
        """What makes of Arrow's value what SQLAlchemy gives; None where that is the same."""
        process = self.process
        if not self.is_numeric:
            return process
        return Decimal if process is None else lambda text: process(Decimal(text))

    @property
    def members(self) -> dict[str, str] | None:
        """Of an enumeration, the names that the encoder takes by the texts of the database; None for any other type.

        ``RowByRow`` where the type makes other values of the driver's than the encoder would read in their place.
        """
        process = self.process
        if process is None:
            return None
        if isinstance(self.type, Enum) and self.name not in _NUMBERS:
            found = {text: process(text) for text in self.type.enums}
            return {text: getattr(member, "name", member) for text, member in found.items()}
        # float() rounds an integer and a decimal as the encoder does.
        if isinstance(self.type, Numeric) and not self.type.asdecimal and self.name in _NUMBERS:
            return None
        raise RowByRow(f"{self.read_for} is converted by its type {type(self.type).__name__}")


def kind_of(read_for: str, sql_type: TypeEngine[Any], field: Any, connection: Connection) -> Kind:
    """The kind of a column that ADBC describes by ``field``; ``RowByRow`` where its values are not certain to be the driver's."""
    from psycopg.pq import Format

    adapters = connection.connection.driver_connection.adapters  # type: ignore[union-attr]
    name = ((field.metadata or {}).get(b"POSTGRESQL:type") or b"").decode()
    known = adapters.types.get(name)
    if known is None and str(field.type) == "string":
        # An enumeration, which the driver reads as text for want of anything better.
        known = adapters.types["text"]
    elif name != "numeric" and _ALIKE.get(name) != str(field.type):
        raise RowByRow(f"{read_for} is of type {name or field.type}")
    loader = adapters.get_loader(known.oid, Format.TEXT)
    if loader is None or not loader.__module__.startswith("psycopg"):
        raise RowByRow(f"{read_for} is read by a loader of the application's")
    found = sql_type.dialect_impl(connection.dialect)
    return Kind(read_for, name, found, found.result_processor(connection.dialect, known.oid))
