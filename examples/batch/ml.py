"""What is predicted of a customer, as of a night: whether they buy within 90 days, and what they spend in them.

Both fields have the same features, those of the example of churn: SQL over the orders before the night.
"""

from __future__ import annotations

from sqlalchemy import exists, func, select

from examples.churn.ml import AHEAD, DISCS, MEAN, ORDERS, SNAPSHOTS, SPENT, ordered, past
from examples.churn.models import Customer, Order
from prisml import FeatureLike, Gate, TimeSplit, days_since, define_model, expression

FEATURES: dict[str, FeatureLike[Customer]] = {
    "days_since_first": days_since(Customer.joined_on, stable=True),
    "days_since_last": days_since(expression(past(func.max(Order.placed_on)))),
    "orders_ever": expression(past(ORDERS)),
    "orders_90d": expression(past(ORDERS, 90)),
    "orders_180d": expression(past(ORDERS, 180)),
    "discs_ever": expression(past(DISCS)),
    "spent_ever": expression(past(SPENT)),
    "spent_180d": expression(past(SPENT, 180)),
    "mean_order_ever": expression(past(MEAN)),
}
KNOWN = expression(lambda as_of: exists().where(ordered(as_of)))
HELD_OUT = SNAPSHOTS[-1]
SMALL = {"learning_rate": 0.05, "max_leaf_nodes": 12, "min_samples_leaf": 100}

returns = define_model(
    Customer,
    output="return_probability",
    label=expression(
        lambda as_of: exists().where(Order.customer_id == Customer.id, Order.placed_on >= as_of, Order.placed_on < as_of + AHEAD)
    ),
    features=FEATURES,
    where=KNOWN,
    as_of=SNAPSHOTS,
    params=SMALL,
    split=TimeSplit(test_from=HELD_OUT),
    gates=[Gate("roc_auc", min=0.75), Gate("log_loss", better_than="baseline")],
)
"""The probability that the customer buys within 90 days."""

spend = define_model(
    Customer,
    output="expected_spend",
    label=expression(
        lambda as_of: (
            select(SPENT)
            .where(Order.customer_id == Customer.id, Order.placed_on >= as_of, Order.placed_on < as_of + AHEAD)
            .scalar_subquery()
        )
    ),
    features=FEATURES,
    where=KNOWN,
    as_of=SNAPSHOTS,
    params={**SMALL, "loss": "poisson"},
    split=TimeSplit(test_from=HELD_OUT),
    gates=[Gate("rmse", better_than="baseline")],
)
"""The dollars that the customer spends in 90 days, in the mean."""
