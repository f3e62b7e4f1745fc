"""The shop of ``tests.support.predicted`` in every way of having it: sessions, drivers, databases, mappings."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlmodel
import sqlmodel.ext.asyncio.session as sqlmodel_asyncio
from sqlalchemy import NullPool, ScalarResult, create_engine, event, make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from prisml.orm import attach, extend
from prisml.registry import Registry
from tests.support import predicted, sqlmodels
from tests.support.predicted import create, wanted

COUNT = 40


@dataclass(frozen=True)
class Way:
    """A way of having the shop: the mapping, the class of sessions, and the driver of its database."""

    models: ModuleType
    session: type[Session | AsyncSession]
    driver: str

    @property
    def is_async(self) -> bool:
        return issubclass(self.session, AsyncSession)

    @property
    def server(self) -> str | None:
        """The fixture with the database's server."""
        return {"postgresql": "postgresql_server", "mysql": "mariadb_server"}.get(self.driver.partition("+")[0])


WAYS = {
    "session-sqlite": Way(predicted, Session, "sqlite+pysqlite"),
    "session-psycopg": Way(predicted, Session, "postgresql+psycopg"),
    "session-pymysql": Way(predicted, Session, "mysql+pymysql"),
    "async-aiosqlite": Way(predicted, AsyncSession, "sqlite+aiosqlite"),
    "async-psycopg": Way(predicted, AsyncSession, "postgresql+psycopg"),
    "async-asyncpg": Way(predicted, AsyncSession, "postgresql+asyncpg"),
    "async-aiomysql": Way(predicted, AsyncSession, "mysql+aiomysql"),
    "sqlmodel-sqlite": Way(sqlmodels, sqlmodel.Session, "sqlite+pysqlite"),
    "sqlmodel-psycopg": Way(sqlmodels, sqlmodel.Session, "postgresql+psycopg"),
    "sqlmodel-aiosqlite": Way(sqlmodels, sqlmodel_asyncio.AsyncSession, "sqlite+aiosqlite"),
    "sqlmodel-asyncpg": Way(sqlmodels, sqlmodel_asyncio.AsyncSession, "postgresql+asyncpg"),
}


@dataclass
class Shop:
    """Sessions over the same customers, in one of the ways of having them."""

    maker: Any
    models: ModuleType
    engine: Any
    is_async: bool

    def run(self, behaviour: Callable[[Client], Awaitable[None]]) -> None:
        """Run ``behaviour`` in a session of its own, without what it changed being kept."""
        asyncio.run(self._run(behaviour))

    async def _run(self, behaviour: Callable[[Client], Awaitable[None]]) -> None:
        session = self.maker()
        client = Client(session, self.models)
        try:
            await behaviour(client)
        finally:
            event.remove(client.sync.get_bind(), "before_cursor_execute", client.note)
            await _awaited(session.close())
            await _awaited(self.engine.dispose())


class Client:
    """A session whose methods are awaited, whether it is async or not."""

    def __init__(self, session: Any, models: ModuleType) -> None:
        self.session = session
        self.models = models
        self.sync = getattr(session, "sync_session", session)
        self.sent = 0
        event.listen(self.sync.get_bind(), "before_cursor_execute", self.note)

    def note(self, *event_arguments: object) -> None:
        self.sent += 1

    async def __call__(self, method: str, *arguments: object, **options: object) -> Any:
        if method in ("execute", "scalars") and hasattr(self.session, "exec"):
            # SQLModel has one word for both, and warns of the other two.
            found = await _awaited(self.session.exec(*arguments, **options))
            return found.scalars() if method == "scalars" and not isinstance(found, ScalarResult) else found
        return await _awaited(getattr(self.session, method)(*arguments, **options))

    async def customers(self, *options: Any) -> list[Any]:
        """All customers in order, loaded with these options."""
        own_select: Any = sqlmodel.select if self.models is sqlmodels else select
        found = await self("scalars", own_select(self.models.Customer).order_by(self.models.Customer.id).options(*options))
        return list(found.all())

    async def attach(self, *arguments: Any, **options: Any) -> None:
        await _awaited(attach(self.session, *arguments, **options))

    def is_right(self, customers: Sequence[Any], *names: str) -> None:
        """Each model has predicted each customer as its weights have it."""
        assert customers
        for definition in [getattr(self.models, name) for name in names or ("churn", "loyal", "abroad")]:
            values = [definition.of(customer).value for customer in customers]
            assert values == pytest.approx([wanted(definition, customer.id) for customer in customers], abs=1e-6)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


@contextmanager
def opened(way: Way, registry: Registry, request: pytest.FixtureRequest, folder: Path) -> Iterator[Shop]:
    """A shop with forty customers, whose sessions are extended with the three models of its module."""
    server = request.getfixturevalue(way.server).database() if way.server else None
    url = make_url(next(server) if server else f"sqlite:///{folder / 'shop.db'}")
    filled = create_engine(url, poolclass=NullPool)
    create(filled, sqlmodel.SQLModel.metadata if way.models is sqlmodels else predicted.Base.metadata, COUNT)
    filled.dispose()
    address = url.set(drivername=way.driver)
    engine: Any = create_async_engine(address, poolclass=NullPool) if way.is_async else create_engine(address, poolclass=NullPool)
    maker: Any = (async_sessionmaker if way.is_async else sessionmaker)(engine, class_=way.session)
    definitions = [way.models.churn, way.models.loyal, way.models.abroad]
    yield Shop(extend(maker, definitions, registry=registry), way.models, engine, way.is_async)
    if server:
        server.close()
