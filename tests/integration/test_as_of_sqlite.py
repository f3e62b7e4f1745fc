"""Moments that SQLite keeps as texts, with a fraction of a second or without one: both are the same moment."""

from __future__ import annotations

import operator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import ForeignKey, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import define_model, expression
from prisml.extraction.stream import extract

SEEN = datetime(2024, 3, 10, 12)
AWAY = [timedelta(seconds=-1), timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1), timedelta(seconds=1)]
COMPARED = [operator.lt, operator.le, operator.gt, operator.ge]


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    open: Mapped[bool]
    seen_at: Mapped[datetime]


class Sale(Base):
    __tablename__ = "sale"

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    at: Mapped[datetime]


def sales(compare, as_of, *, moved, mirrored):
    """How many sales of the shop stand on that side of the moment."""
    moment = as_of - moved
    condition = compare(moment, Sale.at) if mirrored else compare(Sale.at, moment)
    return select(func.count(Sale.id)).where(Sale.shop_id == Shop.id, condition).scalar_subquery()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("moved", [timedelta(0), timedelta(hours=1)])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("compare", COMPARED)
def test_a_moment_without_a_fraction_is_the_same_moment(sqlite_url, compare, own, moved, mirrored):
    """However a moment was written, it falls on the side of as_of that Python says, at the boundary and beside it."""
    definition = define_model(
        Shop,
        output="opens",
        name="opens",
        label=Shop.open,
        features={"sales": expression(lambda as_of: sales(compare, as_of, moved=moved, mirrored=mirrored))},
        as_of=Shop.seen_at if own else SEEN,
        waive=["unbounded"],
    )
    engine = create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    moments = [SEEN - moved + away for away in AWAY]
    with engine.begin() as connection:
        for shop, seen in enumerate([f"{SEEN}", f"{SEEN}.000000"]):
            connection.execute(text("INSERT INTO shop VALUES (:id, 1, :seen)"), {"id": shop, "seen": seen})
            for moment in moments:
                for written in {f"{moment}", f"{moment:%Y-%m-%d %H:%M:%S.%f}"}:
                    connection.execute(text("INSERT INTO sale (shop_id, at) VALUES (:shop, :at)"), {"shop": shop, "at": written})
    found = extract(definition, engine).matrix[:, 0].tolist()
    engine.dispose()
    forms = [1 if moment.microsecond else 2 for moment in moments]
    sides = [compare(SEEN - moved, moment) if mirrored else compare(moment, SEEN - moved) for moment in moments]
    assert found == [sum(count for count, there in zip(forms, sides, strict=True) if there)] * 2
