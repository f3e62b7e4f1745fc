"""What the rows of a database, and the code that reads them, can hold that nothing can be learned or served from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from onnx import helper, numpy_helper
from sqlalchemy import Float, Integer, literal, literal_column, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import RandomSplit, Registry, TimeSplit, define_model, expression, resolver
from prisml.commands.train import train
from prisml.extraction.fingerprint import fingerprints_of
from prisml.extraction.stream import extract
from prisml.orm import extend
from prisml.serving.foreign import register
from tests.errors.cases_orm import DECADE, define, own_sessions, served
from tests.errors.cases_serving import Guest
from tests.errors.gallery import case
from tests.errors.world import World
from tests.support.customers import Customer
from tests.support.foreign import SPENT, by_hand
from tests.support.foreign import model as foreign


class Domain:
    """A resolver that is an object, whose code is not that of a function."""

    def __call__(self, row: Any) -> str:
        return str(row.email)


@case("feature_extraction", "the label is infinite")
def _(world: World) -> object:
    endless = expression(literal_column("9e999", Float) + Customer.age)
    return extract(define("endless", Customer.number, label=endless, algorithm="ridge"), world.customers)


@case("feature_extraction", "the column of the time split is NULL")
def _(world: World) -> object:
    return extract(define("timeless", Customer.age, split=TimeSplit(Customer.seen_at)), world.customers)


@case("definition", "a resolver's code cannot be read", "Domain")
def _(world: World) -> object:
    return fingerprints_of(define("unread", resolver(Domain(), type=str, uses=[Customer.email])))


@case("definition", "an expression holds a constant of an odd type", "object")
def _(world: World) -> object:
    return fingerprints_of(define("odd", expression(Customer.age + literal(object(), Integer))))


@case("encoding", "what a resolver uses of a row cannot be read", "'x'", "row 0", "'age'")
def _(world: World) -> object:
    definition, _ = served(world, "decade", DECADE)
    return definition.load(registry=world.registry).predict_many([Guest()])


@case("encoding", "a row is seen at its own moment, which is missing", "row 1", "'joined_at'")
def _(world: World) -> object:
    with world.customers.begin() as connection:
        connection.execute(update(Customer).values(joined_at=dt.datetime(2020, 1, 1)))
    seen = resolver(lambda c, as_of: c.number % 7, type=int, uses=[Customer.number], stable=True)
    dated = define("dated", seen, as_of=Customer.joined_at, split=RandomSplit(0.2))
    train(dated, database=world.customers, registry=world.registry)
    rows = [{"number": 1, "joined_at": dt.datetime(2020, 1, 1)}, {"number": 2, "joined_at": None}]
    return dated.load(registry=world.registry).predict_many(rows)


@case("configuration", "an object is in no session, and two registries serve its class", "Customer.both_p")
def _(world: World) -> object:
    both = define("both", Customer.age)
    kept = [extend(own_sessions(world), [both], registry=Registry(f"sqlite:///{world.folder}/{name}.db")) for name in ("one", "two")]
    assert len(kept) == 2
    return both.of(Customer())


@case("parity", "a graph of somebody else's works across the rows of a batch", "spent", "row 0")
def _(world: World) -> object:
    weights = numpy_helper.from_array(np.ones((2, 1), dtype=np.float32), "weights")
    nodes = [helper.make_node("MatMul", ["features", "weights"], ["sum"]), helper.make_node("Softmax", ["sum"], ["value"], axis=0)]
    pairs: list[Any] = [({"age": 1, "income": 1.0}, 0.26894142), ({"age": 2, "income": 1.0}, 0.73105858)]
    return register(world.registry, foreign(**SPENT), by_hand(nodes, [weights], task="regression"), pairs)


@case("configuration", "an option of a URL that the driver does not take", "'sqlite'")
def _(world: World) -> object:
    return Registry("sqlite:///x.db?timeout=long")


class Loose(DeclarativeBase):
    """A base of its own: one of its classes cannot be configured."""


@case("definition", "the entity's relationship leads to a class that is nowhere", "Lost.p", "InvalidRequestError")
def _(world: World) -> object:
    class Lost(Loose):
        __tablename__ = "lost"
        id: Mapped[int] = mapped_column(primary_key=True)
        gone: Mapped[bool]
        others = relationship("Nowhere")

    try:
        return define_model(Lost, output="p", label=Lost.gone, features={"x": Lost.id})
    finally:
        Loose.registry.dispose()
