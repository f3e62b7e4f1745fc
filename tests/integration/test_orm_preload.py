"""``preload`` and ``unload``: the engines of extended sessions, opened and closed when the application says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from prisml import ConfigurationError, ModelNotFoundError, Registry
from prisml.orm import extend, preload, unload, with_ml
from tests.support.predicted import Base, Customer, churn, create, loyal, publish, wanted


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry without any version."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


@pytest.fixture
def sessions(sqlite_url: str, registry: Registry) -> Iterator[sessionmaker[Session]]:
    """Sessions of a database with five customers, extended with two models that are not published yet."""
    engine = create_engine(sqlite_url)
    create(engine, Base.metadata, 5)
    made = extend(sessionmaker(engine), [churn, loyal], registry=registry)
    yield made
    unload(made)
    engine.dispose()


def test_engines_are_those_that_predict(sessions: sessionmaker[Session], registry: Registry) -> None:
    """What preload gives is open, and is what with_ml() predicts with: the version of a prediction is its engine's."""
    publish(registry, churn)
    publish(registry, loyal)
    engines = preload(sessions)
    assert set(engines) == {"churn", "loyal"}
    assert preload(sessions) == engines
    publish(registry, churn, bias=1.0)
    engines["churn"].refresh()
    with sessions() as session:
        customer = session.scalars(select(Customer).where(Customer.id == 2).options(with_ml())).one()
        assert churn.of(customer).version == engines["churn"].version == 2
        assert loyal.of(customer).value == pytest.approx(wanted(loyal, 2))


def test_what_could_not_be_opened_is_tried_again(sessions: sessionmaker[Session], registry: Registry) -> None:
    """Without a version preload raises what load raises, and opens the model once there is one."""
    publish(registry, churn)
    with pytest.raises(ModelNotFoundError, match="loyal"):
        preload(sessions)
    publish(registry, loyal)
    assert set(preload(sessions)) == {"churn", "loyal"}


def test_closed_engines_are_opened_anew(sessions: sessionmaker[Session], registry: Registry) -> None:
    """What unload closes follows no more; the next preload gives another engine, which follows the registry."""
    publish(registry, churn)
    publish(registry, loyal)
    before = preload(sessions)["churn"]
    assert before.health().following
    unload(sessions)
    assert not before.health().following
    after = preload(sessions)["churn"]
    assert after is not before
    assert after.health().following
    unload(sessions)
    with sessions() as session:
        customer = session.get(Customer, 3, options=[with_ml("churn")])
        assert churn.of(customer).value == pytest.approx(wanted(churn, 3))


MAKERS: dict[str, Callable[[], Any]] = {
    "sessionmaker": lambda: sessionmaker(create_engine("sqlite://")),
    "scoped_session": lambda: scoped_session(sessionmaker(create_engine("sqlite://"))),
    "async_sessionmaker": lambda: async_sessionmaker(create_async_engine("sqlite+aiosqlite://")),
    "async_scoped_session": lambda: async_scoped_session(async_sessionmaker(create_async_engine("sqlite+aiosqlite://")), lambda: 0),
    "Session": lambda: type("Own", (Session,), {}),
    "AsyncSession": lambda: type("OwnAsync", (AsyncSession,), {}),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_kind_of_sessions_is_preloaded(kind: str, registry: Registry) -> None:
    """Whatever extend takes, preload takes; and it refuses what was not extended, saying how to."""
    sessions = MAKERS[kind]()
    with pytest.raises(ConfigurationError, match="extend"):
        preload(sessions)
    publish(registry, churn)
    extend(sessions, [churn], registry=registry)
    assert preload(sessions)["churn"].version == 1
    unload(sessions)
