"""The mapped classes of ``verify-features``: a column of each type, rows with times beside them, and what the mapping computes."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import DateTime, Double, Enum, ForeignKey, Index, Numeric, String, Text, Uuid, func, select
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

NAIVE = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
AWARE = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


class Base(DeclarativeBase):
    """The tables of the campaign."""


class Grade(enum.Enum):
    """Stored by name."""

    LOW = "low grade"
    MIDDLE = "middle grade"
    HIGH = "high grade"


class Shop(Base):
    """What a to-one relationship leads to."""

    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[float | None] = mapped_column(Double)
    town: Mapped[str | None] = mapped_column(String(50))
    opened: Mapped[datetime | None] = mapped_column(NAIVE)


class Order(Base):
    """A row with times, of a buyer."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyers.id"))
    placed: Mapped[datetime] = mapped_column(NAIVE)
    paid: Mapped[datetime | None] = mapped_column(AWARE)
    due: Mapped[date | None]
    # A quarter of a whole number, so that the order in which a database adds them up does not show.
    amount: Mapped[float] = mapped_column(Double)

    __table_args__ = (Index("ix_orders_buyer", "buyer_id", "placed"),)


class Buyer(Base):
    """A row that is predicted, with a column of each type."""

    __tablename__ = "buyers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int | None]
    ratio: Mapped[float | None] = mapped_column(Double)
    price: Mapped[Decimal | None] = mapped_column(Numeric(30, 12))
    member: Mapped[bool | None]
    name: Mapped[str | None] = mapped_column(
        Text().with_variant(mysql.TEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
    )
    grade: Mapped[Grade | None] = mapped_column(Enum(Grade))
    token: Mapped[UUID | None] = mapped_column(Uuid)
    code: Mapped[int | None]
    day: Mapped[date | None]
    naive: Mapped[datetime | None] = mapped_column(NAIVE)
    aware: Mapped[datetime | None] = mapped_column(AWARE)
    seen_naive: Mapped[datetime] = mapped_column(NAIVE)
    seen_aware: Mapped[datetime] = mapped_column(AWARE)
    seen_on: Mapped[date]
    label: Mapped[bool]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[Shop | None] = relationship()
    orders: Mapped[list[Order]] = relationship()

    @hybrid_property
    def doubled(self) -> float | None:
        return None if self.ratio is None else self.ratio * 0.5

    @doubled.inplace.expression
    @classmethod
    def _doubled(cls):  # type: ignore[no-untyped-def]  # noqa: ANN206 -- SQLAlchemy types it by its use.
        return cls.ratio * 0.5


Buyer.spent = column_property(
    select(func.sum(Order.amount)).where(Order.buyer_id == Buyer.id).correlate_except(Order).scalar_subquery(), deferred=True
)
