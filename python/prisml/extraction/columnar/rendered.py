"""A statement as the text that the driver would send, each parameter a literal of the type that the driver gives it.

A COPY takes no parameters. The text is SQLAlchemy's, and the driver itself writes the literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select

from prisml.errors import described
from prisml.extraction.columnar.refusal import RowByRow

_SAFE = (bool, int, float, str, date, datetime, Decimal, UUID, type(None))


def rendered(connection: Connection, select: Select[Any], parameters: Mapping[str, object]) -> str:
    """The SQL of ``select`` with its parameters, as ``connection`` would run it; ``RowByRow`` where one is of another type."""
    compiled: Any = select.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    state = compiled.construct_expanded_state(dict(parameters))
    driver = connection.connection.driver_connection
    literals = {}
    for name, given in state.parameters.items():
        value = state.processors[name](given) if name in state.processors else given
        if type(value) not in _SAFE:
            raise RowByRow(f"a parameter is {described(value)}")
        literals[name] = _literal(driver, value)
    # The driver's own style of parameters is that of this operator.
    text: str = state.statement % literals
    return text


def _literal(driver: Any, value: object) -> str:
    """The literal, cast: a number without it is of another type in SQL than the same number as a parameter."""
    if value is None:
        return "NULL"
    from psycopg.adapt import PyFormat, Transformer

    dumper: Any = Transformer(driver).get_dumper(value, PyFormat.TEXT)
    written = bytes(dumper.quote(value)).decode()
    # Without an identifier, the server is left to find the type, as it is for the parameter.
    return f"({written}::{driver.adapters.types[dumper.oid].regtype})" if dumper.oid else f"({written})"
