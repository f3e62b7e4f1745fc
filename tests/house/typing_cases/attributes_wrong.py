# pyright: strict
"""Mistakes with predictions as attributes that a type checker must find. Read, never imported."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from prisml.orm import attach, with_ml
from tests.house.typing_cases.attributes import Buyer, Guest, Reader, buyer_leaves


def another_class_is_refused(guest: Guest) -> None:
    buyer_leaves.of(guest)  # wrong: Guest


def fields_stand_where_they_are_declared(reader: Reader, buyer: Buyer) -> None:
    reader.mll  # wrong: mll  # noqa: B018
    buyer.ml  # wrong: ml  # noqa: B018


def only_two_words_say_what_a_failing_row_does() -> None:
    with_ml(on_error="ignore")  # wrong


async def an_async_session_is_awaited(session: Session, async_session: AsyncSession, buyers: list[Buyer]) -> None:
    attach(async_session, buyers)  # wrong
    await attach(session, buyers)  # wrong
    attach(async_session.bind, buyers)  # wrong
