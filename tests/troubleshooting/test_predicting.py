"""Entries about predicting: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

import prisml
from prisml import Feature, days_since, expression, resolver
from prisml.registry import Registry
from prisml.serving import Engine
from tests.artifacts import make_artifact
from tests.support.guide import refused
from tests.support.troubles import Customer, Order, Plan, model, trained

ROW = {"age": 41, "spent": 12.5, "country": "DE"}


@pytest.fixture
def engine(registry: Registry) -> Engine:
    """The engine of ``churn``, which looks when it is told to."""
    return prisml.load("churn", registry=registry, refresh=None)


def is_probability(value: float) -> bool:
    """Whether it is one."""
    return 0.0 <= value <= 1.0


def test_value_not_given(told, engine: Engine):
    """What is not known is given as None, and what is known under its name."""
    told(refused(lambda: engine.predict({"age": 41, "country": "DE"})))
    assert is_probability(engine.predict({**ROW, "age": None}).value)
    assert is_probability(engine.predict(ROW).value)


def test_text_for_a_number(told, engine: Engine):
    """What came as text is converted before."""
    told(refused(lambda: engine.predict({**ROW, "age": "41"})))
    assert engine.predict({**ROW, "age": int("41")}).value == engine.predict(ROW).value


def test_infinite_value(told, engine: Engine):
    """What no number is, is missing."""
    told(refused(lambda: engine.predict({**ROW, "age": 41, "spent": math.inf})))
    assert is_probability(engine.predict({**ROW, "spent": 1e9}).value)


def test_unseen_category(told, shop, empty: Registry):
    """Without ``unseen="error"`` a new category is predicted as "other"."""
    strict = model({"age": Customer.age, "country": Feature(Customer.country, unseen="error")})
    trained(strict, shop, empty)
    told(refused(lambda: strict.load(registry=empty, refresh=None).predict({"age": 41, "country": "NZ"})))
    lenient = model({"age": Customer.age, "country": Customer.country})
    trained(lenient, shop, empty)
    assert is_probability(lenient.load(registry=empty, refresh=None).predict({"age": 41, "country": "NZ"}).value)


def test_value_of_an_enum(told, shop, empty: Registry):
    """An Enum is given as its member, or by the member's name."""
    trained(model({"plan": Customer.plan, "age": Customer.age}), shop, empty)
    engine = prisml.load("churn", registry=empty, refresh=None)
    free, gold = (engine.predict({"age": 41, "plan": plan}).value for plan in Plan)
    assert free != gold
    told(refused(lambda: engine.predict({"age": 41, "plan": Plan.FREE.value})))
    assert [engine.predict({"age": 41, "plan": plan.name}).value for plan in Plan] == [free, gold]


def test_resolver_not_at_hand(told, shop, empty: Registry):
    """With its definition, the engine computes what it needs; without, the row gives it."""
    definition = model({"domain": resolver(_domain, type=str, uses=[Customer.email]), "age": Customer.age})
    trained(definition, shop, empty)
    row = {"age": 41, "email": "c1@a.org"}
    by_name = prisml.load("churn", registry=empty, refresh=None)
    told(refused(lambda: by_name.predict(row)))
    value = definition.load(registry=empty, refresh=None).predict(row).value
    assert by_name.predict({"age": 41, "domain": "a.org"}).value == value


def _domain(row: Customer) -> str:
    return row.email.partition("@")[2]


def test_computed_by_sql(told, shop, empty: Registry):
    """A row that is in no session gives what SQL would compute, under the feature's name."""
    count = select(func.count(Order.id)).where(Order.customer_id == Customer.id).scalar_subquery()
    definition = model({"order_count": expression(count), "spent": Customer.spent})
    trained(definition, shop, empty)
    engine = definition.load(registry=empty, refresh=None)
    told(refused(lambda: engine.predict({"spent": 12.5})))
    assert is_probability(engine.predict({"spent": 12.5, "order_count": 2}).value)


def test_old_version_answers(told, registry: Registry, engine: Engine):
    """An engine that does not follow looks when it is told to."""
    registry.publish(make_artifact())
    assert engine.predict(ROW).version == 1
    assert engine.refresh()
    assert engine.health().version == 2


def test_label_and_probability(told, shop, engine: Engine):
    """The label goes by the threshold: of the version, or of the call."""
    prediction = engine.predict(ROW)
    assert prediction.label == (prediction.value > 0.5)
    assert engine.predict(ROW, threshold=prediction.value / 2).label is True
    assert engine.predict(ROW, threshold=(1 + prediction.value) / 2).label is False


def test_column_not_in_the_frame(told, engine: Engine):
    """A column has the name of the attribute, and the index is made one."""
    frame = pd.DataFrame([{**ROW, "spent": float(number)} for number in range(5)])
    told(refused(lambda: engine.predict_many(frame.rename(columns={"spent": "amount"}))))
    assert len(engine.predict_many(frame).values) == 5
    unnamed = frame.set_index("spent").rename_axis(None)
    told(refused(lambda: engine.predict_many(unnamed)))
    assert len(engine.predict_many(unnamed.rename_axis("spent")).values) == 5


def test_array_with_categories(told, engine: Engine):
    """An array has no names: what is not all numbers is given as rows or as a table."""
    told(refused(lambda: engine.predict_many(np.zeros((3, 3)))))
    assert len(engine.predict_many(pd.DataFrame([ROW] * 3)).values) == 3


def test_one_row_to_predict_many(told, engine: Engine):
    """One row is predicted by ``predict``, or as a list of one."""
    told(refused(lambda: engine.predict_many(ROW)))
    assert engine.predict_many([ROW]).values[0] == engine.predict(ROW).value


def test_one_bad_row(told, engine: Engine):
    """With ``on_error="null"`` the others are predicted, and the error of that row is kept."""
    rows = [ROW, {**ROW, "age": "old"}, ROW]
    told(refused(lambda: engine.predict_many(rows)))
    found = engine.predict_many(rows, on_error="null")
    assert np.isnan(found.values).tolist() == [False, True, False]
    assert list(found.errors) == [1]


def test_moments_are_utc(told, shop, empty: Registry):
    """A naive moment is UTC; one with a zone is converted."""
    trained(model({"tenure": days_since(Customer.joined_at), "age": Customer.age}), shop, empty)
    engine, now = prisml.load("churn", registry=empty, refresh=None), datetime(2025, 1, 1)

    def encoded(joined_at):
        return engine.encode([{"age": 41, "joined_at": joined_at}], as_of=now)[0, 0]

    tokyo = timezone(timedelta(hours=9))
    assert encoded(datetime(2024, 12, 31, 9)) - encoded(datetime(2024, 12, 31, 9, tzinfo=tokyo)) == pytest.approx(-9 / 24)
    assert encoded(datetime(2024, 12, 31)) == encoded(datetime(2024, 12, 31, 9, tzinfo=tokyo)) == 1.0


def test_predict_in_a_loop(told, engine: Engine):
    """One call takes all rows, and gives the same."""
    rows = [{**ROW, "spent": float(number)} for number in range(50)]
    one_by_one = [engine.predict(row).value for row in rows]
    assert engine.predict_many(rows).values.tolist() == one_by_one
