"""SQL described for a fingerprint: equal for equal SQL in every process, and another for other SQL."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import Integer, TypeDecorator, bindparam, func, type_coerce

from prisml.errors import DefinitionError
from prisml.extraction.sql import describe_sql
from tests.support.customers import Customer, Plan

PLANS = list(Plan)
IN_A_SET = """
from prisml.extraction.sql import describe_sql
from tests.support.customers import Customer
print(describe_sql(Customer.email.in_({"DE", "FR", "US", "GB", "IT"})))
"""


class Money(TypeDecorator):
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.cents


class Amount:
    def __init__(self, cents):
        self.cents = cents


def test_a_set_is_the_same_in_every_process():
    """The order in which a set gives its members, which is another in each process, does not count."""
    found = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        found.add(subprocess.run([sys.executable, "-c", IN_A_SET], env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1
    assert "IT" in found.pop()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Customer.age > 5, Customer.age > 7),
        (Customer.age > 5, Customer.age >= 5),
        (Customer.age > np.int64(5), Customer.age > np.int64(7)),
        (Customer.spent > np.float32(5), Customer.spent > np.float32(7)),
        (Customer.spent > Decimal(5), Customer.spent > Decimal(7)),
        (Customer.email.in_(["DE", "FR"]), Customer.email.in_(["DE", "US"])),
        (Customer.plan == PLANS[0], Customer.plan == PLANS[1]),
        (type_coerce(Customer.age, Money) > Amount(5), type_coerce(Customer.age, Money) > Amount(7)),
        (func.coalesce(Customer.age, 1), func.coalesce(Customer.age, 2)),
    ],
)
def test_another_constant_is_another_sql(one, other):
    """A constant counts by its value, NumPy's and those of the user's types too."""
    assert describe_sql(one) != describe_sql(other)
    assert describe_sql(one) == describe_sql(one)


def test_a_constant_without_a_value_of_its_own_is_refused():
    """What stands for nothing that can be written down has no fingerprint, and the error names its type."""
    with pytest.raises(DefinitionError, match="a constant of type Amount"):
        describe_sql(Customer.age == bindparam("x", Amount(5), type_=Integer))
