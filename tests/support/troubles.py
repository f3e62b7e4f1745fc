"""A small shop, in which everything goes wrong that the troubleshooting guide tells of."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import JSON, BigInteger, DateTime, Engine, ForeignKey, String, insert
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import define_model
from prisml.commands.train import train
from prisml.definition.model import ModelDefinition
from prisml.registry import Artifact, Registry

ROWS = 300
START = datetime(2024, 1, 1)
COUNTRIES = ("DE", "US", "FR")


class Base(DeclarativeBase):
    pass


class Plan(enum.Enum):
    FREE = "f"
    GOLD = "g"


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(String(20))


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80))
    age: Mapped[int | None]
    spent: Mapped[float]
    country: Mapped[str] = mapped_column(String(20))
    plan: Mapped[Plan]
    grade: Mapped[str] = mapped_column(String(20))
    tags: Mapped[dict[str, Any]] = mapped_column(JSON)
    joined_at: Mapped[datetime] = mapped_column(DateTime)
    phone: Mapped[int] = mapped_column(BigInteger)
    churned: Mapped[bool | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    account: Mapped[Account] = relationship()
    orders: Mapped[list[Order]] = relationship()

    @hybrid_property
    def is_adult(self) -> bool:
        return self.age >= 18


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    amount: Mapped[float]
    placed_at: Mapped[datetime] = mapped_column(DateTime)


class Elsewhere:
    """No mapped class."""


def customer(number: int, **columns: object) -> dict[str, Any]:
    """A row of customers: of the first country mostly those who spend little leave."""
    return {
        "id": number,
        "email": f"c{number}@{'ab'[number % 2]}.org",
        "age": None if number % 7 == 0 else 18 + number % 50,
        "spent": float(number % 90),
        "country": COUNTRIES[number % 3],
        "plan": (Plan.FREE, Plan.GOLD)[number % 2],
        "grade": ("low", "mid", "high")[crc32(str(number).encode()) % 3],
        "tags": {"seats": number % 5},
        "joined_at": START + timedelta(days=number, hours=number % 24),
        "phone": 49_000_000_001 + number,
        "churned": (number % 3 == 0) != (number % 11 == 0),
        "account_id": 1 + number % 4,
        **columns,
    }


def fill(database: Engine, rows: list[dict[str, Any]] | None = None) -> None:
    """The tables, with those customers (default: 300) and two orders each."""
    Base.metadata.create_all(database)
    customers = [customer(number) for number in range(1, ROWS + 1)] if rows is None else rows
    with database.begin() as connection:
        connection.execute(insert(Account), [{"id": number, "segment": f"s{number % 2}"} for number in range(1, 5)])
        if customers:
            connection.execute(insert(Customer), customers)
            orders = [
                {"customer_id": row["id"], "amount": float(row["id"] % 13), "placed_at": START + timedelta(days=each)}
                for row in customers
                for each in (1, 400)
            ]
            connection.execute(insert(Order), orders)


def model(features: dict[str, Any] | None = None, **options: Any) -> ModelDefinition[Customer]:
    """A definition of whether a customer leaves; ``options`` go to ``define_model``."""
    given = {"label": Customer.churned, "name": "churn", "algorithm": "logistic_regression", **options}
    return define_model(
        Customer,
        output="churn_probability",
        features=features or {"age": Customer.age, "spent": Customer.spent, "country": Customer.country},
        **given,
    )


def trained(definition: ModelDefinition[Any], database: Engine, registry: Registry) -> Artifact:
    """What training published for the definition."""
    version = train(definition, database=database, registry=registry).version
    assert version is not None
    return registry.artifact(definition.name, version.number)
