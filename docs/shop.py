"""The shop that the pages of the documentation use: its mapped classes, one predictive field, and made-up customers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from prisml import Feature, Gate, define_model


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str]
    customers: Mapped[list[Customer]] = relationship(back_populates="account")


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    email: Mapped[str]
    full_name: Mapped[str]
    country: Mapped[str]
    city: Mapped[str]
    plan: Mapped[str]
    age: Mapped[int | None]
    income: Mapped[float]
    debt: Mapped[float]
    joined_at: Mapped[datetime]
    churned: Mapped[bool | None]
    account: Mapped[Account | None] = relationship(back_populates="customers")
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    placed_at: Mapped[datetime]
    amount: Mapped[float]
    customer: Mapped[Customer] = relationship(back_populates="orders")


class Payment(Base):
    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[float]
    country: Mapped[str]
    is_fraud: Mapped[bool]


churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={
        "age": Feature(Customer.age, missing="median"),
        "country": Customer.country,
        "plan": Customer.plan,
    },
    algorithm="logistic_regression",
    gates=[Gate("roc_auc", min=0.65)],
)


def customer(rng: random.Random, accounts: list[Account]) -> Customer:
    """One whom an expensive plan and a young age make leave sooner."""
    plan, age = rng.choice(["free", "basic", "pro"]), rng.choice([None, *range(18, 90)])
    leaves = {"free": 0.15, "basic": 0.4, "pro": 0.8}[plan] + (0.15 if age is not None and age < 40 else 0.0)
    made = Customer(
        account=rng.choice([None, *accounts]),
        email=f"{rng.randrange(10**9)}@{rng.choice(['example.com', 'example.org'])}",
        full_name=rng.choice(["Ada Byron", "Emmy Noether", "Sofia Kovalevskaya"]),
        country=rng.choice(["DE", "FR", "US"]),
        city=rng.choice(["Berlin", "Lyon", "Boston", "Austin"]),
        plan=plan,
        age=age,
        income=round(rng.uniform(1000, 6000), 2),
        debt=round(rng.uniform(0, 2000), 2),
        joined_at=datetime(2023, 1, 1) + timedelta(days=rng.randrange(400), minutes=rng.randrange(1440)),
        churned=rng.random() < leaves,
    )
    for _ in range(rng.randrange(4)):
        placed_at = made.joined_at + timedelta(days=rng.randrange(600))
        made.orders.append(Order(placed_at=placed_at, amount=round(rng.uniform(5, 200), 2)))
    return made


def payment(rng: random.Random) -> Payment:
    """One that is more likely to be a fraud the larger it is."""
    amount = round(rng.expovariate(1 / 80), 2)
    return Payment(amount=amount, country=rng.choice(["DE", "FR", "US"]), is_fraud=rng.random() < min(0.9, (amount / 400) ** 2))


def fill(url: str = "sqlite:///shop.db", *, customers: int = 1000, payments: int = 3000) -> None:
    """Make the tables, and the same rows each time."""
    engine, rng = create_engine(url), random.Random(42)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        accounts = [Account(segment=segment) for segment in ("private", "business", "public")]
        session.add_all(customer(rng, accounts) for _ in range(customers))
        session.add_all(payment(rng) for _ in range(payments))
    engine.dispose()


if __name__ == "__main__":
    fill()
