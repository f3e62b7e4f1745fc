"""Entries about attributes of objects: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, sessionmaker
from sqlalchemy.orm import registry as mapping_of

from prisml import define_model, related
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.support.database import statements
from tests.support.guide import refused
from tests.support.troubles import Account, Customer, model, trained

churn = model()
segments = model({"segment": related(Customer.account, Account.segment), "age": Customer.age})


@pytest.fixture
def sessions(shop, registry: Registry):
    """Sessions that predict ``churn``."""
    return extend(sessionmaker(shop), [churn], registry=registry)


def test_no_attribute_ml(told, shop, empty: Registry):
    """Sessions are extended where they are made, with the class's definition."""

    class Client:
        """Mapped to the customers, and nothing predicts it yet."""

    mapping_of().map_imperatively(Client, Customer.__table__)
    with sessionmaker(shop)() as session, pytest.raises(AttributeError) as caught:
        _ = session.get(Client, 1)._ml
    told(f"AttributeError: {caught.value}")
    definition = define_model(
        Client, output="leaves", name="churn", label=Client.churned, features={"spent": Client.spent}, algorithm="logistic_regression"
    )
    trained(definition, shop, empty)
    with extend(sessionmaker(shop), [definition], registry=empty)() as session:
        assert 0.0 <= session.get(Client, 1)._ml.leaves <= 1.0


def test_output_not_known(told, sessions):
    """The attribute is called as the definition's output."""
    with sessions() as session:
        customer = session.get(Customer, 1)
        with pytest.raises(AttributeError) as caught:
            _ = customer._ml.churn
        told(caught.value)
        assert 0.0 <= customer._ml.churn_probability <= 1.0


def test_model_not_extended(told, sessions):
    """``with_ml`` names models that the sessions are extended with."""
    with sessions() as session:
        told(refused(lambda: session.scalars(select(Customer).options(with_ml("chrun"))).all()))
        assert len(session.scalars(select(Customer).options(with_ml("churn"))).all()) == 300


def test_extended_twice(told, sessions, shop, registry: Registry):
    """All definitions are given in one call."""
    told(refused(lambda: extend(sessions, [churn], registry=registry)))
    assert extend(sessionmaker(shop), [churn], registry=registry) is not sessions


def test_detached_object(told, shop, empty: Registry):
    """An object is predicted before its session ends."""
    trained(segments, shop, empty)
    made = extend(sessionmaker(shop), [segments], registry=empty)
    with made() as session:
        bare = session.get(Customer, 1)
    told(refused(lambda: bare._ml.churn_probability))
    with made() as session:
        predicted = session.get(Customer, 1, options=[with_ml()])
    assert 0.0 <= predicted._ml.churn_probability <= 1.0


def test_async_session(told, shop, registry: Registry):
    """In an async session the statement that loads the objects predicts them, or ``attach`` does."""
    database = create_async_engine(str(shop.url).replace("sqlite", "sqlite+aiosqlite", 1))
    made = extend(async_sessionmaker(database), [churn], registry=registry)

    async def behave():
        async with made() as session:
            plain = await session.get(Customer, 1)
            told(refused(lambda: plain._ml.churn_probability))
            await attach(session, [plain])
            loaded = (await session.scalars(select(Customer).where(Customer.id == 2).options(with_ml()))).one()
            values = [plain._ml.churn_probability, loaded._ml.churn_probability]
        await database.dispose()
        return values

    assert all(0.0 <= value <= 1.0 for value in asyncio.run(behave()))


def test_query_for_each_object(told, shop, empty: Registry):
    """What a feature reads over a relationship is loaded in the query that loads the objects."""
    trained(segments, shop, empty)
    engine = segments.load(registry=empty, refresh=None)
    with sessionmaker(shop)() as session, statements(shop) as lazy:
        slow = engine.predict_many(session.scalars(select(Customer)).all())
    with sessionmaker(shop)() as session, statements(shop) as eager:
        fast = engine.predict_many(session.scalars(select(Customer).options(joinedload(Customer.account))).all())
    assert (len(lazy), len(eager)) == (1 + 4, 1)  # the customers, and each of four accounts
    assert slow.values.tolist() == fast.values.tolist()


def test_prediction_is_old(told, sessions, shop):
    """A prediction is of what the object held; after a change elsewhere the object is refreshed."""
    with sessions() as session:
        customer = session.get(Customer, 1, options=[with_ml()])
        before = customer._ml.churn_probability
        with shop.begin() as connection:
            connection.execute(text("UPDATE customers SET country = 'DE', spent = 89 WHERE id = 1"))
        assert customer._ml.churn_probability == before
        session.refresh(customer)
        assert customer._ml.churn_probability != before
