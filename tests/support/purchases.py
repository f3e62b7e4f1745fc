"""Buyers and their purchases: a schema whose models look at the past, trained for real."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, ForeignKey, String, create_engine, exists, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from prisml import Feature, ModelDefinition, TimeSplit, days_since, define_model, expression, hours_since, related, resolver
from prisml.commands.train import train
from prisml.registry import Registry

START = datetime(2024, 1, 1)
SNAPSHOTS = (date(2024, 3, 1), date(2024, 5, 1), date(2024, 7, 1))


class Base(DeclarativeBase):
    pass


class Buyer(Base):
    __tablename__ = "buyers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country: Mapped[str] = mapped_column(String(2))
    joined_at: Mapped[datetime]
    credit: Mapped[int]
    purchases: Mapped[list[Purchase]] = relationship(back_populates="buyer", order_by="Purchase.id")


class Purchase(Base):
    __tablename__ = "purchases"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id"), index=True)
    at: Mapped[datetime]
    amount: Mapped[float]
    buyer: Mapped[Buyer] = relationship(back_populates="purchases")


def before(*what: Any, within: timedelta | None = None) -> Any:
    """An expression over a buyer's purchases before ``as_of``."""

    def sql(as_of):
        found = select(*what).where(Purchase.buyer_id == Buyer.id, Purchase.at < as_of)
        return (found if within is None else found.where(Purchase.at >= as_of - within)).scalar_subquery()

    return expression(sql)


def spread(row, as_of):
    """A resolver of related rows: how far a buyer's purchases before ``as_of`` lie apart."""
    amounts = [purchase.amount for purchase in row.purchases if purchase.at < as_of]
    return max(amounts) - min(amounts) if amounts else None


def returns(as_of):
    """The label: whether the buyer buys within sixty days."""
    return exists().where(Purchase.buyer_id == Buyer.id, Purchase.at >= as_of, Purchase.at < as_of + timedelta(days=60))


again = define_model(
    Buyer,
    output="buys_again",
    name="again",
    label=expression(returns),
    features={
        "country": Feature(Buyer.country, stable=True),
        "tenure": days_since(Buyer.joined_at, stable=True),
        "count": before(func.count(Purchase.id)),
        "spent": before(func.coalesce(func.sum(Purchase.amount), 0.0)),
        "recent": before(func.count(Purchase.id), within=timedelta(days=30)),
        "recency": days_since(before(func.max(Purchase.at))),
        "month": resolver(lambda row, as_of: as_of.month, type=int, uses=[Buyer.country], stable=True),
    },
    as_of=SNAPSHOTS,
    where=expression(lambda as_of: Buyer.joined_at < as_of),
    split=TimeSplit(test_from=SNAPSHOTS[-1]),
    algorithm="logistic_regression",
)

earlier = aliased(Purchase)
next_one = define_model(
    Purchase,
    output="next_soon",
    name="next_one",
    label=expression(
        lambda as_of: (
            select(func.count(earlier.id) > 0)
            .where(earlier.buyer_id == Purchase.buyer_id, earlier.at > as_of, earlier.at < as_of + timedelta(days=20))
            .scalar_subquery()
        )
    ),
    features={
        "amount": Feature(Purchase.amount, stable=True),
        "tenure": days_since(related(Purchase.buyer, Buyer.joined_at, stable=True)),
        "tenure_hours": hours_since(related(Purchase.buyer, Buyer.joined_at, stable=True)),
        "before": expression(
            lambda as_of: (
                select(func.count(earlier.id))
                .where(earlier.buyer_id == Purchase.buyer_id, earlier.at < as_of, earlier.at >= as_of - timedelta(days=40))
                .scalar_subquery()
            )
        ),
        "hour": resolver(lambda row, as_of: as_of.hour, type=int, uses=[Purchase.amount], stable=True),
    },
    as_of=Purchase.at,
    split="time",
    algorithm="logistic_regression",
)

spreading = define_model(
    Buyer,
    output="spreading",
    name="spreading",
    label=expression(returns),
    features={
        "count": before(func.count(Purchase.id)),
        "spread": resolver(spread, type=float, uses=[Buyer.purchases]),
    },
    as_of=SNAPSHOTS[-1],
    # The rarest class of two has its rows in both parts.
    test_size=0.33,
    algorithm="logistic_regression",
)


def rows(count: int) -> dict[str, list[dict[str, object]]]:
    """So many buyers, and what they bought, by table; the same each time."""
    source = random.Random(count)  # noqa: S311
    buyers: list[dict[str, object]] = []
    purchases: list[dict[str, object]] = []
    for number in range(1, count + 1):
        joined, pause = START + timedelta(days=source.uniform(0, 120)), source.choice((4, 15, 60))
        buyers.append({"id": number, "country": source.choice(("DE", "FR", "US")), "joined_at": joined, "credit": number % 50})
        at = joined
        while (at := at + timedelta(days=source.expovariate(1 / pause))) < datetime(2024, 10, 1):
            amount = round(source.uniform(1, 100), 2)
            purchases.append({"id": len(purchases) + 1, "buyer_id": number, "at": at.replace(microsecond=0), "amount": amount})
    return {"buyers": buyers, "purchases": purchases}


def fill(engine: Engine, count: int) -> None:
    """Make the tables, with so many buyers in them."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for table, values in rows(count).items():
            connection.execute(insert(Base.metadata.tables[table]), values)


@contextmanager
def trained(url: str, registry: Registry, *definitions: ModelDefinition[Any], count: int = 150) -> Iterator[Engine]:
    """A database at ``url`` with so many buyers, of which the models in the registry were trained."""
    engine = create_engine(url)
    fill(engine, count)
    try:
        for definition in definitions:
            assert train(definition, database=engine, registry=registry).version is not None
        yield engine
    finally:
        engine.dispose()
