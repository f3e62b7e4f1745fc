"""A shop's mapped classes, with a column of every type that definitions meet."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, Enum, Float, ForeignKey, Integer, Interval, LargeBinary, Numeric, PickleType, String, Time
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, composite, mapped_column, relationship, synonym
from sqlalchemy.types import TypeDecorator


class Segment(enum.Enum):
    PRIVATE = "p"
    BUSINESS = "b"


class Lower(TypeDecorator[str]):
    """Text in lower case: it says nothing of its Python type, so it counts as what it decorates."""

    impl = String
    cache_ok = True


class Cents(TypeDecorator[Decimal]):
    """An amount, stored in cents: it says what Python receives."""

    impl = Integer
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal


class Span:
    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __composite_values__(self) -> tuple[int, int]:
        return self.low, self.high


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[Segment]
    opened: Mapped[dt.date]
    credit: Mapped[float]


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column("customer_id", primary_key=True)
    email: Mapped[str]
    age: Mapped[int | None]
    spent: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    points: Mapped[float] = mapped_column(Numeric(10, 2, asdecimal=False))
    rating: Mapped[float]
    exact: Mapped[Decimal] = mapped_column(Float(asdecimal=True))
    member: Mapped[bool]
    churned: Mapped[bool]
    segment: Mapped[Segment]
    state: Mapped[str] = mapped_column(Enum("ok", "fraud", name="state"))
    city: Mapped[str] = mapped_column(Lower)
    owed: Mapped[Decimal] = mapped_column(Cents)
    born: Mapped[dt.date]
    joined_at: Mapped[dt.datetime]
    wakes: Mapped[dt.time] = mapped_column(Time)
    lasted: Mapped[dt.timedelta] = mapped_column(Interval)
    token: Mapped[uuid.UUID]
    photo: Mapped[bytes] = mapped_column(LargeBinary)
    notes: Mapped[dict[str, Any]] = mapped_column(JSON)
    blob: Mapped[object] = mapped_column(PickleType)
    low: Mapped[int]
    high: Mapped[int]
    span: Mapped[Span] = composite("low", "high")
    years = synonym("age")
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    account: Mapped[Account | None] = relationship()
    orders: Mapped[list[Order]] = relationship()
    banks: AssociationProxy[Segment] = association_proxy("account", "segment")
    nickname: ClassVar[str | None] = None

    @property
    def describe(self) -> str:
        return self.email

    @hybrid_property
    def is_adult(self) -> bool:
        return self.age >= 18


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal]
    placed_at: Mapped[dt.datetime]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"))


class Agent(Customer):
    """A customer who sells: joined inheritance."""

    __tablename__ = "agents"

    agent_id: Mapped[int] = mapped_column(ForeignKey("customers.customer_id"), primary_key=True)
    fee: Mapped[float]
