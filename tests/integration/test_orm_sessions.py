"""What users do with their sessions: predictions are right in each state of an object, in threads and tasks, and in the end gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    NullPool,
    StaticPool,
    create_engine,
    delete,
    event,
    select,
    update,
)
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    Session,
    make_transient,
    make_transient_to_detached,
    scoped_session,
    sessionmaker,
)

from prisml.orm import attach, attached, extend, with_ml
from prisml.orm.attached import extensions
from prisml.registry import Registry
from tests.artifacts import expected
from tests.support.predicted import (
    Base,
    Customer,
    Order,
    all_right,
    churn,
    create,
    opened_shop,
    predict_calls,
    publish_all,
    wanted,
)

COUNT = 12


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the three models."""
    return publish_all(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A database with a dozen customers."""
    with opened_shop(tmp_path, COUNT) as engine:
        yield engine


@pytest.fixture
def maker(registry: Registry, database: Engine) -> sessionmaker[Session]:
    """Sessions extended with one model."""
    return extend(sessionmaker(database), [churn], registry=registry)


def test_merge_sees_the_new_values(maker: sessionmaker[Session]):
    """``session.merge`` of a changed detached object drops the prediction of the object it is merged into."""
    with maker() as session:
        outside = session.get(Customer, 3, options=[with_ml()])
        before = churn.of(outside).value
    outside.age = 80
    after = churn.of(outside).value
    assert after > before
    with maker() as session:
        inside = session.get(Customer, 3, options=[with_ml()])
        assert churn.of(inside).value == before
        assert session.merge(outside) is inside
        assert churn.of(inside).value == after
        assert churn.of(session.merge(Customer(id=999, age=1, country="US", email="", churned=False))).value < after


def test_states_of_an_object_change_and_it_stays_predicted(maker: sessionmaker[Session]):
    """Transient, detached again, deleted, without a session: whatever becomes of the object, its values are what is predicted."""
    with maker() as session:
        customer = session.get(Customer, 3, options=[with_ml()])
        make_transient(customer)
        assert churn.of(customer).value == pytest.approx(wanted(churn, 3))
        customer.age = 80
        changed = churn.of(customer).value
        make_transient_to_detached(customer)
        session.add(customer)
        assert churn.of(customer).value == changed > wanted(churn, 3)
        session.refresh(customer)
        assert churn.of(customer).value == pytest.approx(wanted(churn, 3))
        other = session.get(Customer, 5, options=[with_ml()])
        session.execute(delete(Order).where(Order.customer_id == 5))
        session.delete(other)
        session.flush()
        assert churn.of(other).value == pytest.approx(wanted(churn, 5))
        session.commit()
        assert churn.of(other).value == pytest.approx(wanted(churn, 5))


def test_scoped_sessions_are_removed_and_their_objects_stay_predicted(registry: Registry, database: Engine):
    """After ``scoped_session.remove()`` the objects keep their predictions, and the next session predicts anew."""
    scoped = extend(scoped_session(sessionmaker(database)), [churn], registry=registry)
    customers = scoped.scalars(select(Customer).options(with_ml())).all()
    scoped.remove()
    with predict_calls() as calls:
        assert all_right(customers)
        assert calls == []
        assert all_right(scoped.scalars(select(Customer)).all())
        assert calls == [COUNT]
    scoped.remove()


def test_without_expiry_a_commit_keeps_predictions(registry: Registry, database: Engine):
    """With ``expire_on_commit=False`` a prediction lasts over a commit as the values do, and goes with a change."""
    maker = extend(sessionmaker(database, expire_on_commit=False), [churn], registry=registry)
    with maker() as session, predict_calls() as calls:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        customers[2].age = 70
        session.commit()
        assert [len(extensions(each)) for each in customers] == [1, 1, 0, *[1] * (COUNT - 3)]
        assert churn.of(customers[2]).value == pytest.approx(expected({"age": 70, "country": customers[2].country}))
        assert calls == [COUNT, 1]


def test_a_savepoint_rolled_back_takes_its_predictions_along(maker: sessionmaker[Session]):
    """What was predicted from a change goes when a savepoint takes the change back; the rest stays."""
    with maker() as session:
        customers = session.scalars(select(Customer).order_by(Customer.id).options(with_ml())).all()
        nested = session.begin_nested()
        customers[4].age = 80
        session.flush()
        assert churn.of(customers[4]).value > wanted(churn, 4)
        nested.rollback()
        assert all_right(customers)


def test_get_that_populates_anew(maker: sessionmaker[Session], database: Engine):
    """``session.get(..., populate_existing=True)`` predicts from the row as it is now."""
    with maker() as session:
        customer = session.get(Customer, 3, options=[with_ml()])
        session.commit()
        with database.begin() as connection:
            connection.execute(update(Customer.__table__).where(Customer.id == 3).values(age=80))
        assert session.get(Customer, 3, options=[with_ml()], populate_existing=True) is customer
        with predict_calls() as calls:
            assert churn.of(customer).value == pytest.approx(expected({"age": 80, "country": customer.country}))
            assert calls == []


def test_touches_inside_of_a_flush(maker: sessionmaker[Session]):
    """Listeners of a flush may touch predictions: they see the values that are being written, and no flush within the flush."""
    seen: list[float] = []

    def note(session: Session, context: object, instances: object = None) -> None:
        seen.extend(churn.of(each).value for each in session.dirty if isinstance(each, Customer))

    event.listen(maker, "before_flush", note)
    event.listen(maker, "after_flush", note)
    with maker() as session:
        customer = session.get(Customer, 3)
        session.get(Customer, 4)
        customer.age = 80
        assert len(session.scalars(select(Customer).options(with_ml())).all()) == COUNT
        want = expected({"age": 80, "country": customer.country})
        assert [*seen, churn.of(customer).value] == pytest.approx([want, want, want])


def test_threads_with_one_maker(maker: sessionmaker[Session]):
    """Threads that begin at the same moment, each with a session of its own, all get what is right."""
    start = threading.Barrier(8)

    def work(_: int) -> bool:
        start.wait()
        right = True
        for _ in range(20):
            with maker() as session:
                right = right and all_right(session.scalars(select(Customer).options(with_ml())).all())
                session.commit()
                right = right and all_right(session.scalars(select(Customer)).all())
        return right

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_tasks_with_one_maker(registry: Registry, database: Engine):
    """Tasks of one event loop, each with a session of its own, all get what is right; sync code inside of them may touch."""

    async def work(sessions: Any) -> bool:
        async with sessions() as session:
            customers = (await session.scalars(select(Customer).options(with_ml()))).all()
            right = all_right(customers)
            await session.commit()
            await session.run_sync(lambda sync: sync.scalars(select(Customer).options(with_ml())).all())
            return right and all_right(customers)

    async def run() -> list[bool]:
        engine = create_async_engine(f"sqlite+aiosqlite:///{database.url.database}", poolclass=NullPool)
        sessions = extend(async_sessionmaker(engine), [churn], registry=registry)
        found = await asyncio.gather(*(work(sessions) for _ in range(8)))
        await engine.dispose()
        return found

    assert all(asyncio.run(run()))


def test_memory_does_not_grow_with_what_is_gone(registry: Registry):
    """What is kept for objects that live no more is forgotten as new ones are predicted."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    create(engine, Base.metadata, 3000)
    maker = extend(sessionmaker(engine), [churn], registry=registry)
    kept = attached._kept[id(churn)]
    for _ in range(10):
        with maker() as session:
            assert len(session.scalars(select(Customer).options(with_ml())).all()) == 3000
    assert len(kept.newest) < 10_000
    with maker() as session:
        for _ in range(3000):
            attach(session, session.get(Customer, 1))
    assert len(kept._batches) < 1500
    engine.dispose()
