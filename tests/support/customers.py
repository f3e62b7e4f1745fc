"""Customers and their accounts, for tests that read a database."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import DateTime, Engine, Enum, ForeignKey, Numeric, String, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Plan(enum.Enum):
    FREE = "free plan"
    PAID = "paid plan"


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str | None] = mapped_column(String(20))
    balance: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    secret: Mapped[str | None] = mapped_column(String(20))


class Customer(Base):
    __tablename__ = "customers"

    # The attribute's name, the column's name and "id" are three things.
    number: Mapped[int] = mapped_column("customer_no", primary_key=True, autoincrement=False)
    email: Mapped[str | None] = mapped_column(String(100))
    age: Mapped[int | None]
    spent: Mapped[float | None]
    plan: Mapped[Plan | None] = mapped_column(Enum(Plan))
    joined_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    churned: Mapped[bool | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    referrer_no: Mapped[int | None] = mapped_column(ForeignKey("customers.customer_no"))

    account: Mapped[Account | None] = relationship(foreign_keys=[account_id])
    payer: Mapped[Account | None] = relationship(foreign_keys=[payer_id])
    referrer: Mapped[Customer | None] = relationship(remote_side=[number])


def customer(number: int, **columns: object) -> dict[str, object]:
    """A row of customers, every column given, under the columns' names."""
    empty = dict.fromkeys((column.key for column in Customer.__table__.columns), None)
    return {**empty, "age": 20 + number % 50, "churned": number % 3 == 0, "customer_no": number, **columns}


def create(engine: Engine, customers: list[dict[str, object]] | None = None, accounts: list[dict[str, object]] | None = None) -> None:
    """The tables, with these rows in them."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        if accounts:
            connection.execute(insert(Account), [{"segment": None, "balance": None, "secret": None, **row} for row in accounts])
        if customers:
            connection.execute(insert(Customer), customers)
