"""Members of clubs and their visits: a moment of each kind on both sides, for tests of what was known when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Double, ForeignKey, String
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

NAIVE = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
AWARE = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


class Utc(TypeDecorator[datetime]):
    """A moment that must be aware, stored in UTC without a zone."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name in ("mysql", "mariadb") else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("A naive datetime.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Club(Base):
    __tablename__ = "clubs"

    id: Mapped[int] = mapped_column(primary_key=True)
    fee: Mapped[float] = mapped_column(Double)


class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    naive: Mapped[datetime | None] = mapped_column(NAIVE)
    aware: Mapped[datetime | None] = mapped_column(AWARE)
    day: Mapped[date | None]
    country: Mapped[str | None] = mapped_column(String(20))
    score: Mapped[float] = mapped_column(Double)
    left: Mapped[bool]
    club_id: Mapped[int | None] = mapped_column(ForeignKey("clubs.id"))
    club: Mapped[Club | None] = relationship()
    visits: Mapped[list[Visit]] = relationship(back_populates="member")

    @hybrid_property
    def halved(self) -> float:
        return self.score / 2


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    naive: Mapped[datetime | None] = mapped_column(NAIVE)
    aware: Mapped[datetime | None] = mapped_column(AWARE)
    utc: Mapped[datetime | None] = mapped_column(Utc)
    day: Mapped[date | None]
    amount: Mapped[float] = mapped_column(Double)
    member: Mapped[Member] = relationship(back_populates="visits")


class Note(Base):
    """A table without a time."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    stars: Mapped[int]
