"""Two tables: the customers of CDNOW, and each purchase as an order with its day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Double, ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml.orm import Predicted

# The day after the last order in the data.
TODAY = date(1998, 7, 1)


class Base(DeclarativeBase):
    """The tables of the example."""


class Customer(Predicted, Base):
    """Somebody who first bought in the first quarter of 1997, on ``joined_on``, which never changes."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    joined_on: Mapped[date]

    orders: Mapped[list[Order]] = relationship(back_populates="customer", order_by="Order.id")


class Order(Base):
    """What a customer bought on one day; there may be several orders on a day."""

    __tablename__ = "orders"
    # Each feature of each row looks for a customer's orders of some days.
    __table_args__ = (Index("orders_by_day", "customer_id", "placed_on"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    placed_on: Mapped[date]
    discs: Mapped[int]
    # MariaDB's FLOAT, which Float alone would make, keeps seven digits.
    dollars: Mapped[float] = mapped_column(Double)

    customer: Mapped[Customer] = relationship(back_populates="orders")
