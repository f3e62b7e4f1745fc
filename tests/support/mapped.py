"""Classes as an application has them, for drafts of definitions: every kind of column, relationships of each kind."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Plan(enum.Enum):
    FREE = "free"
    PAID = "paid"


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(String(10))
    opened_on: Mapped[dt.date]
    api_token: Mapped[str]


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    email: Mapped[str]
    password_hash: Mapped[str]
    country: Mapped[str]
    about: Mapped[str] = mapped_column(Text)
    age: Mapped[int | None]
    balance: Mapped[Decimal]
    total_cents: Mapped[int] = mapped_column(BigInteger)
    plan: Mapped[Plan]
    token: Mapped[UUID]
    newsletter: Mapped[bool]
    joined_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    churned: Mapped[bool]
    churn_reason: Mapped[str] = mapped_column(String(10))
    closed_at: Mapped[dt.datetime | None]
    picture: Mapped[bytes]

    account: Mapped[Account] = relationship()
    orders: Mapped[list[Order]] = relationship(back_populates="customer")
    tags: Mapped[list[Tag]] = relationship()


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    placed_on: Mapped[dt.date]
    amount: Mapped[float | None]
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    word: Mapped[str]
