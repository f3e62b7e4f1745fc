# pyright: strict
"""Predictions as attributes, as the strictest type checkers must accept them, and the types that they must infer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, scoped_session, sessionmaker
from sqlmodel import Field, SQLModel

from prisml import ModelDefinition, Prediction, define_model
from prisml.orm import Fields, Predicted, attach, extend, with_ml


class Base(DeclarativeBase):
    pass


class DataBase(MappedAsDataclass, DeclarativeBase):
    pass


class Buyer(Predicted, Base):
    __tablename__ = "buyers"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    gone: Mapped[bool]


class Guest(Predicted, DataBase):
    __tablename__ = "guests"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    gone: Mapped[bool] = mapped_column(default=False)


class Visitor(Predicted, SQLModel, table=True):
    id: int = Field(primary_key=True)
    age: int
    gone: bool = False


class Reader(Base):
    __tablename__ = "readers"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    gone: Mapped[bool]

    if TYPE_CHECKING:

        @property
        def ml(self) -> Fields: ...


buyer_leaves = define_model(Buyer, output="leaving", label=Buyer.gone, features={"age": Buyer.age})
guest_leaves = define_model(Guest, output="leaving", label=Guest.gone, features={"age": Guest.age})
reader_leaves = define_model(Reader, output="leaving", label=Reader.gone, features={"age": Reader.age})


def of_is_typed(buyer: Buyer, guest: Guest) -> None:
    assert_type(buyer_leaves, ModelDefinition[Buyer])
    assert_type(buyer_leaves.of(buyer), Prediction)
    assert_type(guest_leaves.of(guest).version, int | None)
    assert_type(guest_leaves.of(Guest(id=1, age=2)).variant, str | None)
    value: float = buyer_leaves.of(buyer).value
    assert value >= 0


def the_namespace_is_typed(buyer: Buyer, guest: Guest, visitor: Visitor, reader: Reader) -> None:
    # The underscore is what pyright's strict mode objects to: a namespace without one is for those who use it.
    assert_type(buyer._ml, Fields)  # pyright: ignore[reportPrivateUsage]
    assert_type(guest._ml["leaving"], Prediction)  # pyright: ignore[reportPrivateUsage]
    assert_type(visitor._ml.leaving, Any)  # pyright: ignore[reportPrivateUsage]
    assert_type(reader.ml, Fields)
    assert_type(reader.ml["leaving"], Prediction)


def what_is_extended_keeps_its_type() -> None:
    assert_type(extend(sessionmaker(), [buyer_leaves, guest_leaves]), sessionmaker[Session])
    assert_type(extend(async_sessionmaker(), [buyer_leaves]), async_sessionmaker[AsyncSession])
    assert_type(extend(scoped_session(sessionmaker()), [reader_leaves], namespace="ml"), scoped_session[Session])
    assert_type(extend(Session, [buyer_leaves]), type[Session])


def the_option_keeps_the_statements_type(session: Session) -> None:
    found = session.scalars(select(Buyer).options(with_ml(buyer_leaves, on_error="null"))).all()
    assert_type(found[0], Buyer)
    assert_type(session.get(Buyer, 1, options=[with_ml("leaving")]), Buyer | None)


async def attach_is_awaited_where_the_session_is(
    session: Session,
    scoped: scoped_session[Session],
    async_session: AsyncSession,
    async_scoped: async_scoped_session[AsyncSession],
    buyers: list[Buyer],
) -> None:
    attach(session, buyers)
    attach(scoped, buyers[0], "leaving")
    await attach(async_session, buyers)
    await attach(async_scoped, buyers, buyer_leaves, on_error="null")
