"""What is different in an async session: who it is, and how something that blocks is waited for."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.util import await_only

V = TypeVar("V")


def is_used() -> bool:
    """Whether anybody has imported SQLAlchemy's asyncio: who has not has no async session.

    Only then it is imported here, too: since SQLAlchemy 2.1 it needs greenlet, which an application without it does not have.
    """
    return "sqlalchemy.ext.asyncio" in sys.modules


def is_async(session: Session) -> bool:
    """Whether the session works for an ``AsyncSession``."""
    if not is_used():
        return False
    from sqlalchemy.ext.asyncio import async_session

    return async_session(session) is not None


def in_thread(run: Callable[[], V]) -> V:
    """What ``run`` gives, called in a thread so that the event loop goes on. Only inside of SQLAlchemy's greenlet."""
    found: V = await_only(asyncio.to_thread(run))
    return found
