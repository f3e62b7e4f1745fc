"""Every kind of feature over a buyer, in two definitions: what rows give by themselves, and what a database computes for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select

from benches.feature_entities import Buyer, Order, Shop
from prisml.definition import (
    Feature,
    days_since,
    define_model,
    difference,
    expression,
    hour_of,
    hours_since,
    is_missing,
    length,
    log1p,
    month_of,
    ratio,
    related,
    resolver,
    weekday_of,
)
from prisml.definition.features import Expression, FeatureLike, Transform
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import AsOf

Features = Mapping[str, FeatureLike[Buyer]]
DATES = (datetime(2023, 3, 12, 7, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC))
"""Snapshots: when the clocks of New York change, and a leap day."""
RULES: Mapping[str, Any] = {
    "none": None,
    "dates": DATES,
    "column": Buyer.seen_naive,
    "column, aware": Buyer.seen_aware,
    "column, date": Buyer.seen_on,
}
QUARTER = timedelta(days=90)


def _days(buyer: Buyer, as_of: datetime) -> float | None:
    return None if buyer.aware is None else (as_of - buyer.aware) / timedelta(days=1)


ROWS: Features = {
    "int": Buyer.count,
    "float": Buyer.ratio,
    "decimal": Buyer.price,
    "bool": Buyer.member,
    "str": Buyer.name,
    "str, rare ones": Feature(Buyer.name, min_frequency=3),
    "enum": Buyer.grade,
    "uuid": Buyer.token,
    "int, categorical": Feature(Buyer.code, categorical=True),
    "related float": related(Buyer.shop, Shop.size),
    "related str": related(Buyer.shop, Shop.town),
    "days_since, naive": days_since(Buyer.naive),
    "days_since, aware": days_since(Buyer.aware),
    "days_since, date": days_since(Buyer.day),
    "days_since, related": days_since(related(Buyer.shop, Shop.opened)),
    "hours_since": hours_since(Buyer.aware),
    "hour_of": hour_of(Buyer.naive),
    "hour_of, tz": hour_of(Buyer.aware, tz="America/New_York"),
    "hour_of, naive, tz": hour_of(Buyer.naive, tz="Australia/Lord_Howe"),
    "weekday_of": weekday_of(Buyer.day),
    "weekday_of, tz": weekday_of(Buyer.aware, tz="Asia/Kolkata"),
    "month_of": month_of(Buyer.naive),
    "month_of, tz": month_of(Buyer.aware, tz="America/New_York"),
    "log1p": log1p(Buyer.ratio),
    "length": length(Buyer.name),
    "is_missing": is_missing(Buyer.token),
    "ratio": ratio(Buyer.ratio, Buyer.count),
    "difference": difference(Buyer.price, Buyer.ratio),
    "difference of moments": difference(Buyer.aware, Buyer.naive),
    "resolver (row)": resolver(lambda b: None if b.name is None else b.name[:1], type=str, uses=[Buyer.name]),
    "resolver (row, as_of)": resolver(_days, type=float, uses=[Buyer.aware]),
}
"""What a row gives by itself, in a session or not."""


def _orders(what: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(what).where(Order.buyer_id == Buyer.id, *conditions).scalar_subquery()


def _of(what: Any, time: Any = Order.placed) -> Expression:
    """What the orders before ``as_of`` give."""
    return expression(lambda as_of: _orders(what, time < as_of))


def _lately(what: Any, time: Any = Order.placed) -> Expression:
    """What the orders of the 90 days before ``as_of`` give."""
    return expression(lambda as_of: _orders(what, time >= as_of - QUARTER, time < as_of))


def _last_amount(as_of: AsOf) -> Any:
    latest = select(Order.amount).where(Order.buyer_id == Buyer.id, Order.placed <= as_of)
    return latest.order_by(Order.placed.desc(), Order.id.desc()).limit(1).scalar_subquery()


COMPUTED: Features = {
    "arithmetic": expression(Buyer.count - 1),
    "arithmetic, decimal": expression(Buyer.price * 2),
    "case of str": expression(case((Buyer.ratio > 1, "high"), (Buyer.ratio <= 1, Buyer.name))),
    "case of enum": expression(case((Buyer.member.is_(True), Buyer.grade))),
    "case of uuid": expression(case((Buyer.count > 0, Buyer.token))),
    "comparison": expression(lambda as_of: Buyer.naive < as_of - timedelta(microseconds=0)),
    "hybrid property": expression(Buyer.doubled),
    "column property": expression(Buyer.spent),  # type: ignore[attr-defined]
    "count": _of(func.count(Order.id)),
    "count, 90 days": _lately(func.count(Order.id)),
    "count, 90 days, aware": _lately(func.count(Order.id), Order.paid),
    "count, 90 days, dates": _lately(func.count(Order.id), Order.due),
    "count, categorical": replace(_of(func.count(Order.id)), categorical=True),
    "sum": _of(func.coalesce(func.sum(Order.amount), 0.0)),
    "sum of case": expression(lambda as_of: _orders(func.sum(case((Order.placed < as_of, Order.amount), else_=0.0)))),
    "avg": _of(func.avg(Order.amount, type_=Order.amount.type)),
    "max": _of(func.max(Order.amount), Order.paid),
    "latest": expression(_last_amount),
    "exists": expression(lambda as_of: exists().where(Order.buyer_id == Buyer.id, Order.placed.between(as_of - QUARTER, as_of))),
    "relationship any": expression(lambda as_of: Buyer.orders.any(Order.placed < as_of)),
    "days_since of max": days_since(_of(func.max(Order.placed))),
    "days_since of coalesce": days_since(
        expression(lambda as_of: func.coalesce(_orders(func.max(Order.placed), Order.placed < as_of), as_of - QUARTER))
    ),
    "hours_since of max": hours_since(_of(func.max(Order.paid), Order.paid)),
    "hour_of of max, tz": hour_of(_of(func.max(Order.placed)), tz="America/New_York"),
    "month_of of max": month_of(_of(func.max(Order.due), Order.due)),
    "log1p of sum": log1p(_of(func.sum(Order.amount))),
    "difference of max and min": difference(_of(func.max(Order.placed)), _of(func.min(Order.placed))),
    "is_missing of max": is_missing(_of(func.max(Order.amount))),
    "ratio of sum and count": ratio(_of(func.sum(Order.amount)), _of(func.count(Order.id))),
    "length of coalesce": length(expression(func.coalesce(Buyer.name, "none"))),
}
"""What a database computes for a row; the row must be in a session, or have been read with it."""

GROUPS: Mapping[str, Features] = {"rows": ROWS, "computed": COMPUTED}


def define(group: str, rule: str) -> ModelDefinition[Buyer]:
    """The definition of all kinds of ``group`` that can be had under ``rule``, each under its name as an identifier."""
    features = {name_of(kind): _stable(feature) for kind, feature in kinds(group, rule).items()}
    return define_model(
        Buyer,
        output="predicted",
        label=Buyer.label,
        features=features,
        as_of=RULES[rule],
        algorithm="decision_tree",
        params={"max_depth": 2},
        # Values are drawn at random: what they tell of the label, or of a row, is not the question.
        waive=["identifier", "label_copy", "single_feature"],
        name=f"{group}_{name_of(rule)}",
    )


def kinds(group: str, rule: str) -> Features:
    """The kinds of a group by name: what the mapping computes of all orders is nothing that a past moment knew."""
    return {kind: feature for kind, feature in GROUPS[group].items() if rule == "none" or kind != "column property"}


def name_of(kind: str) -> str:
    """The name of a feature of that kind; of what the mapping names, the mapping's."""
    named = {"hybrid property": "doubled", "column property": "spent"}
    return named.get(kind, "of_" + "".join(letter if letter.isalnum() else "_" for letter in kind))


def _stable(feature: Any) -> FeatureLike[Buyer]:
    if isinstance(feature, Transform):
        arguments = (replace(each, stable=True) if isinstance(each, Expression) else each for each in feature.arguments)
        return replace(feature, arguments=tuple(arguments), stable=True)
    return replace(feature, stable=True) if hasattr(feature, "stable") else Feature(feature, stable=True)
