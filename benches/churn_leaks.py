"""What a model is worth that saw the future: the churn example with SQL that is not bounded by ``as_of``.

``define_model`` refuses such features. They are put in all the same, to show how good the model then looks on its own hold-out, and what
is left of it where the features are what a service can know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sklearn.metrics import roc_auc_score
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy import Engine as Database

from benches.report import Report
from examples.churn.ml import DISCS, MEAN, ORDERS, SNAPSHOTS, SPENT, churn
from examples.churn.models import Customer, Order
from prisml import Engine, days_since, define_model, expression
from prisml.definition.features import Expression, Transform
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted, extract
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit

Leaks = Mapping[str, Expression | Transform]


@dataclass(frozen=True)
class Worth:
    """Areas under the ROC curve for the customers held out: as ``published``, and as ``served``, with honest values."""

    published: float
    served: float


def ordered(as_of: ColumnElement[datetime], days: int | None = None) -> ColumnElement[bool]:
    """The customer's orders, from ``days`` before ``as_of`` on; what came after it is not left out."""
    own = Order.customer_id == Customer.id
    return own if days is None else own & (Order.placed_on >= as_of - timedelta(days=days))


def of_all_times(value: ColumnElement[Any], days: int | None = None) -> Callable[[ColumnElement[datetime]], ColumnElement[Any]]:
    """The aggregate ``value`` of these orders, as ``expression`` takes it."""
    return lambda as_of: select(value).where(ordered(as_of, days)).scalar_subquery()


ONE: Leaks = {"spent_ever": expression(of_all_times(SPENT))}
"""One bound forgotten."""

ALL: Leaks = {
    **ONE,
    "days_since_last": days_since(expression(of_all_times(func.max(Order.placed_on)))),
    "orders_ever": expression(of_all_times(ORDERS)),
    "orders_30d": expression(of_all_times(ORDERS, 30)),
    "orders_90d": expression(of_all_times(ORDERS, 90)),
    "orders_180d": expression(of_all_times(ORDERS, 180)),
    "bought_30d": expression(lambda as_of: exists().where(ordered(as_of, 30))),
    "discs_ever": expression(of_all_times(DISCS)),
    "discs_90d": expression(of_all_times(DISCS, 90)),
    "spent_90d": expression(of_all_times(SPENT, 90)),
    "spent_180d": expression(of_all_times(SPENT, 180)),
    "mean_order_ever": expression(of_all_times(MEAN)),
    "mean_order_180d": expression(of_all_times(MEAN, 180)),
    "largest_order_ever": expression(of_all_times(func.max(Order.dollars))),
}
"""The bound forgotten everywhere."""


def leaking(leaks: Leaks) -> ModelDefinition[Customer]:
    """The example's definition with ``leaks`` in place of the features of these names, and no guard against them."""
    return define_model(
        Customer,
        name=churn.name,
        output=churn.output,
        label=churn.label,
        features={**churn.features, **leaks},
        where=churn.where,
        as_of=SNAPSHOTS,
        split=churn.split,
        waive=["unbounded", "single_feature"],
    )


def show(report: Report, source: Database, honest: Extracted, artifact: Artifact) -> None:
    """A row for the example as it is, trained to ``artifact``, and for each way to let it see the future."""
    _add(report, "all bounded by as_of", 0, worth(artifact, honest))
    for name, leaks in {"one is not: spent_ever": ONE, "none is, but days_since_first": ALL}.items():
        model = leaking(leaks)
        _add(report, name, len(leaks), worth(fit(model, extract(model, source)).artifact, honest))


def worth(artifact: Artifact, honest: Extracted) -> Worth:
    """What is published of the model, and what it reaches with the values of ``honest``, for the customers held out."""
    engine = Engine.from_artifact(artifact)
    # The last date's rows were extracted last.
    held_out = slice(-engine.manifest.rows.test, None)
    silent = honest.labels[held_out] == honest.label_values.index(True)
    values = engine.predict_encoded(honest.matrix[held_out]).values
    return Worth(engine.manifest.metrics["roc_auc"].value, float(roc_auc_score(silent, values)))


def _add(report: Report, features: str, unbounded: int, found: Worth) -> None:
    report.add(features=features, unbounded=unbounded, published=found.published, served=found.served, lost=found.published - found.served)
    if not unbounded:
        report.expect("the AUC published is that of what is served", kept=abs(found.published - found.served) < 1e-9)
