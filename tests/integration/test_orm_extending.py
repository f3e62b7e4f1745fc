"""What can be extended, how extensions stand beside each other, and what a touch in an async session may do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from prisml import Feature, define_model
from prisml.errors import ConfigurationError, DefinitionError, FeatureExtractionError, ModelNotFoundError
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.support.predicted import (
    Customer,
    Order,
    abroad,
    churn,
    loyal,
    opened_shop,
    predict_calls,
    publish,
    publish_all,
    wanted,
)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the three models of customers."""
    return publish_all(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A database with thirty customers."""
    with opened_shop(tmp_path, 30) as engine:
        yield engine


def test_namespaces_and_extensions_stand_beside_each_other(tmp_path: Path, registry: Registry, database: Engine):
    """Each session's objects are served by its own extension, with its own registry and namespace."""
    other = Registry(f"sqlite:///{tmp_path / 'other.db'}")
    publish(other, churn, bias=2.0)
    first = extend(sessionmaker(database), [churn], registry=registry)
    second = extend(sessionmaker(database), [churn], registry=other, namespace="ml")
    with first() as one, second() as two:
        mine, theirs = one.get(Customer, 1, options=[with_ml()]), two.get(Customer, 1, options=[with_ml()])
        assert mine._ml.churn_probability == churn.of(mine).value == pytest.approx(wanted(churn, 1))
        assert theirs.ml.churn_probability == churn.of(theirs).value > wanted(churn, 1)
        two.expunge(theirs)
        assert theirs.ml["churn_probability"].value > wanted(churn, 1)
    with pytest.raises(ConfigurationError, match=r"in the session of none of them\. attach"):
        churn.of(Customer(id=1, age=1, country="US", email="", churned=False))


def test_what_cannot_be_extended_says_why(registry: Registry, database: Engine):
    """A second extension, an output twice, a namespace that is taken and a wrong argument are refused with the way out."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with pytest.raises(ConfigurationError, match="in one call"):
        extend(maker, [loyal], registry=registry)
    again = define_model(
        Customer, output="churn_probability", label=Customer.churned, features={"age": Feature(Customer.age)}, name="again"
    )
    with pytest.raises(DefinitionError, match="another output"):
        extend(sessionmaker(database), [churn, again], registry=registry)
    with pytest.raises(DefinitionError, match="'age' is an attribute"):
        extend(sessionmaker(database), [churn], registry=registry, namespace="age")
    named = define_model(Customer, output="errors", label=Customer.churned, features={"age": Customer.age}, name="named")
    with pytest.raises(DefinitionError, match="needs for itself"):
        extend(sessionmaker(database), [named], registry=registry)
    with pytest.raises(ConfigurationError, match="given an Engine"):
        extend(database, [churn], registry=registry)
    with pytest.raises(ConfigurationError, match="no identifier"):
        extend(sessionmaker(database), [churn], registry=registry, namespace="a b")
    with pytest.raises(ConfigurationError, match="on_error"):
        with_ml(on_error="ignore")
    with Session(database) as session, pytest.raises(ConfigurationError, match="not extended"):
        attach(session, Customer())
    with maker() as session, pytest.raises(ConfigurationError, match=r"No extension serves Order\._ml"):
        attach(session, [Order(id=1)])
    with pytest.raises(DefinitionError, match="no mapped object"):
        churn.of({"age": 1})


def test_every_kind_of_sessions_can_be_extended(registry: Registry, database: Engine):
    """A class of sessions, a scoped session and a subclass of an extended one are served; plain sessions stay as they were."""

    class Mine(Session):
        pass

    extend(Mine, [churn], registry=registry)
    with Mine(database) as session:
        assert churn.of(session.get(Customer, 1, options=[with_ml()])).value == pytest.approx(wanted(churn, 1))
    with sessionmaker(database, class_=Mine)() as session, predict_calls() as calls:
        assert churn.of(session.get(Customer, 1, options=[with_ml()])).value == pytest.approx(wanted(churn, 1))
        assert calls == [1]
    scoped = extend(scoped_session(sessionmaker(database)), [churn], registry=registry)
    attach(scoped, scoped.scalars(select(Customer)).all())
    assert churn.of(scoped.get(Customer, 2)).value == pytest.approx(wanted(churn, 2))
    scoped.remove()
    with Session(database) as session, predict_calls() as calls:
        session.scalars(select(Customer).options(with_ml())).all()
        assert calls == []


def test_every_kind_of_async_sessions_can_be_extended(registry: Registry, database: Engine):
    """A class of async sessions, a scoped one and a maker whose sync class was given are served, and attach is awaited."""

    async def run() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{database.url.database}", poolclass=NullPool)

        class Mine(AsyncSession):
            pass

        class Sync(Session):
            pass

        extend(Mine, [churn], registry=registry)
        made = extend(async_sessionmaker(engine, sync_session_class=Sync), [churn], registry=registry)
        scoped = extend(async_scoped_session(async_sessionmaker(engine), asyncio.current_task), [churn], registry=registry)
        for session in (Mine(engine), made(), scoped):
            customer = await session.get(Customer, 3)
            await attach(session, customer)
            assert churn.of(customer).value == pytest.approx(wanted(churn, 3))
            await session.close()
        assert Session not in (Mine.sync_session_class, AsyncSession.sync_session_class.__bases__[0])
        await scoped.remove()
        await engine.dispose()

    asyncio.run(run())


def test_a_touch_in_an_async_session_does_no_io(registry: Registry, database: Engine):
    """What a touch would have to load, or a model not opened yet, is an error that names the option and attach."""

    async def run() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{database.url.database}", poolclass=NullPool)
        maker = extend(async_sessionmaker(engine), [churn, abroad], registry=registry)
        async with maker() as session:
            customers = (await session.scalars(select(Customer).order_by(Customer.id))).all()
            with pytest.raises(ConfigurationError, match=r"not opened yet.*with_ml\(\).*attach"):
                churn.of(customers[0])
            with pytest.raises(FeatureExtractionError, match=r"not loaded, and the session is async.*with_ml\(\).*attach"):
                abroad.of(customers[0])
            await attach(session, customers[0])
            session.sync_session.expire(customers[1])
            with predict_calls() as calls:
                assert churn.of(customers[2]).value == pytest.approx(wanted(churn, 2))
            assert calls == [28]
            with pytest.raises(FeatureExtractionError, match="not loaded"):
                churn.of(customers[1])
        await engine.dispose()

    asyncio.run(run())


def test_a_model_that_is_not_published_is_missed_when_it_is_needed(tmp_path: Path, database: Engine):
    """``extend`` opens nothing: the registry may be filled later."""
    registry = Registry(f"sqlite:///{tmp_path / 'later.db'}")
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, pytest.raises(ModelNotFoundError, match="churn"):
        session.scalars(select(Customer).options(with_ml())).all()
    publish(registry, churn)
    with maker() as session:
        assert churn.of(session.get(Customer, 1)).version == 1
