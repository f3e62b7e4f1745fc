"""One entity for each way in which SQLAlchemy maps a class."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, registry, relationship


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str]


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    age: Mapped[int | None]
    churned: Mapped[bool]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    account: Mapped[Account | None] = relationship()


class Product(MappedAsDataclass, Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    sold: Mapped[bool]


@dataclass
class Machine:
    id: int
    place: str
    broken: bool


mappers = registry()
machines = Table("machines", mappers.metadata, Column("id", Integer, primary_key=True), Column("place", String), Column("broken", Boolean))
mappers.map_imperatively(Machine, machines)
