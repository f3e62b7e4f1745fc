"""Ways to read the same columns of the same rows: ours, in columns and row by row, and what one would write without us."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from benches.extraction_table import MODEL, Order
from prisml.extraction.statement import Statement, training_statement
from prisml.extraction.stream import Extracted, encoder_of, extract, seen_at

PAGE = 10_000


@dataclass(frozen=True)
class Got:
    """How many rows were read, and what ours made of them."""

    rows: int
    extracted: Extracted | None = None

    @property
    def matrix_bytes(self) -> int:
        """What the matrix alone takes."""
        return 0 if self.extracted is None else self.extracted.matrix.nbytes

    @property
    def digest(self) -> str:
        """Tells whether two ways gave the same."""
        if self.extracted is None:
            return ""
        found = hashlib.sha256(self.extracted.matrix.data)
        found.update(self.extracted.labels.data)
        found.update(repr(self.extracted.categories).encode())
        return found.hexdigest()


def in_columns(engine: Engine) -> Got:
    """Ours, through ADBC."""
    found = extract(MODEL, engine)
    return Got(found.extracted, found)


def by_rows(engine: Engine) -> Got:
    """Ours, row by row, as without the driver."""
    sys.modules["adbc_driver_postgresql.dbapi"] = None  # type: ignore[assignment]
    return in_columns(engine)


def bare_core(engine: Engine) -> Got:
    """SQLAlchemy Core alone: the same SELECT in pages by key, whose rows are counted and thrown away."""
    statement, parameters = _statement()
    count, after = 0, None
    with engine.connect() as connection:
        while page := connection.execute(statement.page(PAGE, after), parameters).all():
            count += len(page)
            after = tuple(page[-1][place] for place in statement.keys.values())
    return Got(count)


def orm(engine: Engine) -> Got:
    """SQLAlchemy's objects, in pages by key, the client joined; each page is forgotten."""
    count, last = 0, 0
    with Session(engine) as session:
        query = select(Order).options(joinedload(Order.client)).order_by(Order.id).limit(PAGE)
        while page := session.scalars(query.where(Order.id > last)).all():
            count, last = count + len(page), page[-1].id
            session.expunge_all()
    return Got(count)


def pandas(engine: Engine) -> Got:
    """One DataFrame of the same SELECT."""
    statement, parameters = _statement()
    with engine.connect() as connection:
        return Got(len(pd.read_sql(statement.select.order_by(*statement.key_columns), connection, params=parameters)))


def _statement() -> tuple[Statement, dict[str, object]]:
    statement = training_statement(MODEL, encoder_of(MODEL).sources)
    return statement, statement.parameters(seen_at(MODEL, datetime.now(UTC))[0])


WAYS: dict[str, Callable[[Engine], Got]] = {
    "prisml, in columns": in_columns,
    "prisml, row by row": by_rows,
    "bare Core, keyset": bare_core,
    "ORM entities": orm,
    "pandas.read_sql": pandas,
}
