"""How many statements and how many predictions an access costs: constant for each chunk, never one for each object."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from prisml import ModelDefinition
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.support.database import statements
from tests.support.predicted import Base, Customer, Order, abroad, churn, create, loyal, predict_calls, publish

COUNTS = (1, 100, 10_000)
PARTITION = 1000
SELECTIN = 500
MODELS = {"columns": churn, "resolver": loyal, "related": abroad}


@dataclass
class Shop:
    """A file of customers and the engine that reads it."""

    count: int
    engine: Engine
    registry: Registry
    sent: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)

    @contextmanager
    def counted(self) -> Iterator[None]:
        with statements(self.engine) as self.sent, predict_calls() as self.calls:
            yield

    def sync(self, read: Callable[[Session, ModelDefinition[Customer]], list[Customer]], definition: ModelDefinition[Customer]) -> None:
        maker = extend(sessionmaker(self.engine), [definition], registry=self.registry)
        with maker() as session, self.counted():
            customers = read(session, definition)
            assert len({id(each) for each in customers}) == self.count
            assert all(0 < definition.of(each).value < 1 for each in customers)

    def asynchronous(self, definition: ModelDefinition[Customer], *, stream: bool) -> None:
        async def run() -> None:
            engine = create_async_engine(f"sqlite+aiosqlite:///{self.engine.url.database}", poolclass=NullPool)
            maker = extend(async_sessionmaker(engine), [definition], registry=self.registry)
            statement = select(Customer).options(with_ml())
            async with maker() as session:
                with statements(engine.sync_engine) as self.sent, predict_calls() as self.calls:
                    if stream:
                        rows = await session.stream_scalars(statement, execution_options={"yield_per": PARTITION})
                        customers = [each async for each in rows]
                    else:
                        customers = list((await session.scalars(statement)).all())
                    assert len(customers) == self.count
                    assert all(0 < definition.of(each).value < 1 for each in customers)
            await engine.dispose()

        asyncio.run(run())


def _eager(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    return list(session.scalars(select(Customer).options(with_ml())).all())


def _joined(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    # What the model reads of a related row, the statement may bring itself.
    return list(session.scalars(select(Customer).options(joinedload(Customer.account), with_ml())).all())


def _lazy(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    return list(session.scalars(select(Customer)).all())


def _streamed(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    return list(session.scalars(select(Customer).options(with_ml()), execution_options={"yield_per": PARTITION}))


def _relationship(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    orders = session.scalars(select(Order).options(selectinload(Order.customer), with_ml())).all()
    return list({id(order.customer): order.customer for order in orders}.values())


def _attached(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    customers = list(session.scalars(select(Customer)).all())
    attach(session, customers)
    return customers


def _query(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    return session.query(Customer).options(with_ml()).all()


def _committed(session: Session, definition: ModelDefinition[Customer]) -> list[Customer]:
    customers = _eager(session, definition)
    session.commit()
    return customers


WAYS: dict[str, Any] = {
    "eager": _eager,
    "eager, joined": _joined,
    "lazy": _lazy,
    "streamed": _streamed,
    "relationship": _relationship,
    "attach": _attached,
    "query": _query,
    "after commit": _committed,
}


def _most_statements(way: str, kind: str, count: int) -> int:
    """The first statement, and one for each chunk of what it did not bring."""
    chunks, partitions = math.ceil(count / SELECTIN), math.ceil(count / PARTITION)
    lacking = chunks if kind == "related" and way != "eager, joined" else 0
    if way == "after commit":
        return 1 + lacking + chunks
    if "stream" in way:
        return 1 + (lacking and partitions * math.ceil(min(count, PARTITION) / SELECTIN))
    return 1 + lacking + (chunks if way == "relationship" else 0)


def _calls(way: str, count: int) -> int:
    if "stream" in way:
        return math.ceil(count / PARTITION)
    return 2 if way == "after commit" else 1


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shop]]:
    """Shops of 1, 100 and 10,000 customers."""
    folder: Path = tmp_path_factory.mktemp("counts")
    registry = Registry(f"sqlite:///{folder / 'registry.db'}")
    for definition in MODELS.values():
        publish(registry, definition)
    made = [Shop(count, create_engine(f"sqlite:///{folder / f'{count}.db'}"), registry) for count in COUNTS]
    for shop in made:
        create(shop.engine, Base.metadata, shop.count)
    yield made
    for shop in made:
        shop.engine.dispose()


@pytest.mark.parametrize("kind", MODELS)
def test_statements_and_predictions_are_constant_by_chunk(shops: list[Shop], kind: str, capsys: pytest.CaptureFixture[str]):
    """At every way of access the statements are the first one and one for each chunk, and the predictions one for each batch."""
    lines = [f"{'features':10}{'access':18}" + "".join(f"{count:>16,}" for count in COUNTS)]
    for way in (*WAYS, "async", "async, streamed"):
        cells = []
        for shop in shops:
            if way.startswith("async"):
                shop.asynchronous(MODELS[kind], stream=way.endswith("streamed"))
            else:
                shop.sync(WAYS[way], MODELS[kind])
            assert len(shop.sent) <= _most_statements(way, kind, shop.count), (way, shop.count, len(shop.sent))
            assert len(shop.calls) == _calls(way, shop.count), (way, shop.count, shop.calls)
            assert sum(shop.calls) == shop.count * (2 if way == "after commit" else 1)
            cells.append(f"{len(shop.sent):>8} /{len(shop.calls):>4}  ")
        lines.append(f"{kind:10}{way:18}" + "".join(f"{cell:>16}" for cell in cells))
    with capsys.disabled():
        print("\nstatements / calls of predict_many, by customers", *lines, sep="\n")  # noqa: T201 -- The table is what is shown.
