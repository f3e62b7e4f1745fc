"""One field, as it was defined at three times. In a repository these are three commits of one definition; here they stand side by side.

It is 1 April 1998: October 1997 trains, January 1998 is held out, and the customers of April are served. What they did is known in July.
"""

from __future__ import annotations

from datetime import date

from examples.versioning.models import Customer
from prisml import FeatureLike, Gate, TimeSplit, define_model, ratio

HELD_OUT = date(1998, 1, 1)
SERVED = date(1998, 4, 1)

KNOWN = Customer.day < SERVED
SPLIT = TimeSplit(Customer.day, test_from=HELD_OUT)
WORTH: dict[str, FeatureLike[Customer]] = {"spent": Customer.spent}
EACH_TIME: dict[str, FeatureLike[Customer]] = {"spent_each_time": ratio(Customer.spent, Customer.purchases)}

first = define_model(
    Customer,
    name="churn",
    output="churn_probability",
    label=Customer.churned,
    features=WORTH,
    where=KNOWN,
    algorithm="logistic_regression",
    split=SPLIT,
    gates=[Gate("roc_auc", min=0.7)],
)
"""How much: a start."""

second = define_model(
    Customer,
    name="churn",
    output="churn_probability",
    label=Customer.churned,
    features={
        **WORTH,
        **EACH_TIME,
        "purchases": Customer.purchases,
        "purchases_90d": Customer.purchases_90d,
        "spent_90d": Customer.spent_90d,
        "days_since_first": Customer.days_since_first,
        "days_since_last": Customer.days_since_last,
    },
    where=KNOWN,
    params={"learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 50, "max_iter": 50},
    split=SPLIT,
    gates=[Gate("roc_auc", not_worse_than="active")],
)
"""And how often, and how recently. Its gate asks for what serves now."""

third = define_model(
    Customer,
    name="churn",
    output="churn_probability",
    label=Customer.churned,
    features=EACH_TIME,
    where=KNOWN,
    algorithm="decision_tree",
    params={"max_depth": 1},
    split=SPLIT,
)
"""Somebody's mistake: nearly all features were lost in a merge, and with them the gate that would have said so."""
