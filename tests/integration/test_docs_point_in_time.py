"""The page on rows as of then: its definition can be made, and its model trained, as it stands there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import ForeignKey, create_engine, exists, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import prisml
from prisml.extraction.stream import extract

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "point-in-time.md"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str]
    joined_at: Mapped[datetime]


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    placed_at: Mapped[datetime]


def test_the_definition_of_the_page_sees_what_was_known(sqlite_url: str):
    """The first block of the page makes a definition, whose rows are those of its dates."""
    names = {name: getattr(prisml, name) for name in prisml.__all__}
    names |= {"Customer": Customer, "Order": Order, "date": date, "exists": exists, "func": func, "select": select, "timedelta": timedelta}
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    exec(block[1], names)  # noqa: S102 -- It is the documentation.
    engine = create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add(Customer(id=1, country="DE", joined_at=datetime(2023, 12, 31)))
        session.add(Customer(id=2, country="FR", joined_at=datetime(2024, 4, 1)))
        session.add_all(Order(id=number, customer_id=1, placed_at=datetime(2024, number, 1)) for number in range(1, 8))
    found = extract(names["churn"], engine)
    engine.dispose()
    assert found.moments is not None
    seen = [datetime.fromtimestamp(micros / 1e6, UTC).date() for micros in found.moments.tolist()]
    assert seen == [date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 7, 1)]
    assert found.matrix[:, 2].tolist() == [0, 2, 2, 0]
    assert [found.label_values[code] for code in found.labels.tolist()] == [False, False, False, True]
