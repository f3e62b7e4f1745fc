"""The customers of ``tests.support.predicted`` once more, as a user of SQLModel maps them."""

from typing import Optional

from sqlalchemy.orm import deferred, mapped_column
from sqlmodel import Field, Relationship, SQLModel, String

from prisml import define_model, related, resolver


class Account(SQLModel, table=True):
    id: int = Field(primary_key=True)
    country: str | None = None


class Customer(SQLModel, table=True):
    id: int = Field(primary_key=True)
    age: int | None = None
    country: str | None = None
    email: str = ""
    churned: bool = False
    account_id: int | None = Field(default=None, foreign_key="account.id")
    account: Optional[Account] = Relationship()  # noqa: UP045 -- SQLModel reads no other form.
    orders: list["Order"] = Relationship(back_populates="customer")


# SQLModel has no word for a deferred column.
Customer.note = deferred(mapped_column("note", String(50), nullable=True))


class Order(SQLModel, table=True):
    __tablename__ = "orders"

    id: int = Field(primary_key=True)
    customer_id: int = Field(foreign_key="customer.id")
    customer: Customer = Relationship(back_populates="orders")


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
