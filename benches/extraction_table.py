"""A table of many rows in PostgreSQL, and a model of twenty inputs of mixed types that reads it."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Double, Engine, Enum, ForeignKey, Numeric, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Feature, days_since, define_model, expression, hour_of, hours_since, related, weekday_of

CLIENTS = 20_000


class Base(DeclarativeBase):
    """The schema of this campaign alone."""


class Channel(enum.Enum):
    """How an order came in."""

    WEB = 1
    SHOP = 2
    PHONE = 3


class Client(Base):
    """Who orders."""

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country: Mapped[str] = mapped_column(String(2))
    joined: Mapped[date]
    credit: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))


class Order(Base):
    """What is ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    client: Mapped[Client] = relationship()
    returned: Mapped[bool]
    lines: Mapped[int]
    pieces: Mapped[int | None]
    weight: Mapped[float] = mapped_column(Double)
    volume: Mapped[float | None] = mapped_column(Double)
    distance: Mapped[float] = mapped_column(Double)
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    discount: Mapped[Decimal | None] = mapped_column(Numeric(8, 4))
    gift: Mapped[bool]
    express: Mapped[bool | None]
    channel: Mapped[Channel] = mapped_column(Enum(Channel, name="channels"))
    voucher: Mapped[str | None] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20))
    branch: Mapped[UUID]
    ordered_at: Mapped[datetime]
    paid_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    wanted: Mapped[date | None]


def _stable(column: object) -> Feature:
    return Feature(column, stable=True)  # type: ignore[arg-type]


# At a day of its own, so that each extraction gives the same numbers.
MODEL = define_model(
    Order,
    name="returned",
    output="will_return",
    label=expression(lambda as_of: Order.returned & (Order.ordered_at < as_of)),
    as_of=date(2024, 1, 1),
    waive=["label_copy", "identifier"],
    features={
        **{name: _stable(getattr(Order, name)) for name in ("lines", "pieces", "weight", "volume", "distance", "total", "discount")},
        **{name: _stable(getattr(Order, name)) for name in ("gift", "express", "channel", "voucher", "category", "branch")},
        "age": hours_since(Order.ordered_at, stable=True),
        "weekday": weekday_of(Order.ordered_at, stable=True),
        "paid_hour": hour_of(Order.paid_at, stable=True),
        "wanted_in": days_since(Order.wanted, stable=True),
        "country": related(Order.client, Client.country, stable=True),
        "tenure": days_since(related(Order.client, Client.joined, stable=True), stable=True),
        "credit": related(Order.client, Client.credit, stable=True),
    },
)

_FILL = """
INSERT INTO clients SELECT n, (ARRAY['DE','FR','US','IT'])[1 + n % 4], DATE '2015-01-01' + n % 3000,
    CASE WHEN n % 7 > 0 THEN (n * 37 % 1000000)::numeric / 100 END
FROM generate_series(1, :clients) AS n;
INSERT INTO orders (id, client_id, returned, lines, pieces, weight, volume, distance, total, discount, gift, express, channel, voucher,
    category, branch, ordered_at, paid_at, wanted)
SELECT n, 1 + n * 7919 % :clients, n % 9 = 0, 1 + n % 12, CASE WHEN n % 10 > 0 THEN n % 99 END, sqrt(n),
    CASE WHEN n % 11 > 0 THEN ln(n + 1) END,
    (n * 31 % 100003) / 7.0, (n * 13 % 1000003)::numeric / 100, CASE WHEN n % 3 > 0 THEN (n % 10007)::numeric / 10000 END, n % 5 = 0,
    CASE WHEN n % 13 > 0 THEN n % 2 = 0 END, (ARRAY['WEB','SHOP','PHONE'])[1 + n % 3]::channels,
    CASE WHEN n % 4 = 0 THEN 'voucher ' || n % 50 END, 'category ' || n % 300, md5((n % 40)::text)::uuid,
    TIMESTAMP '2020-01-01' + n % 100000000 * INTERVAL '1 second',
    CASE WHEN n % 6 > 0 THEN TIMESTAMPTZ '2020-01-01Z' + n * INTERVAL '61 seconds' END,
    CASE WHEN n % 8 > 0 THEN DATE '2020-01-01' + (n % 1500)::int END
FROM generate_series(1::bigint, :rows) AS n
"""


def fill(engine: Engine, rows: int) -> None:
    """The tables, with so many orders."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for statement in _FILL.split(";\n"):
            connection.execute(text(statement), {"clients": CLIENTS, "rows": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
