"""Whether a customer buys again within 90 days: all that the owner of the application writes."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import exists, func, select

from examples.chinook.models import Customer, Invoice
from prisml import Gate, TimeSplit, days_since, define_model, expression

QUARTERS = [date(2012, 1, 1), date(2012, 4, 1), date(2012, 7, 1), date(2012, 10, 1), date(2013, 1, 1)]
own, when = Invoice.CustomerId == Customer.CustomerId, Invoice.InvoiceDate


def past(value: Any, days: int = 10_000) -> Any:
    """What ``value`` makes of a customer's invoices of the last ``days``."""
    return expression(lambda at: select(value).where(own, when < at, when >= at - timedelta(days)).scalar_subquery())


buys_again = define_model(
    Customer,
    output="buys_again",
    label=expression(lambda at: exists().where(own, when >= at, when < at + timedelta(days=90))),
    where=expression(lambda at: exists().where(own, when < at)),
    features={
        "days_since_first": days_since(past(func.min(when))),
        "days_since_last": days_since(past(func.max(when))),
        "invoices": past(func.count(Invoice.InvoiceId)),
        "invoices_180d": past(func.count(Invoice.InvoiceId), 180),
        "spent_365d": past(func.sum(Invoice.Total), 365),
    },
    params={"min_samples_leaf": 100, "max_leaf_nodes": 8},
    as_of=QUARTERS,
    split=TimeSplit(test_from=QUARTERS[-1]),
    gates=[Gate("roc_auc", min=0.75)],
)
