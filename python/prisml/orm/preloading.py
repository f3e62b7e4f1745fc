"""``preload`` and ``unload``: the engines of extended sessions, opened before the first prediction and closed after the last."""

from __future__ import annotations

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from prisml.errors import ConfigurationError
from prisml.orm import aio
from prisml.orm.extension import Extension
from prisml.orm.find import extension_of_class
from prisml.serving.engine import Engine


def preload(sessions: object) -> dict[str, Engine]:
    """The engines that ``sessions`` predict with, by the models' names, opened now where they are not open yet.

    ``sessions`` is what ``extend`` was given. It reads the registry and may block: in asyncio,
    ``await asyncio.to_thread(preload, Session)``. Raises what ``load`` raises; what could not be opened is tried again at the next
    call, or when a prediction needs it.
    """
    return _extension(sessions).preload()


def unload(sessions: object) -> None:
    """Close the engines of ``sessions``. They are opened again at the next ``preload``, or when a prediction needs them."""
    _extension(sessions).unload()


def _extension(sessions: object) -> Extension:
    session_class = _session_class(sessions)
    extension = None if session_class is None else extension_of_class(session_class)
    if extension is None:
        raise ConfigurationError("The sessions are not extended.", {}, ["extend(sessionmaker, [definition, ...]) comes first."])
    return extension


def _session_class(sessions: object) -> type[Session] | None:
    """The class of the sync sessions that do the work."""
    if isinstance(sessions, scoped_session):
        return _session_class(sessions.session_factory)
    if isinstance(sessions, sessionmaker):
        return sessions.class_
    if isinstance(sessions, type) and issubclass(sessions, Session):
        return sessions
    return _async_session_class(sessions) if aio.is_used() else None


def _async_session_class(sessions: object) -> type[Session] | None:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

    if isinstance(sessions, async_scoped_session):
        return _session_class(sessions.session_factory)
    if isinstance(sessions, async_sessionmaker):
        return _session_class(sessions.kw.get("sync_session_class") or sessions.class_)
    if isinstance(sessions, type) and issubclass(sessions, AsyncSession):
        return _session_class(sessions.sync_session_class)
    return None
