"""A shop in which every transaction keeps sums and counts true, so that a matrix of two of its states shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, ForeignKey, String, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship

from prisml import define_model, expression, related, resolver

BALANCE = 100
REGIONS = 7


class Base(DeclarativeBase):
    """The tables of the campaign."""


class State(Base):
    """One row: what is true of the whole shop after the transaction of that number."""

    __tablename__ = "state"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    holders: Mapped[int]
    balance: Mapped[int]


class Region(Base):
    """Where holders live; every transaction writes its number to each."""

    __tablename__ = "regions"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Holder(Base):
    """Somebody with a balance, and how many orders there are of them, of which sum."""

    __tablename__ = "holders"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))
    balance: Mapped[int]
    ordered: Mapped[int]
    spent: Mapped[int]
    note: Mapped[str] = mapped_column(String(2000))
    left: Mapped[bool]
    region: Mapped[Region] = relationship()
    orders: Mapped[list[Order]] = relationship(primaryjoin=lambda: foreign(Order.holder_id) == Holder.id, viewonly=True)


class Order(Base):
    """What a holder ordered. No constraint: holders change their keys."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(index=True)
    amount: Mapped[int]


def _of_orders(what: Any) -> Any:
    return expression(select(what).where(Order.holder_id == Holder.id).scalar_subquery())


def _of_state(what: Any) -> Any:
    return expression(select(what).where(State.id == 1).scalar_subquery())


leaving = define_model(
    Holder,
    output="leaving",
    label=Holder.left,
    features={
        "balance": Holder.balance,
        "ordered": Holder.ordered,
        "spent": Holder.spent,
        "counted": _of_orders(func.count(Order.id)),
        "amounts": _of_orders(func.coalesce(func.sum(Order.amount), 0)),
        "related_orders": resolver(lambda holder: len(holder.orders), type=int, uses=[Holder.orders]),
        "region": related(Holder.region, Region.number),
        "number": _of_state(State.number),
        "holders": _of_state(State.holders),
        "total": _of_state(State.balance),
    },
)
PLACES = {item.name: place for place, item in enumerate(leaving.inputs)}


def contradictions(matrix: NDArray[np.float32]) -> list[str]:
    """What does not hold in the matrix, though it holds in every state of the shop."""
    columns = {name: matrix[:, place].astype(np.float64) for name, place in PLACES.items()}
    truths = {
        "one number of the state in all pages": np.unique(columns["number"]).size == 1,
        "the regions' number is the state's": bool((columns["region"] == columns["number"]).all()),
        "as many rows as the state has holders": bool((columns["holders"] == len(matrix)).all()),
        "the balances' sum is the state's": bool((columns["total"] == columns["balance"].sum()).all()),
        "as many orders as each holder says": bool((columns["counted"] == columns["ordered"]).all()),
        "as many related orders as each holder says": bool((columns["related_orders"] == columns["ordered"]).all()),
        "the orders' sum is each holder's": bool((columns["amounts"] == columns["spent"]).all()),
    }
    return [truth for truth, holds in truths.items() if not holds]


def fill(engine: Engine, count: int) -> None:
    """Make the tables, with so many holders, of whom every third has an order."""
    Base.metadata.create_all(engine)
    holders = [
        {
            "id": number * 1000,
            "region_id": 1 + number % REGIONS,
            "balance": BALANCE,
            "ordered": int(number % 3 == 0),
            "spent": 5 * int(number % 3 == 0),
            "note": "n" * (number % 200),
            "left": number % 2 == 0,
        }
        for number in range(1, count + 1)
    ]
    with engine.begin() as connection:
        connection.execute(insert(State), [{"id": 1, "number": 0, "holders": count, "balance": BALANCE * count}])
        connection.execute(insert(Region), [{"id": number, "number": 0} for number in range(1, REGIONS + 1)])
        connection.execute(insert(Holder), holders)
        connection.execute(insert(Order), [{"holder_id": each["id"], "amount": 5} for each in holders if each["ordered"]])
