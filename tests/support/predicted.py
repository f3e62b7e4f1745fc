"""A small shop whose customers are predicted, by published models whose answers can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, MetaData, String, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

from prisml import ModelDefinition, define_model, related, resolver
from prisml.extraction.fingerprint import columns_fingerprint, resolver_fingerprint
from prisml.manifest import Fingerprints, Input, Source
from prisml.orm import Predicted
from prisml.registry import Registry
from prisml.serving import Engine as Model
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, expected, make_artifact


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country: Mapped[str | None] = mapped_column(String(2))


class Customer(Predicted, Base):
    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    age: Mapped[int | None]
    country: Mapped[str | None] = mapped_column(String(2))
    email: Mapped[str] = mapped_column(String(50))
    note: Mapped[str | None] = deferred(mapped_column(String(50)))
    churned: Mapped[bool]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    account: Mapped[Account | None] = relationship()
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


def domain(row: Customer) -> str:
    """A resolver: what stands behind the @."""
    return row.email.partition("@")[2]


churn = define_model(
    Customer, output="churn_probability", label=Customer.churned, features={"age": Customer.age, "country": Customer.country}, name="churn"
)
loyal = define_model(
    Customer,
    output="loyalty",
    label=Customer.churned,
    features={"age": Customer.age, "mail_domain": resolver(domain, type=str, uses=[Customer.email])},
    name="loyal",
)
abroad = define_model(
    Customer,
    output="abroad",
    label=Customer.churned,
    features={"age": Customer.age, "country": related(Customer.account, Account.country)},
    name="abroad",
)

ACCOUNT_COUNTRY = COUNTRY.model_copy(update={"origin": "related", "sources": (Source(path=("account", "country"), dtype="str"),)})
INPUTS: dict[str, tuple[Input, ...]] = {"churn": (AGE, COUNTRY), "loyal": (AGE, MAIL_DOMAIN), "abroad": (AGE, ACCOUNT_COUNTRY)}


def create(engine: Engine, metadata: MetaData, count: int) -> None:
    """The tables with that many customers in them."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        for table, values in rows(count).items():
            connection.execute(insert(metadata.tables[table]), values)


def publish(
    registry: Registry,
    definition: ModelDefinition[Any],
    inputs: tuple[Input, ...] | None = None,
    *,
    bias: float = 0.0,
    activate: bool = True,
) -> None:
    """Publish a model as if ``definition`` had been trained."""
    resolvers = {feature: resolver_fingerprint(made) for feature, made in definition.resolvers.items()}
    fingerprints = Fingerprints(columns=columns_fingerprint(definition), resolvers=resolvers)
    name = definition.name
    artifact = make_artifact(
        name,
        inputs=INPUTS[name] if inputs is None else inputs,
        bias=bias,
        fingerprints=fingerprints,
        output=definition.output,
        entity=definition.entity.__name__,
    )
    registry.publish(artifact, activate=activate)


def wanted(definition: ModelDefinition[Any], number: int) -> float:
    """What ``definition`` must predict for the customer of that number as ``rows`` makes it."""
    row = {"age": age(number), "country": country(number), "mail_domain": "a.org" if number % 2 else "b.org"}
    if definition.name == "abroad":
        row["country"] = country(account(number))
    return expected(row, INPUTS[definition.name])


def age(number: int) -> int:
    """The age of the customer of that number."""
    return number % 90


def country(number: int) -> str | None:
    """The country of the customer or account of that number."""
    return ("US", "DE", "FR", None)[number % 4]


def account(number: int) -> int:
    """The account of the customer of that number."""
    return number % 7


def rows(count: int) -> dict[str, list[dict[str, object]]]:
    """As many customers, seven accounts, and two orders of each customer, by table."""
    customers = [
        {
            "id": number,
            "age": age(number),
            "country": country(number),
            "email": f"x@{'a' if number % 2 else 'b'}.org",
            "note": "n",
            "churned": False,
            "account_id": account(number),
        }
        for number in range(count)
    ]
    return {
        "account": [{"id": number, "country": country(number)} for number in range(7)],
        "customer": customers,
        "orders": [{"id": number, "customer_id": number // 2} for number in range(2 * count)],
    }


@contextmanager
def predict_calls() -> Iterator[list[int]]:
    """The number of rows of each call of ``predict_many`` meanwhile. The calls themselves go through."""
    sizes: list[int] = []
    many, one = Model.predict_many, Model.predict

    def noted_many(self, rows, **options):
        sizes.append(len(rows))
        return many(self, rows, **options)

    def noted_one(self, row, **options):
        sizes.append(1)
        return one(self, row, **options)

    Model.predict_many, Model.predict = noted_many, noted_one
    try:
        yield sizes
    finally:
        Model.predict_many, Model.predict = many, one


def publish_all(folder: Path) -> Registry:
    """A registry in that folder with the three models."""
    registry = Registry(f"sqlite:///{folder / 'registry.db'}")
    for definition in (churn, loyal, abroad):
        publish(registry, definition)
    return registry


@contextmanager
def opened_shop(folder: Path, count: int) -> Iterator[Engine]:
    """A database in that folder with so many customers, closed at the end."""
    engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
    create(engine, Base.metadata, count)
    try:
        yield engine
    finally:
        engine.dispose()


def all_right(found: Iterable[Customer]) -> bool:
    """Whether each customer has the prediction that its stored row gives."""
    return all(math.isclose(churn.of(each).value, wanted(churn, each.id), rel_tol=1e-6) for each in found)
