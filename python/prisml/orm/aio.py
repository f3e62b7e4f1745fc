"""What is different in an async session: who it is, and how something that blocks is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import async_session
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only

V = TypeVar("V")


def is_async(session: Session) -> bool:
    """Whether the session works for an ``AsyncSession``."""
    return async_session(session) is not None


def in_thread(run: Callable[[], V]) -> V:
    """What ``run`` gives, called in a thread so that the event loop goes on. Only inside of SQLAlchemy's greenlet."""
    found: V = await_only(asyncio.to_thread(run))
    return found
