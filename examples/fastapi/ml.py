"""What is predicted: whether a customer buys nothing in the next 90 days.

The quarters from October 1997 on train the model, the one from April 1998 is held out, and that from July 1998 is the future: its rows
have no label, so that training drops them, and the service predicts them.
"""

from __future__ import annotations

from datetime import date

from examples.fastapi.models import Customer
from prisml import Gate, TimeSplit, define_model, ratio

churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={
        "purchases": Customer.purchases,
        "purchases_90d": Customer.purchases_90d,
        "discs": Customer.discs,
        "spent": Customer.spent,
        "spent_90d": Customer.spent_90d,
        "days_since_first": Customer.days_since_first,
        "days_since_last": Customer.days_since_last,
        "spent_each_time": ratio(Customer.spent, Customer.purchases),
    },
    split=TimeSplit(Customer.day, test_from=date(1998, 4, 1)),
    gates=[Gate("roc_auc", min=0.75)],
)
"""The probability that the customer buys nothing in the 90 days to come."""
