"""The engine that predicts: opened before the first request, closed after the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI

from examples.fastapi.database import Session
from examples.fastapi.database import engine as database
from examples.fastapi.ml import churn
from prisml import Engine, PrisMLError
from prisml.orm import preload, unload

log = logging.getLogger("uvicorn.error")


async def _engine() -> Engine:
    """The engine that the sessions predict with. It is opened once; where that failed, each request tries again."""
    engines = await asyncio.to_thread(preload, Session)
    return engines[churn.name]


ChurnEngine = Annotated[Engine, Depends(_engine)]
"""In an endpoint's signature: the engine of ``churn``."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the model before the first request. A worker that cannot starts all the same, and ``/health`` says why it serves nothing."""
    try:
        await _engine()
    except PrisMLError as error:
        log.warning("No model is served yet. %s", error)
    yield
    unload(Session)
    await database.dispose()
