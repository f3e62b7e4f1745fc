"""The FastAPI example with what the load needs to tell: an endpoint without prediction, and which worker answered."""

from __future__ import annotations

import os

from fastapi import HTTPException
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.fastapi.app import Id, app
from examples.fastapi.database import DatabaseSession
from examples.fastapi.models import TODAY, Customer
from examples.fastapi.schemas import Profile

_WORKER = (b"x-worker", str(os.getpid()).encode())


class Plain(BaseModel):
    """A customer without a prediction."""

    id: int
    profile: Profile


@app.get("/plain/{key}")
async def plain(key: Id, session: DatabaseSession) -> Plain:
    """The same customer by the same statement, but for the option."""
    found = await session.get(Customer, (key, TODAY))
    if found is None:
        raise HTTPException(404)
    return Plain(id=found.id, profile=Profile.model_validate(found))


class NamesItsWorker:
    """Adds the process's number to each answer."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _WORKER]
            await send(message)

        await self._inner(scope, receive, named)


served = NamesItsWorker(app)
