"""Definitions that contradict themselves, their mapping, or what can be exported."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from typing import Any

from sklearn.linear_model import LinearRegression, LogisticRegression
from sqlalchemy import Integer, exists, func, select
from sqlalchemy.orm import aliased

from prisml import (
    Cost,
    Feature,
    Gate,
    GroupSplit,
    Precision,
    RandomSplit,
    TimeSplit,
    days_since,
    define_model,
    difference,
    expression,
    hour_of,
    log1p,
    ratio,
    related,
    resolver,
    weekday_of,
)
from tests.errors.gallery import CASES, NUMBER, SECRET, Case
from tests.support.shop import Account, Customer, Order

PAST, LATER = dt.date(2024, 1, 1), dt.date(2024, 6, 1)
STABLE = {"city": Feature(Customer.city, stable=True)}


def define(entity: Any = Customer, **given: Any) -> Any:
    """A definition that is right but for what is given."""
    return define_model(entity, **{"output": "p", "label": Customer.churned, "features": {"age": Customer.age}, "name": "churn", **given})


def one(feature: Any) -> dict[str, Any]:
    """Keywords of a definition whose feature ``x`` is wrong."""
    return {"features": {"x": feature}}


def reads(fn: Any, **options: Any) -> Any:
    """A resolver on the e-mail address."""
    return resolver(fn, **{"type": str, "uses": [Customer.email], **options})


async def later(row: Any) -> str:
    """A resolver that would have to be awaited."""
    return row.email


def ahead(as_of: Any) -> Any:
    """A label that looks ninety days ahead."""
    return exists().where(Order.customer_id == Customer.id, Order.placed_at >= as_of, Order.placed_at < as_of + timedelta(days=90))


def endless(as_of: Any) -> Any:
    """A label that looks ahead without an end."""
    return exists().where(Order.customer_id == Customer.id, Order.placed_at >= as_of)


FEATURES: tuple[tuple[str, Any], ...] = (
    ("a feature is a column's name and not the column", "age"),
    ("a feature is a bare function", lambda c: c.age),
    ("a feature is bare SQL", Customer.age + 1),
    ("a feature is SQL without a type", expression(func.foo(Customer.age))),
    ("a feature is SQL that gives a date", expression(func.coalesce(Customer.born, Customer.born))),
    ("a feature is an expression that is no SQL", expression(3)),
    ("a feature is a whole SELECT", expression(select(Order.id))),
    ("an expression takes more than as_of", expression(lambda as_of, row: Customer.age)),
    ("an expression reads another table beside the class", expression(Account.credit + 1)),
    ("an expression is an aggregate of all rows", expression(func.max(Customer.age))),
    ("an expression numbers the rows", expression(func.row_number().over(order_by=Customer.id))),
    ("a feature is a relationship", Customer.account),
    ("a feature is a hybrid", Customer.is_adult),
    ("a feature is of an alias", aliased(Customer).age),
    ("a feature is a column of another class", Account.credit),
    ("a feature is a datetime", Customer.joined_at),
    ("a feature is of a type that is no feature", Customer.photo),
    ("a float is to be a category", Feature(Customer.rating, categorical=True)),
    ("SQL that gives a float is to be a category", expression(Customer.rating * 2, categorical=True)),
    ("a feature is a column of another table", Order.__table__.c.id),
    ("related goes over a relationship to many", related(Customer.orders, Order.amount)),
    ("related names a column of another class", related(Customer.account, Order.amount)),
    ("related goes over a column", related(Customer.age, Account.segment)),
    ("days_since of a number", days_since(Customer.age)),
    ("hour_of of a date", hour_of(Customer.born)),
    ("ratio of text", ratio(Customer.age, Customer.email)),
    ("a difference of a number and a date", difference(Customer.age, Customer.born)),
    ("a time zone that is none", weekday_of(Customer.joined_at, tz="Europe/Atlantis")),
    ("a transform of related(...) with options", log1p(related(Customer.account, Account.credit, missing=0))),
    ("a resolver is no function", reads("domain")),
    ("a resolver is async", reads(later)),
    ("a resolver takes no row", reads(lambda: 1)),
    ("a resolver gives a list", reads(lambda row: 1, type=list)),
    ("a resolver uses nothing", reads(lambda row: 1, uses=[])),
    ("a resolver uses a column's name", reads(lambda row: 1, uses=["email"])),
    ("missing= is no number", Feature(Customer.age, missing=[1])),
    ("missing= is misspelt", Feature(Customer.age, missing="medain")),
    ("missing= is of another type", Feature(Customer.segment, missing=SECRET)),
    ("missing= is more than a float32 holds", Feature(Customer.age, missing=NUMBER)),
    ("a median of categories", Feature(Customer.email, missing="median")),
    ("missing= is a category that the column does not have", Feature(Customer.state, missing="frod")),
    ("unseen= is misspelt", Feature(Customer.email, unseen="ignore")),
    ("min_frequency= is no count", Feature(Customer.email, min_frequency=0)),
    ("unseen= of a number", Feature(Customer.age, unseen="error")),
    ("unseen= and min_frequency= contradict each other", Feature(Customer.email, unseen="error", min_frequency=5)),
    ("stable= is no flag", Feature(Customer.age, stable="yes")),
)

OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("there are no features", {"features": {}}),
    ("a feature's name is no identifier", {"features": {"a b": Customer.age}}),
    ("a feature's name is no text", {"features": {1: Customer.age}}),
    ("a feature has the output's name", {"features": {"p": Customer.age}}),
    ("a resolver has an attribute's name", {"features": {"email": reads(lambda c: c.email[:1])}}),
    ("an expression has an attribute's name", {"features": {"nickname": expression(func.length(Customer.city))}}),
    ("a feature decides the label", one(Customer.churned)),
    ("a feature is as it is today, and as_of is in the past", {"as_of": PAST, **one(Customer.age)}),
    ("the output is an attribute already", {"output": "age"}),
    ("the output is no identifier", {"output": "churn probability"}),
    ("the name cannot be one", {"name": "a/b"}),
    ("the label is a text", {"label": "churned"}),
    ("the label is a Python bool", {"label": False}),
    ("the label cannot be learned", {"label": Customer.joined_at}),
    ("the label has options of a feature", {"label": expression(Customer.churned, missing="error")}),
    ("the label looks ahead, and there is no as_of", {"label": expression(ahead)}),
    ("the label looks ahead without an end", {"label": expression(endless), "as_of": PAST, "features": STABLE}),
    ("where is no condition", {"where": Customer.age}),
    (
        "where looks ahead",
        {"where": expression(lambda as_of: Customer.joined_at < as_of + timedelta(days=9)), "as_of": PAST, "features": STABLE},
    ),
    ("the task is not certain", {"label": Customer.low}),
    ("the task is misspelt", {"task": "binry"}),
    ("the task does not fit the label", {"task": "regression"}),
    ("positive is not said", {"label": Customer.state, "task": "binary"}),
    ("positive is none of the labels", {"label": Customer.state, "task": "binary", "positive": "frod"}),
    ("positive is of another type", {"label": Customer.low, "task": "binary", "positive": SECRET}),
    ("positive is no member of the Enum", {"label": Customer.segment, "task": "binary", "positive": "PRIVATE"}),
    ("positive is given for a regression", {"label": Customer.rating, "positive": 1}),
    ("the algorithm is misspelt", {"algorithm": "random_forrest"}),
    ("the algorithm cannot learn the task", {"algorithm": "ridge"}),
    ("the algorithm is a class", {"algorithm": int}),
    ("params is no mapping", {"params": [1]}),
    ("the algorithm is a regressor, and the task is none", {"algorithm": LinearRegression()}),
    ("params beside an estimator", {"algorithm": LogisticRegression(), "params": {"C": 3}}),
    ("params beside auto", {"algorithm": "auto", "params": {"a": 1}}),
    ("a time budget without a search", {"time_budget": 3}),
    ("a time budget that is none", {"algorithm": "auto", "time_budget": 0}),
    ("a time budget is a text", {"algorithm": "auto", "time_budget": "60"}),
    ("missing numbers are left to an algorithm that takes none", {"algorithm": "lda", **one(Feature(Customer.age, missing="native"))}),
    ("the encoding beside auto", {"algorithm": "auto", "encoding": "ordinal"}),
    (
        "the encoding gives codes for quantities",
        {"algorithm": "logistic_regression", "encoding": "ordinal"},
    ),
    ("the encoding is misspelt", {"encoding": "natve"}),
    ("the encoding does not fit the algorithm", {"algorithm": "logistic_regression", "encoding": "native"}),
    ("as_of is a number", {"as_of": 20240101}),
    ("as_of is an empty list", {"as_of": []}),
    ("as_of is one date twice", {"as_of": [PAST, PAST], "features": STABLE}),
    ("as_of is a column of another type", {"as_of": Customer.age}),
    ("as_of is moved by a number", {"as_of": PAST, **one(expression(lambda as_of: Customer.joined_at < as_of - 90))}),
    ("as_of holds a text", {"as_of": ["2024-01-01"]}),
    ("as_of is no moment in UTC", {"as_of": dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))}),
    ("a number is added to as_of", {"as_of": PAST, **one(expression(lambda as_of: Customer.joined_at < as_of + 90))}),
    ("as_of is compared with a number", {"as_of": PAST, **one(expression(lambda as_of: Customer.age < as_of))}),
    ("as_of is subtracted in SQL", {"as_of": PAST, **one(expression(lambda as_of: Customer.joined_at - as_of))}),
    (
        "a column is moved by a timedelta in SQL",
        {"as_of": PAST, **one(expression(lambda as_of: Customer.joined_at + timedelta(days=9) < as_of))},
    ),
    (
        "as_of is a column, and moved by a part of a second",
        {"as_of": Customer.joined_at, **one(expression(lambda as_of: Customer.joined_at < as_of - timedelta(microseconds=1)))},
    ),
    ("as_of stands where nothing says its type", {"as_of": PAST, **one(expression(lambda as_of: func.foo(as_of, type_=Integer)))}),
    ("as_of alone is no feature", {"as_of": PAST, **one(expression(lambda as_of: as_of))}),
    ("the split is misspelt", {"split": "date"}),
    ("the split goes by time, and all rows have one moment", {"split": "time"}),
    ("the split goes by a number as if it were time", {"split": TimeSplit(Customer.age)}),
    ("the split has both ends", {"split": TimeSplit(Customer.born, test_from=PAST, test_size=0.3)}),
    ("the split begins at a text", {"split": TimeSplit(Customer.born, test_from="2020-01-01")}),
    ("the split goes by a column that cannot be compared", {"split": GroupSplit(Customer.notes)}),
    ("test_size is a percentage", {"test_size": 20}),
    ("test_size is a text", {"test_size": "0.2"}),
    ("test_size beside split", {"split": RandomSplit(0.3), "test_size": 0.3}),
    ("all dates are on one side of the split", {"as_of": [PAST, LATER], "split": TimeSplit(test_from=PAST), "features": STABLE}),
    (
        "the label of a training row reaches into the hold-out",
        {
            "label": expression(ahead),
            "as_of": [PAST, PAST + timedelta(days=30)],
            "split": TimeSplit(test_from=PAST + timedelta(days=30)),
            "features": STABLE,
        },
    ),
    ("cv is one fold", {"cv": 1}),
    ("cv is no number", {"cv": True}),
    ("seed is negative", {"seed": -1}),
    ("seed is no integer", {"seed": 1.5}),
    ("the threshold is a percentage", {"threshold": 50}),
    ("the threshold of a regression", {"label": Customer.rating, "threshold": 0.4}),
    ("a threshold is to be chosen for a regression", {"label": Customer.rating, "threshold": "f1"}),
    ("class_weight of a regression", {"label": Customer.rating, "class_weight": "balanced"}),
    ("class_weight is misspelt", {"class_weight": "balance"}),
    ("a class weighs nothing", {"class_weight": {True: 0, False: 1}}),
    ("a class weight names what is no label", {"class_weight": {1.5: 1}}),
    ("calibrate is misspelt", {"calibrate": "sigmod"}),
    ("calibrate of a regression", {"label": Customer.rating, "calibrate": "sigmoid"}),
    ("validation_size is a percentage", {"validation_size": 20}),
    ("gates is one gate", {"gates": Gate("accuracy", min=0.7)}),
    ("gates holds a text", {"gates": ["accuracy"]}),
    ("a gate on a metric of another task", {"gates": [Gate("mae", max=3)]}),
    ("a gate that slices by a float", {"gates": [Gate("f1", min=0.3, slice=Customer.points)]}),
    ("min_accuracy of a regression", {"label": Customer.rating, "min_accuracy": 0.7}),
    ("waive is a text", {"waive": "single_feature"}),
    ("waive names no guard", {"waive": ["sngle_feature"]}),
    ("waive names no feature", {"waive": ["single_feature:agee"]}),
    ("waive holds a number", {"waive": [3]}),
)

PARTS: tuple[tuple[str, Any], ...] = (
    ("a gate on an unknown metric", lambda: Gate("roc_acu", min=0.7)),
    ("a gate without a condition", lambda: Gate("accuracy")),
    ("a gate better than what is not known", lambda: Gate("accuracy", better_than="active")),
    ("a gate no worse than what is not known", lambda: Gate("accuracy", not_worse_than="baseline")),
    ("a gate's bound is a text", lambda: Gate("accuracy", min="high")),
    ("a gate's bound is a percentage", lambda: Gate("accuracy", min=75)),
    ("a gate's bound is on the wrong side", lambda: Gate("log_loss", min=0.3)),
    ("a gate's by= without a comparison", lambda: Gate("accuracy", min=0.3, by=0.1)),
    ("a gate's by= is negative", lambda: Gate("accuracy", better_than="baseline", by=-0.1)),
    ("a gate's by= is a percentage", lambda: Gate("accuracy", better_than="baseline", by=2)),
    ("a gate's confidence is a percentage", lambda: Gate("accuracy", min=0.3, confidence=95)),
    ("a gate's min_rows= without a slice", lambda: Gate("accuracy", min=0.3, min_rows=10)),
    ("a gate's min_rows= is no count", lambda: Gate("accuracy", min=0.3, slice=Customer.city, min_rows=0)),
    ("a gate on the time, with a lower bound", lambda: Gate("p99_ms", min=1)),
    ("a gate that no model passes", lambda: Gate("size_mb", max=0)),
    ("a cost is negative", lambda: Cost(fp=-1, fn=5)),
    ("both costs are nothing", lambda: Cost(fp=0, fn=0)),
    ("a precision is a percentage", lambda: Precision(90)),
)

CASES += [
    *(Case("definition", title, lambda world, x=feature: define(**one(x)), ("Customer.p", "'x'")) for title, feature in FEATURES),
    *(Case("definition", title, lambda world, given=given: define(**given), ("Customer.",)) for title, given in OTHERS),
    *(Case("definition", title, lambda world, make=make: make()) for title, make in PARTS),
    Case("definition", "the entity is a text", lambda world: define("Customer"), ("str",)),
    Case("definition", "the entity is not mapped", lambda world: define(int), ("int",)),
    Case("definition", "no variable holds the definition", lambda world: define(name=None).name, ("Customer.p",)),
    Case(
        "definition",
        "related goes over a relationship of another class",
        lambda world: define(Order, label=Order.amount > 3, **one(related(Customer.account, Account.segment))),
        ("Order.p", "'x'"),
    ),
]
