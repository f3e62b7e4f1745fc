"""Definitions with one mistake each. The comment names what both type checkers must point at, on that line."""

from __future__ import annotations

from prisml.definition import Feature, define_model, resolver
from tests.house.typing_cases.mappings import Customer, Machine, Product, machines


def of_product(product: Product) -> str:
    return product.title


typo = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={
        "age": Feature(Customer.age),
        "domain": resolver(lambda c: c.emial.partition("@")[2], type=str, uses=[Customer.email]),  # wrong: emial
    },
)

typo_beside_a_moment = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={"domain": resolver(lambda c, as_of: c.emial, type=str, uses=[Customer.email])},  # wrong
)

typo_in_the_moment = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={"domain": resolver(lambda c, as_of: as_of.yaer, type=int, uses=[Customer.email])},  # wrong
)

typo_in_the_label = define_model(
    Customer,
    output="p",
    label=resolver(lambda c: c.chruned, type=bool, uses=[Customer.churned]),  # wrong: chruned
    features={"age": Customer.age},
)

typo_in_uses = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={"domain": resolver(lambda c: c.email, type=str, uses=[Customer.emial])},  # wrong: emial
)

typo_in_a_dataclass = define_model(
    Product,
    output="p",
    label=Product.sold,
    features={"words": resolver(lambda p: p.titel, type=str, uses=[Product.title])},  # wrong: titel
)

typo_in_a_plain_class = define_model(
    Machine,
    output="p",
    label=machines.c.broken,
    features={"place": resolver(lambda m: m.plaec, type=str, uses=[machines.c.place])},  # wrong: plaec
)

unsafe_on_none = define_model(
    Customer,
    output="p",
    label=Customer.churned,
    features={"age": resolver(lambda c: c.age + 1, type=int, uses=[Customer.age])},  # wrong
)

title = resolver(of_product, type=str, uses=[Product.title])
another_entity = define_model(Customer, output="p", label=Customer.churned, features={"title": title})  # wrong

a_word_for_a_column = define_model(
    Customer,
    output="p",
    label="churned",  # wrong: label
    features={"age": Customer.age},
)
