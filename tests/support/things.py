"""Things of every type that PostgreSQL is read in columns for, and of some that it is not."""

from __future__ import annotations

import enum
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import (
    CHAR,
    REAL,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
    case,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Feature, days_since, define_model, expression, hour_of, hours_since, ratio, related


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "a red one"
    BLUE = "it's blue"
    SEA = "it's blue"  # noqa: PIE796 -- An alias, as enumerations have.


class Shout(TypeDecorator[str]):
    impl = String(20)
    cache_ok = True

    def process_result_value(self, value, dialect):
        return None if value is None else value.upper()


class Stripped(TypeDecorator[str]):
    """Changes only what is stored."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.strip()


class Shop(Base):
    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    city: Mapped[str | None]
    turnover: Mapped[Decimal | None] = mapped_column(Numeric(40, 20))


class Thing(Base):
    __tablename__ = "things"

    first: Mapped[str] = mapped_column(String(30), primary_key=True)
    second: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    whole: Mapped[int | None]
    number: Mapped[float | None] = mapped_column(Double)
    price: Mapped[Decimal | None] = mapped_column(Numeric)
    rate: Mapped[float | None] = mapped_column(Numeric(30, 12, asdecimal=False))
    flag: Mapped[bool | None]
    word: Mapped[str | None]
    code: Mapped[str | None] = mapped_column(CHAR(5))
    neat: Mapped[str | None] = mapped_column(Stripped)
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="colours"))
    shade: Mapped[Colour | None] = mapped_column(
        Enum(Colour, name="shades", native_enum=False, length=20, values_callable=lambda kind: [each.value for each in kind])
    )
    size: Mapped[str | None] = mapped_column(Enum("small", "large", name="sizes"))
    ident: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    day: Mapped[date | None]
    at: Mapped[datetime | None]
    seen: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    loud: Mapped[str | None] = mapped_column(Shout)
    short: Mapped[float | None] = mapped_column(REAL)
    rounded: Mapped[Decimal | None] = mapped_column(Float(53, asdecimal=True))
    many: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[Shop | None] = relationship(foreign_keys=[shop_id])
    other: Mapped[Shop | None] = relationship(foreign_keys=[other_id])


# What PostgreSQL's text has, but for its one refusal: the character 0.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
WHEN = st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 30))
SOME_DIGITS = st.decimals(-(10**9), 10**9).filter(lambda number: number == 0 or abs(number) > Decimal("1e-30"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**24), 2**24),
    "number": st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-30) | st.just(float("nan")),
    "price": SOME_DIGITS | st.just(Decimal("NaN")),
    "rate": st.decimals(-(10**9), 10**9, places=12).map(float),
    "flag": st.booleans(),
    "word": TEXTS | st.sampled_from(["a", "b", "é", "'; --", "%s", "\\"]),
    "code": st.sampled_from(["", "a", "ab ", "abcde"]),
    "neat": st.sampled_from([" a ", "b", ""]),
    "colour": st.sampled_from(Colour),
    "shade": st.sampled_from(Colour),
    "size": st.sampled_from(["small", "large"]),
    "ident": st.uuids() | st.sampled_from([uuid.UUID(int=1), uuid.UUID(int=2)]),
    "day": st.dates(date(1, 1, 2), date(9998, 1, 1)),
    "at": WHEN,
    "seen": WHEN.map(lambda moment: moment.replace(tzinfo=UTC)),
    "shop_id": st.integers(1, 3),
    "other_id": st.integers(1, 3),
}
FEATURES = {
    "whole": Thing.whole,
    "postcode": Feature(Thing.whole, categorical=True),
    "number": Thing.number,
    "price": Thing.price,
    "rate": Thing.rate,
    "flag": Thing.flag,
    "word": Thing.word,
    "code": Thing.code,
    "neat": Thing.neat,
    "colour": Thing.colour,
    "shade": Thing.shade,
    "size": Thing.size,
    "ident": Thing.ident,
    "days": days_since(Thing.day),
    "hours": hours_since(Thing.at),
    "hour": hour_of(Thing.seen, tz="America/New_York"),
    "each": ratio(Thing.number, Thing.price),
    "city": related(Thing.shop, Shop.city),
    "turnover": related(Thing.shop, Shop.turnover),
    "elsewhere": related(Thing.other, Shop.city),
    "upper": expression(func.upper(Thing.word, type_=String)),
    "times": expression(Thing.whole * 0.1 - 2.5),
    "doubled": expression(Thing.price * Decimal("2.50")),
    "kind": expression(case((Thing.word == "it's 100%", "yes\\"), (Thing.word.in_(["a", "é", "'; --"]), "%(no)s"), else_=Thing.neat)),
    "count": expression(select(func.count(Shop.id)).where(Shop.id > Thing.shop_id).scalar_subquery()),
    "sum": expression(select(func.sum(Shop.id)).where(Shop.id > Thing.shop_id).scalar_subquery()),
    "latest": days_since(expression(func.coalesce(Thing.at, datetime(1969, 12, 31, 1, 2, 3, 4), type_=DateTime))),
}
ALWAYS = expression(Thing.second % 2 == 0)


def define(features=None, **options):
    """A model of things, by default of every type."""
    return define_model(
        Thing,
        output="guess",
        features=features or FEATURES,
        **{"label": ALWAYS, "name": "guess", **options},
    )


def rows_of(drawn):
    """Rows with a key, NULL where nothing was drawn."""
    empty = dict.fromkeys((column.key for column in Thing.__table__.columns), None)
    return [{**empty, "first": f"k{number % 3}", "second": number, **row} for number, row in enumerate(drawn)]


def fill(engine, rows, shops=()):
    """Make the tables hold these rows, and three shops."""
    Base.metadata.create_all(engine)
    usual = [{"id": number, "city": f"c{number}", "turnover": number} for number in (1, 2, 3)]
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE things, shops CASCADE"))
        connection.execute(insert(Shop), list({shop["id"]: shop for shop in [*usual, *shops]}.values()))
        if rows:
            connection.execute(insert(Thing), rows)


def many(count=400):
    """So many rows of mixed values; the same each time."""
    source = random.Random(count)  # noqa: S311
    return rows_of(
        [
            {
                "whole": source.choice([None, 1, 2, 3]),
                "number": source.choice([None, float("nan"), source.random()]),
                "price": source.choice([None, Decimal("NaN"), Decimal(source.randrange(10**30)).scaleb(-25)]),
                "rate": source.random(),
                "flag": source.choice([None, True, False]),
                "word": source.choice([None, "é", "b"]),
                "colour": source.choice([None, *Colour]),
                "shade": source.choice([None, *Colour]),
                "size": source.choice([None, "small", "large"]),
                "ident": source.choice([None, uuid.UUID(int=1), uuid.UUID(int=2)]),
                "day": date(1960, 1, 1) + timedelta(days=source.randrange(30_000)),
                "at": datetime(2020, 1, 1) + timedelta(seconds=source.random() * 1e8),
                "seen": source.choice([None, datetime(2025, 12, 1, tzinfo=UTC) + timedelta(hours=source.randrange(4_000))]),
                "shop_id": source.choice([None, 1, 2]),
            }
            for _ in range(count)
        ]
    )


BEFORE = expression(lambda as_of: select(func.count(Shop.id)).where(Shop.id < 3, Thing.at < as_of - timedelta(days=3)).scalar_subquery())
