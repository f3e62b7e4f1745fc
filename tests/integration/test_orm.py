"""Predictions of objects: the same behaviours in every way of having sessions, and with each SQLAlchemy that is supported."""

from __future__ import annotations

import copy
import gc
import math
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import joinedload, lazyload, load_only, selectinload, undefer

from prisml.errors import DefinitionError, FeatureExtractionError
from prisml.orm import with_ml
from prisml.orm.attached import extensions
from prisml.registry import Registry
from tests.support import predicted
from tests.support.predicted import predict_calls, publish
from tests.support.shops import COUNT, WAYS, Client, Shop, opened


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with the three models."""
    registry = Registry(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'registry.db'}")
    for definition in (predicted.churn, predicted.loyal, predicted.abroad):
        publish(registry, definition)
    return registry


@pytest.fixture(scope="module", params=WAYS)
def shop(request: pytest.FixtureRequest, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with forty customers."""
    gc.collect()  # Objects without a session are served by any extension: those of other tests go first.
    with opened(WAYS[request.param], registry, request, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


def test_a_statement_with_the_option_gives_predicted_objects(shop: Shop):
    """``with_ml()`` predicts all objects of the statement in one batch for each model, and touching them costs nothing more."""

    async def behaviour(do: Client) -> None:
        with predict_calls() as calls:
            customers = await do.customers(with_ml())
            sent = do.sent
            do.is_right(customers)
            assert calls == [COUNT] * 3
            assert do.sent == sent == 2  # The customers, and the accounts that one model reads.

    shop.run(behaviour)


def test_only_the_models_named_are_predicted(shop: Shop):
    """``with_ml("churn")``, the output's name and the definition itself name one model; any other name is refused."""

    async def behaviour(do: Client) -> None:
        for name in ("churn", "churn_probability", do.models.churn):
            with predict_calls() as calls:
                do.is_right(await do.customers(with_ml(name)), "churn")
            assert calls == [COUNT]
        with pytest.raises(DefinitionError, match="Did you mean 'churn'"):
            await do.customers(with_ml("chrun"))

    shop.run(behaviour)


def test_the_namespace_gives_value_and_prediction(shop: Shop):
    """``_ml.field`` is the value, ``_ml["field"]`` the prediction with its version, and an unknown field an AttributeError."""

    async def behaviour(do: Client) -> None:
        customer = (await do.customers(with_ml()))[3]
        prediction = do.models.churn.of(customer)
        assert customer._ml.churn_probability == prediction.value == customer._ml["churn_probability"].value
        assert (prediction.version, prediction.label) == (1, prediction.value > 0.5)
        assert "loyalty" in dir(customer._ml)
        assert dict(customer._ml.errors) == {}
        with pytest.raises(AttributeError, match="Known are: churn_probability, loyalty, abroad"):
            getattr(customer._ml, "churn")  # noqa: B009 -- What is read is the point.
        with pytest.raises(KeyError):
            customer._ml["churn"]

    shop.run(behaviour)


def test_get_predicts_and_attach_serves_what_is_loaded(shop: Shop):
    """``session.get`` takes the option; a second one sends no statement and sees none, so that ``attach`` is the way."""

    async def behaviour(do: Client) -> None:
        customer = await do("get", do.models.Customer, 7, options=[with_ml()])
        do.is_right([customer])
        await do("refresh", customer)
        assert not extensions(customer)
        again = await do("get", do.models.Customer, 7, options=[with_ml()])
        assert again is customer
        await do.attach(customer)
        do.is_right([customer])
        assert await do("get", do.models.Customer, -1, options=[with_ml()]) is None

    shop.run(behaviour)


def test_mixed_rows_are_predicted(shop: Shop):
    """Entities among other columns, twice in a row or missing from an outer join, are each predicted once."""

    async def behaviour(do: Client) -> None:
        customer, order = do.models.Customer, do.models.Order
        joined = select(customer.id, customer, order).outerjoin(order, order.customer_id == customer.id).where(customer.id < 3)
        with predict_calls() as calls:
            rows = (await do("execute", joined.options(with_ml("churn")))).all()
            do.is_right([row[1] for row in rows], "churn")
        assert (len(rows), calls) == (6, [3])
        assert rows[0]._mapping[customer] is rows[0][1]

    shop.run(behaviour)


@pytest.mark.parametrize("how", [joinedload, selectinload])
def test_entities_behind_a_relationship_are_predicted_once(shop: Shop, how: Any):
    """``select(Order)`` with its customers loaded predicts the distinct customers, in one batch."""

    async def behaviour(do: Client) -> None:
        order = do.models.Order
        with predict_calls() as calls:
            orders = (await do("scalars", select(order).options(how(order.customer), with_ml("churn", "loyal")))).all()
            do.is_right([each.customer for each in orders], "churn", "loyal")
        assert (len(orders), calls) == (2 * COUNT, [COUNT, COUNT])

    shop.run(behaviour)


def test_a_joined_collection_still_asks_for_unique(shop: Shop):
    """The option changes nothing about results that repeat their parents: SQLAlchemy asks for ``unique()``, and then each is there once."""

    async def behaviour(do: Client) -> None:
        statement = select(do.models.Customer).options(joinedload(do.models.Customer.orders), with_ml("churn"))
        with pytest.raises(Exception, match=r"unique\(\)"):
            (await do("scalars", statement)).all()
        customers = (await do("scalars", statement)).unique().all()
        assert len(customers) == COUNT
        do.is_right(customers, "churn")

    shop.run(behaviour)


def test_a_stream_is_predicted_by_partition(shop: Shop):
    """With ``yield_per`` each partition is loaded and predicted when it is reached, not before."""

    async def behaviour(do: Client) -> None:
        customer = do.models.Customer
        statement = select(customer).order_by(customer.id).options(with_ml("churn"))
        options = {"execution_options": {"yield_per": 15}}
        with predict_calls() as calls:
            if shop.is_async:
                seen = [
                    (each.id, len(calls))
                    async for each in await do("stream_scalars", statement, **options)
                    if do.is_right([each], "churn") is None
                ]
            else:
                seen = [(each.id, len(calls)) for each in await do("scalars", statement, **options) if do.is_right([each], "churn") is None]
        assert calls == [15, 15, 10]
        assert (seen[0], seen[15], seen[-1]) == ((0, 1), (15, 2), (COUNT - 1, 3))

    shop.run(behaviour)


def test_a_touch_predicts_all_peers(shop: Shop):
    """Without the option the first touch predicts every loaded object of the class; an async session does no I/O for it."""

    async def behaviour(do: Client) -> None:
        first = await do("get", do.models.Customer, 0)
        await do.attach(first)  # Opens the engines, which a touch in an async session may not.
        customers = await do.customers()
        sent = do.sent
        with predict_calls() as calls:
            do.is_right(customers, "churn", "loyal")
        assert calls == [COUNT - 1, COUNT - 1]
        assert do.sent == sent

    shop.run(behaviour)


@pytest.mark.parametrize("change", ["set", "expire", "refresh", "rollback", "flush", "update"])
def test_a_change_drops_the_prediction(shop: Shop, change: str):
    """What was predicted is dropped when the values change or may have changed, and the next prediction sees the new ones."""

    async def behaviour(do: Client) -> None:
        customer = (await do.customers(with_ml()))[5]
        before = do.models.churn.of(customer).value
        if change in ("set", "flush", "rollback"):
            customer.age = 85
        if change == "flush":
            await do("flush")
        elif change == "expire":
            do.sync.expire(customer)
        elif change == "refresh":
            await do("refresh", customer)
        elif change == "rollback":
            await do("rollback")
        elif change == "update":
            table = do.models.Customer
            await do("execute", update(table).where(table.id == 5).values(age=85), execution_options={"synchronize_session": "evaluate"})
        assert not extensions(customer)
        await do.attach(customer, "churn")
        after = do.models.churn.of(customer).value
        assert (after != before) == (change in ("set", "flush", "update"))

    shop.run(behaviour)


def test_other_attributes_do_not_drop_it(shop: Shop):
    """Setting or loading an attribute that no model reads leaves the prediction where it is."""

    async def behaviour(do: Client) -> None:
        customer = (await do.customers(with_ml()))[5]
        customer.churned = True
        await do("refresh", customer, ["note"])
        with predict_calls() as calls:
            do.is_right([customer])
        assert calls == []

    shop.run(behaviour)


def test_a_change_of_a_related_object_counts(shop: Shop):
    """A prediction that read a related object is out of date when that object changes, for all who read it."""

    async def behaviour(do: Client) -> None:
        customers = await do.customers(with_ml())
        one, other = customers[1], customers[8]
        assert one.account is other.account
        before = [do.models.abroad.of(each).value for each in (one, other)]
        one.account.country = "US"
        with predict_calls() as calls:
            after = [do.models.abroad.of(each).value for each in (one, other)]
        assert [new > old for new, old in zip(after, before, strict=True)] == [True, True]
        assert len(calls) == 1

    shop.run(behaviour)


def test_nothing_is_marked_as_changed(shop: Shop):
    """Predicting makes no object dirty and flushes nothing."""

    async def behaviour(do: Client) -> None:
        customers = await do.customers(with_ml())
        await do.attach(customers)
        assert not do.sync.dirty
        assert not do.sync.is_modified(customers[0])
        customers[0].churned = True
        await do.attach(customers[:1])
        assert customers[0] in do.sync.dirty

    shop.run(behaviour)


def test_predictions_are_left_out_of_pickles(shop: Shop):
    """A pickled object has no predictions, keeps what else is in its info, and is predicted anew from what it has."""

    async def behaviour(do: Client) -> None:
        customer = (await do.customers(with_ml()))[2]
        bare = (await do.customers(lazyload("*")))[2]
        assert bare is customer
        inspect(customer).info["mine"] = 1
        data = pickle.dumps(customer)
        assert b"prisml" not in data.replace(b"tests.support.predicted", b"")
        again = pickle.loads(data)  # noqa: S301 -- Written two lines above.
        assert inspect(again).info == {"mine": 1}
        assert inspect(copy.deepcopy(customer)).info == {"mine": 1}
        await do.attach(again)
        do.is_right([again])

    shop.run(behaviour)


def test_deferred_and_expired_columns_are_loaded_together(shop: Shop):
    """What objects lack, being deferred, expired or half loaded, is loaded for all of them in one statement."""

    async def behaviour(do: Client) -> None:
        customers = await do.customers(load_only(do.models.Customer.churned))
        do.sync.expire(customers[0])
        do.sync.expire(customers[1], ["age"])
        sent = do.sent
        await do.attach(customers, "churn", "loyal")
        assert do.sent - sent <= 2
        do.is_right(customers, "churn", "loyal")

    shop.run(behaviour)


def test_pending_changes_are_seen_and_kept(shop: Shop):
    """A change that waits for its flush counts, also where other attributes have to be loaded for the prediction."""

    async def behaviour(do: Client) -> None:
        customers = await do.customers(load_only(do.models.Customer.email))
        customers[0].age = 64
        await do.attach(customers)
        assert customers[0].age == 64
        expected = (await do.customers(undefer("*")))[0]
        assert do.models.churn.of(customers[0]).value == pytest.approx(1 / (1 + math.exp(-64 * 0.03125)), abs=1e-6)
        assert expected.age == 64
        assert inspect(customers[0]).attrs.age.history.has_changes() or customers[0] not in do.sync.dirty

    shop.run(behaviour)


def test_objects_without_a_session_are_predicted_from_what_they_have(shop: Shop):
    """New, pending and detached objects are predicted; a detached one that lacks a column says so."""

    async def behaviour(do: Client) -> None:
        customer = (await do.customers(with_ml()))[7]
        new = do.models.Customer(id=1007, age=customer.age, country=customer.country, email=customer.email, churned=False)
        value = do.models.churn.of(customer).value
        assert do.models.churn.of(new).value == value
        await do.attach([new], "churn", "loyal")
        assert do.models.loyal.of(new).value == do.models.loyal.of(customer).value
        do.session.add(new)
        assert do.models.churn.of(new).value == value
        do.session.expunge(customer)
        assert do.models.churn.of(customer).value == value
        customer.age = 0
        assert do.models.churn.of(customer).value != value
        lacking = (await do.customers(load_only(do.models.Customer.email)))[1]
        do.session.expunge(lacking)
        with pytest.raises(FeatureExtractionError, match="'age', 'country' of Customer 1 is not loaded"):
            do.models.churn.of(lacking)

    shop.run(behaviour)


def test_a_row_that_is_gone_is_an_error_of_that_object(shop: Shop):
    """An expired object whose row was deleted fails by its key, and its peers do not."""

    async def behaviour(do: Client) -> None:
        customers = (await do.customers(with_ml()))[:3]
        table = do.models.Order
        await do("execute", delete(table).where(table.customer_id == 1), execution_options={"synchronize_session": False})
        table = do.models.Customer
        await do("execute", delete(table).where(table.id == 1), execution_options={"synchronize_session": False})
        do.sync.expire_all()
        with pytest.raises(FeatureExtractionError, match="Customer 1 is not there"):
            await do.attach(customers, "churn")
        await do.attach(customers, "churn", on_error="null")
        do.is_right([customers[0], customers[2]], "churn")
        assert math.isnan(customers[1]._ml.churn_probability)
        assert isinstance(customers[1]._ml.errors["churn_probability"], FeatureExtractionError)

    shop.run(behaviour)
