"""The sessions, whose customers have their predictions, and the dependency that gives a session to an endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from examples.fastapi.ml import churn
from examples.fastapi.settings import async_database_url
from prisml.orm import extend

engine = create_async_engine(async_database_url())
Session = extend(async_sessionmaker(engine), [churn])


async def _session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


DatabaseSession = Annotated[AsyncSession, Depends(_session)]
"""In an endpoint's signature: a session that ends with the request."""
