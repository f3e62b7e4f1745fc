"""What is predicted: whether a customer buys nothing in the next 90 days.

Each customer is a row once for each date of ``SNAPSHOTS``, and is seen as of that date: every feature is SQL bounded by ``as_of``, and the
label is about the 90 days from it on. The last date is held out, and each label's time is over before the next date begins.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, exists, func, select

from examples.churn.models import Customer, Order
from prisml import Gate, TimeSplit, days_since, define_model, expression

SNAPSHOTS = [date(1997, 3, 1), date(1997, 7, 1), date(1997, 10, 1), date(1998, 1, 1), date(1998, 4, 1)]
AHEAD = timedelta(days=90)


def ordered(as_of: ColumnElement[datetime], days: int | None = None) -> ColumnElement[bool]:
    """The customer's orders before ``as_of``, of the last ``days`` only where they are given."""
    before = (Order.customer_id == Customer.id) & (Order.placed_on < as_of)
    return before if days is None else before & (Order.placed_on >= as_of - timedelta(days=days))


def past(value: ColumnElement[Any], days: int | None = None) -> Callable[[ColumnElement[datetime]], ColumnElement[Any]]:
    """The aggregate ``value`` of these orders, as ``expression`` takes it."""
    return lambda as_of: select(value).where(ordered(as_of, days)).scalar_subquery()


ORDERS = func.count(Order.id)
DISCS = func.coalesce(func.sum(Order.discs), 0)
SPENT = func.coalesce(func.sum(Order.dollars), 0.0)
# Without an order there is none: the value is missing.
MEAN = func.avg(Order.dollars, type_=Float)

churn = define_model(
    Customer,
    output="churn_probability",
    label=expression(
        lambda as_of: ~exists().where(Order.customer_id == Customer.id, Order.placed_on >= as_of, Order.placed_on < as_of + AHEAD)
    ),
    features={
        "days_since_first": days_since(Customer.joined_on, stable=True),
        "days_since_last": days_since(expression(past(func.max(Order.placed_on)))),
        "orders_ever": expression(past(ORDERS)),
        "orders_30d": expression(past(ORDERS, 30)),
        "orders_90d": expression(past(ORDERS, 90)),
        "orders_180d": expression(past(ORDERS, 180)),
        "bought_30d": expression(lambda as_of: exists().where(ordered(as_of, 30))),
        "discs_ever": expression(past(DISCS)),
        "discs_90d": expression(past(DISCS, 90)),
        "spent_ever": expression(past(SPENT)),
        "spent_90d": expression(past(SPENT, 90)),
        "spent_180d": expression(past(SPENT, 180)),
        "mean_order_ever": expression(past(MEAN)),
        "mean_order_180d": expression(past(MEAN, 180)),
        "largest_order_ever": expression(past(func.max(Order.dollars))),
    },
    # Before the first order the shop knows of no customer.
    where=expression(lambda as_of: exists().where(ordered(as_of))),
    as_of=SNAPSHOTS,
    split=TimeSplit(test_from=SNAPSHOTS[-1]),
    gates=[Gate("roc_auc", min=0.8), Gate("log_loss", better_than="baseline"), Gate("accuracy", better_than="baseline")],
)
"""The probability that the customer buys nothing in the 90 days to come."""
