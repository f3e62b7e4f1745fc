"""Predictions of objects of a session, and of rows that stand for them: what is not extended, not loaded, gone or not given."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session, make_transient_to_detached, sessionmaker

from prisml import Engine, Feature, define_model, expression, load, resolver
from prisml.commands.train import train
from prisml.extraction.stream import extract
from prisml.orm import attach, extend, preload
from prisml.registry import Artifact
from tests.artifacts import AGE, make_artifact
from tests.errors.cases_registry import started
from tests.errors.gallery import NUMBER, SECRET, case
from tests.errors.world import ROW, World
from tests.support.customers import Account, Customer

DECADE = resolver(lambda c: c.age // 10, type=int, uses=[Customer.age])
SOON = expression(Customer.age + 0)


def define(name: str, feature: Any, **given: Any) -> Any:
    """A definition of one feature, ``x``."""
    features = {"x": feature}
    return define_model(
        Customer,
        **{"output": f"{name}_p", "label": Customer.churned, "features": features, "name": name, "algorithm": "decision_tree", **given},
    )


@cache
def served(world: World, name: str, feature: Any) -> tuple[Any, Any]:
    """The definition, and sessions that predict by it; it is trained once."""
    definition = define(name, feature)
    train(definition, database=world.customers, registry=world.registry)
    return definition, extend(own_sessions(world), [definition], registry=world.registry)


def own_sessions(world: World) -> Any:
    """Sessions on the customers that nobody else extends."""
    return sessionmaker(world.customers, class_=type("Own", (Session,), {}))


def numbers() -> Engine:
    """An engine that reads numbers alone."""
    return Engine.from_artifact(make_artifact("numbers", inputs=(AGE,)))


@case("configuration", "extend was given what is no definition", "int")
def _(world: World) -> object:
    return extend(own_sessions(world), [3])


@case("definition", "extend was given an output that _ml has itself", "Customer.errors", "_ml")
def _(world: World) -> object:
    return extend(own_sessions(world), [define("taken", Customer.age, output="errors")])


@case("definition", "extend was given a namespace that the class has", "'age'")
def _(world: World) -> object:
    return extend(own_sessions(world), [define("named", Customer.spent)], namespace="age")


@case("configuration", "sessions are extended twice")
def _(world: World) -> object:
    sessions = extend(own_sessions(world), [define("first", Customer.age)])
    return extend(sessions, [define("second", Customer.age)])


@case("configuration", "preload of sessions that are not extended")
def _(world: World) -> object:
    return preload(own_sessions(world))


@case("configuration", "a prediction of an object that no session serves", "Account")
def _(world: World) -> object:
    return define("orphan", Customer.age).of(Account())


@case("feature_extraction", "an object was expired, and is in no session", "decade", "'age'")
def _(world: World) -> object:
    definition, sessions = served(world, "decade", DECADE)
    with sessions() as session:
        found = session.scalars(select(Customer).limit(1)).one()
        session.expire(found)
    return definition.of(found).value


@case("feature_extraction", "SQL computes a feature, and the object is not stored", "sooner", "'x'")
def _(world: World) -> object:
    definition, sessions = served(world, "sooner", SOON)
    with sessions() as session:
        return attach(session, [Customer(number=NUMBER)], definition)


@case("feature_extraction", "SQL computes a feature, and the object's row is gone", "'x'", "row 0")
def _(world: World) -> object:
    definition, sessions = served(world, "sooner", SOON)
    ghost = Customer(number=7_000_001)
    make_transient_to_detached(ghost)
    with sessions() as session:
        session.add(ghost)
        return definition.load(registry=world.registry).predict_many([ghost])


@case("encoding", "a row beside an object does not give what SQL computes", "'x'", "row 1")
def _(world: World) -> object:
    definition, sessions = served(world, "sooner", SOON)
    with sessions() as session:
        found = session.scalars(select(Customer).limit(1)).one()
        return definition.load(registry=world.registry).predict_many([found, {"age": 3}])


@case("encoding", "a row does not give what a resolver uses", "'x'", "row 1")
def _(world: World) -> object:
    definition, _ = served(world, "decade", DECADE)
    return definition.load(registry=world.registry).predict_many([{"age": 30}, {"country": SECRET}])


@case("encoding", "a row that a resolver is to read is a text", "'x'", "row 0")
def _(world: World) -> object:
    definition, _ = served(world, "decade", DECADE)
    return definition.load(registry=world.registry).predict_many([SECRET])


@case("configuration", "on_drift is misspelt", "on_drift")
def _(world: World) -> object:
    definition, _ = served(world, "decade", DECADE)
    return definition.load(registry=world.registry, on_drift="ignore")


@case("definition", "a resolver writes to its row", "'x'", "'age'")
def _(world: World) -> object:
    return extract(define("writes", resolver(lambda c: setattr(c, "age", 3), type=int, uses=[Customer.age])), world.customers)


@case("definition", "a resolver writes to a related row", "'x'", "'segment'")
def _(world: World) -> object:
    return extract(define("writes", related_by(lambda c: setattr(c.account, "segment", SECRET))), with_accounts(world))


@case("definition", "a resolver reads what a related row does not have", "'x'", "'segmnt'")
def _(world: World) -> object:
    return extract(define("misreads", related_by(lambda c: c.account.segmnt)), with_accounts(world))


def related_by(fn: Any) -> Any:
    """A resolver that reads the account."""
    return resolver(fn, type=str, uses=[Customer.account])


def with_accounts(world: World) -> Any:
    """The customers, each with an account."""
    with world.customers.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET account_id = 1")
    return world.customers


@case("encoding", "as_of is moved out of the calendar", "90 days")
def _(world: World) -> object:
    label = expression(lambda as_of: Customer.joined_at < as_of - dt.timedelta(days=90))
    return extract(define("early", constant(), label=label, as_of=dt.date(1, 1, 2)), world.customers)


def constant() -> Any:
    """A feature that does not change with time."""
    return Feature(Customer.number, stable=True)


@case("configuration", "as_of is given, and each row has its own", "own", "'joined_at'")
def _(world: World) -> object:
    made = make_artifact("own")
    manifest = made.manifest.model_copy(update={"as_of_column": "joined_at"})
    return Engine.from_artifact(Artifact(manifest.to_json(), made.onnx)).predict(ROW, as_of=dt.date(2024, 1, 1))


@case("encoding", "an array is masked", "numbers")
def _(world: World) -> object:
    return numbers().predict_many(np.ma.masked_equal([[1.0], [2.0]], 2.0))


@case("encoding", "an array has a column too many", "numbers")
def _(world: World) -> object:
    return numbers().predict_many(np.zeros((3, 2)))


@case("encoding", "a column is given where a table is expected", "churn")
def _(world: World) -> object:
    return world.engine.predict_many(pa.array([1, 2]))


@case("encoding", "keys is an array without a dimension", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], keys=np.array(3))


@case("encoding", "a table's key is of a type that is none", "churn")
def _(world: World) -> object:
    return experimenting(world).predict_many(pa.table({"age": [1], "country": ["US"], "id": [[NUMBER]]}))


@case("encoding", "a row's key is of a type that is none", "row 1")
def _(world: World) -> object:
    found = experimenting(world).predict_many([ROW, ROW], keys=[1, 1.5], on_error="null")
    return found.errors[1]


def experimenting(world: World) -> Engine:
    """An engine that divides rows by their keys."""
    return load("churn", registry=started(world))
