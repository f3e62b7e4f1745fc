"""Definitions that a type checker must accept, and the types that it must infer."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import assert_type

from sqlalchemy import exists

from prisml.definition import (
    Feature,
    Gate,
    GroupSplit,
    ModelDefinition,
    Resolver,
    define_model,
    expression,
    is_missing,
    length,
    ratio,
    related,
    resolver,
)
from tests.house.typing_cases.mappings import Account, Base, Customer, Machine, Product, machines


class Size(Enum):
    SMALL = 1
    LARGE = 2


def domain(customer: Customer) -> str:
    return customer.email.partition("@")[2]


def age_at(customer: Customer, as_of: datetime) -> int | None:
    return None if customer.age is None else as_of.year - customer.age


def anything(row: Base) -> str:
    return type(row).__name__


declarative = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={
        "age": Customer.age,
        "district": Feature(Customer.account_id, categorical=True, min_frequency=20),
        "segment": related(Customer.account, Account.segment),
        "letters": length(Customer.email),
        "age_known": is_missing(Customer.age),
        "share": ratio(Customer.age, Customer.account_id, missing=0.0),
        "domain": resolver(lambda c: c.email.partition("@")[2], type=str, uses=[Customer.email]),
        "born": resolver(lambda c, as_of: None if c.age is None else as_of.year - c.age, type=int, uses=[Customer.age]),
        "size": resolver(lambda c: Size.LARGE if len(c.email) > 9 else Size.SMALL, type=Size, uses=[Customer.email]),
        "by_name": resolver(domain, type=str, uses=[Customer.email]),
        "with_moment": resolver(age_at, type=int, uses=[Customer.age]),
        "of_the_base": resolver(anything, type=str, uses=[Customer.email]),
    },
    where=Customer.age >= 18,
    split=GroupSplit(Customer.account_id),
    gates=[Gate("roc_auc", min=0.75), Gate("accuracy", better_than="baseline")],
)
assert_type(declarative, ModelDefinition[Customer])
assert_type(declarative.entity, type[Customer])
assert_type(declarative.resolvers["domain"], Resolver[Customer])

with_sql = define_model(
    Customer,
    output="has_account",
    label=~exists().where(Account.id == Customer.account_id),
    features={"letters": length(Customer.email)},
    where=expression(Customer.churned),
)
assert_type(with_sql, ModelDefinition[Customer])

with_resolver = define_model(
    Customer, output="short", label=resolver(lambda c: len(c.email) < 9, type=bool, uses=[Customer.email]), features={"age": Customer.age}
)
assert_type(with_resolver, ModelDefinition[Customer])

as_dataclass = define_model(
    Product,
    output="sale",
    label=Product.sold,
    features={"words": resolver(lambda p: len(p.title.split()), type=int, uses=[Product.title])},
)
assert_type(as_dataclass, ModelDefinition[Product])

imperative = define_model(
    Machine,
    output="failure",
    label=machines.c.broken,
    features={"place": machines.c.place, "row": resolver(lambda m: m.place[:1], type=str, uses=[machines.c.place])},
)
assert_type(imperative, ModelDefinition[Machine])
