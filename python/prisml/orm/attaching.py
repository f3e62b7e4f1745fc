"""``attach``: predictions for objects that are loaded already."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, cast, overload

from sqlalchemy import inspect
from sqlalchemy.orm import Session, scoped_session

from prisml.errors import ConfigurationError, described
from prisml.orm import aio
from prisml.orm.find import extension_for
from prisml.orm.options import Model, OnError, checked_on_error

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

Sync = Session | scoped_session[Any]
Async: TypeAlias = "AsyncSession | async_scoped_session[Any]"


@overload
def attach(session: Async, objects: object, *models: Model, on_error: OnError | None = None) -> Coroutine[Any, Any, None]: ...
@overload
def attach(session: Sync, objects: object, *models: Model, on_error: OnError | None = None) -> None: ...
def attach(session: Sync | Async, objects: object, *models: Model, on_error: OnError | None = None) -> Coroutine[Any, Any, None] | None:
    """Predict objects that are loaded already, in one batch, and attach the predictions; of an async session, ``await`` it.

    ``objects`` is one object or an iterable of them. What they lack for it is loaded, in one statement for each 500 of them. What was
    attached before is replaced. ``session.get`` gives an object that the session holds without a statement, so that its option is
    not seen: ``attach`` is the way there. ``models`` and ``on_error`` as in ``with_ml``.
    """
    checked_on_error(on_error)
    rows = [objects] if inspect(objects, raiseerr=False) is not None or not isinstance(objects, Iterable) else list(objects)
    if aio.is_used():
        from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session

        if isinstance(session, async_scoped_session):
            return _attach_async(session(), rows, models, on_error)
        if isinstance(session, AsyncSession):
            return _attach_async(session, rows, models, on_error)
    _attach(session() if isinstance(session, scoped_session) else cast("Session", session), rows, models, on_error)
    return None


async def _attach_async(session: AsyncSession, rows: list[object], models: tuple[Model, ...], on_error: OnError | None) -> None:
    await session.run_sync(_attach, rows, models, on_error)


def _attach(session: object, rows: list[object], models: tuple[Model, ...], on_error: OnError | None) -> None:
    if not isinstance(session, Session):
        way_out = "Give the session first, then the objects: attach(session, customers)."
        raise ConfigurationError(f"attach was given {described(session)} as its session.", {}, [way_out])
    extension = extension_for(session)
    if extension is None:
        raise ConfigurationError("The session is not extended.", {}, ["extend(sessionmaker, [definition, ...]) comes first."])
    extension.attach(session, rows, models, on_error)
