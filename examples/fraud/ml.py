"""What is predicted: whether a payment is fraud, at the moment in which it is asked for.

Each payment is seen as of its own time (``as_of=Payment.made_at``): what the card did before it is SQL, and is asked of the database in
the same way when a payment is predicted. Only earlier payments count, never the payment itself nor a later one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, exists, func, select
from sqlalchemy.orm import aliased

from examples.fraud.models import Card, Payment
from prisml import Cost, Feature, Gate, TimeSplit, define_model, expression, hour_of, hours_since, log1p, ratio, weekday_of

REVIEW = 5
"""Dollars that it costs to hold an honest payment back and to ask the holder."""

LOSS = 110
"""Dollars that a fraud costs which nobody stopped: the mean amount, and the bank's fee."""

TEST_FROM = datetime(2025, 6, 1)

Earlier = aliased(Payment)


def before(value: ColumnElement[Any], within: timedelta | None = None) -> Callable[[ColumnElement[datetime]], ColumnElement[Any]]:
    """The aggregate ``value`` of the card's payments before this one, ``within`` some time only where it is given."""

    def sql(as_of: ColumnElement[datetime]) -> ColumnElement[Any]:
        statement = select(value).where(Earlier.card_id == Payment.card_id, Earlier.made_at < as_of)
        return (statement if within is None else statement.where(Earlier.made_at >= as_of - within)).scalar_subquery()

    return sql


HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
COUNT = func.count(Earlier.id)
SPENT = func.coalesce(func.sum(Earlier.amount), 0.0)

fraud = define_model(
    Payment,
    output="fraud_probability",
    label=Payment.is_fraud,
    features={
        # Of the payment itself, which never changes.
        "amount": log1p(Payment.amount, stable=True),
        "hour": hour_of(Payment.made_at, stable=True),
        "weekday": weekday_of(Payment.made_at, stable=True),
        "category": Feature(Payment.category, stable=True),
        "abroad": expression(exists().where(Card.id == Payment.card_id, Card.home_country != Payment.country), stable=True),
        # Of what the card did before it.
        "count_1h": expression(before(COUNT, HOUR)),
        "count_24h": expression(before(COUNT, DAY)),
        "count_7d": expression(before(COUNT, WEEK)),
        "spent_1h": expression(before(SPENT, HOUR)),
        "spent_24h": expression(before(SPENT, DAY)),
        "spent_7d": expression(before(SPENT, WEEK)),
        "hours_since_last": hours_since(expression(before(func.max(Earlier.made_at)))),
        "times_the_mean": ratio(Payment.amount, expression(before(func.avg(Earlier.amount, type_=Float))), stable=True),
    },
    params={"learning_rate": 0.05, "max_leaf_nodes": 12, "min_samples_leaf": 50},
    as_of=Payment.made_at,
    split=TimeSplit(Payment.made_at, test_from=TEST_FROM),
    calibrate="isotonic",
    threshold=Cost(fp=REVIEW, fn=LOSS),
    gates=[
        Gate("average_precision", better_than="baseline", by=0.4),
        Gate("recall", min=0.6),
        Gate("precision", min=0.3),
        Gate("accuracy", min=0.94, slice=Payment.category),
    ],
)
"""The probability that a payment is fraud; its label goes by what a mistake costs."""
