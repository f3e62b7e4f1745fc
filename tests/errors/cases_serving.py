"""Rows that do not fit, graphs that cannot be served, code that is not that of the version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker

import prisml
from prisml import Engine, define_model, expression, resolver
from prisml.manifest import read_manifest
from prisml.orm import attach, extend, with_ml
from prisml.registry import Artifact
from prisml.serving.foreign import register
from tests.artifacts import AGE, COUNTRY, MAIL_DOMAIN, make_artifact
from tests.errors.gallery import NUMBER, SECRET, case
from tests.errors.world import ROW, World
from tests.support.customers import Customer
from tests.support.foreign import SPENT, summing
from tests.support.foreign import model as foreign


class Guest:
    """A row whose attribute cannot be read."""

    country = "US"

    @property
    def age(self) -> int:
        raise RuntimeError(SECRET)


def row(**values: Any) -> dict[str, Any]:
    """A good row, but for these values."""
    return {**ROW, **values}


def predicted(world: World, **values: Any) -> object:
    """The prediction for two rows, the second of which is wrong."""
    return world.engine.predict_many([ROW, row(**values)])


def strict() -> Engine:
    """An engine whose country and age refuse what they do not know."""
    country = replace_input(COUNTRY, missing="error", missing_code=None, other_code=None)
    return Engine.from_artifact(make_artifact("churn", inputs=(replace_input(AGE, missing="error"), country)))


def replace_input(given: Any, **changes: Any) -> Any:
    """The input with other rules."""
    return given.model_copy(update=changes)


@case("encoding", "a row lacks a key", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return world.engine.predict_many([ROW, {"country": SECRET}])


@case("encoding", "a lone row lacks a key", "churn", "'age'")
def _(world: World) -> object:
    return world.engine.predict({"country": SECRET})


@case("encoding", "a text where a number is expected", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return predicted(world, age=SECRET)


@case("encoding", "a number where a text is expected", "churn", "'country'", "row 1")
def _(world: World) -> object:
    return predicted(world, country=NUMBER)


@case("encoding", "an integer that float32 cannot hold", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return predicted(world, age=NUMBER)


@case("encoding", "an infinite number", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return predicted(world, age=float("inf"))


@case("encoding", "a fraction where an integer is expected", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return predicted(world, age=1.5)


@case("encoding", "text with half a surrogate pair", "churn", "'country'", "row 1")
def _(world: World) -> object:
    return predicted(world, country=f"{SECRET}\ud800")


@case("encoding", "reading a row raises", "churn", "'age'", "row 1")
def _(world: World) -> object:
    return world.engine.predict_many([ROW, Guest()])


@case("encoding", "a missing value that the feature refuses", "churn", "'age'", "row 0")
def _(world: World) -> object:
    return strict().predict_many([row(age=None)])


@case("unseen_category", "a category that the feature refuses", "churn", "'country'", "row 0")
def _(world: World) -> object:
    return strict().predict_many([row(country=SECRET)])


@case("encoding", "a row is a text", "churn", "row 1")
def _(world: World) -> object:
    return world.engine.predict_many([ROW, SECRET])


@case("encoding", "rows is one row", "churn")
def _(world: World) -> object:
    return world.engine.predict_many(ROW)


@case("encoding", "rows is a text", "churn")
def _(world: World) -> object:
    return world.engine.predict_many(SECRET)


@case("encoding", "a table lacks a column", "churn", "'age'")
def _(world: World) -> object:
    return world.engine.predict_many(pd.DataFrame({"country": [SECRET]}))


@case("encoding", "a table's column has no one type", "churn")
def _(world: World) -> object:
    return world.engine.predict_many(pd.DataFrame({"age": [1, SECRET], "country": ["US", "US"]}))


@case("encoding", "a table's column is of another type", "churn", "'age'", "row 0")
def _(world: World) -> object:
    return world.engine.predict_many(pd.DataFrame({"age": [SECRET], "country": ["US"]}))


@case("encoding", "a plain array, and not all inputs are numbers", "churn", "'country'")
def _(world: World) -> object:
    return world.engine.predict_many(np.zeros((2, 2)))


@case("encoding", "an encoded matrix of float64", "churn")
def _(world: World) -> object:
    return world.engine.predict_encoded(np.zeros((2, 2)))


@case("encoding", "an encoded matrix of too many columns", "churn")
def _(world: World) -> object:
    return world.engine.predict_encoded(np.zeros((2, 3), dtype=np.float32))


@case("encoding", "an encoded matrix with a code that is none", "churn", "'country'")
def _(world: World) -> object:
    return world.engine.predict_encoded(np.array([[1, 77]], dtype=np.float32))


@case("encoding", "fewer keys than rows", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW, ROW], keys=[1])


@case("encoding", "keys is a text", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], keys=SECRET)


@case("encoding", "as_of is a text", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], as_of="2024-01-01")


@case("encoding", "as_of is no moment", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], as_of=pd.NaT)


@case("configuration", "on_error is misspelt", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], on_error="ignore")


@case("configuration", "threads is no number", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], threads="all")


@case("configuration", "the timeout is nothing", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW], timeout=0)


@case("configuration", "the threshold of a call is a percentage", "churn")
def _(world: World) -> object:
    return world.engine.predict(ROW, threshold=50)


@case("configuration", "a threshold for a regression", "price")
def _(world: World) -> object:
    return prisml.load("price", registry=world.registry, version=1).predict(ROW, threshold=0.5)


@case("deadline_exceeded", "the time for a call is over", "churn")
def _(world: World) -> object:
    return world.engine.predict_many([ROW] * 1_000, timeout=1e-9)


@case("limit_exceeded", "a batch has more rows than this process allows", "churn")
def _(world: World) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRISML_BATCH_ROWS", "10")
        return prisml.load("churn", registry=world.registry, version=1).predict_many([ROW] * 11)


@case("limit_exceeded", "a graph is larger than this process allows", "large")
def _(world: World) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRISML_MODEL_BYTES", "5000")
        world.registry.export(
            world.folder / "large", name="large", which=world.registry.publish(make_artifact("large", padding=9_000)).number
        )
        return prisml.load(world.folder / "large")


@case("configuration", "a setting of the environment is no number", "PRISML_BATCH_ROWS")
def _(world: World) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRISML_BATCH_ROWS", "many")
        return prisml.load("churn", registry=world.registry, version=1)


@case("configuration", "load was given a number", "int")
def _(world: World) -> object:
    return prisml.load(3)


@case("configuration", "a folder and a registry", "is a folder")
def _(world: World) -> object:
    return prisml.load(world.folder, registry=world.registry)


@case("configuration", "refresh is negative", "refresh")
def _(world: World) -> object:
    return prisml.load("churn", registry=world.registry, refresh=-1)


@case("artifact", "a folder that is no bundle", "no readable bundle")
def _(world: World) -> object:
    return prisml.load("./nothing-here")


@case("artifact", "a manifest that is not JSON", "JSON object")
def _(world: World) -> object:
    return read_manifest("{")


@case("artifact", "a manifest of a later release", "format 99")
def _(world: World) -> object:
    return read_manifest('{"format": 99}')


@case("artifact", "a manifest with a part missing", "damaged at")
def _(world: World) -> object:
    artifact = make_artifact("churn")
    return read_manifest(artifact.manifest_text.replace('"output"', '"ouput"'))


@case("artifact", "a graph that is not the manifest's", "churn")
def _(world: World) -> object:
    return Engine.from_artifact(Artifact(make_artifact("churn").manifest_text, b"another graph"))


@case("model_load", "a graph that is no ONNX", "spent")
def _(world: World) -> object:
    pairs = [({"age": 1, "income": 1.0}, 2.0), ({"age": 2, "income": 1.0}, 3.0)]
    return register(world.registry, foreign(**SPENT), b"PK no graph at all", pairs)


@case("model_load", "a graph of another width", "spent")
def _(world: World) -> object:
    pairs = [({"age": 1, "income": 1.0}, 2.0), ({"age": 2, "income": 1.0}, 3.0)]
    return register(world.registry, foreign(**SPENT), summing([1, 1, 1]), pairs)


@case("model_load", "a graph of another input's name", "spent")
def _(world: World) -> object:
    pairs = [({"age": 1, "income": 1.0}, 2.0), ({"age": 2, "income": 1.0}, 3.0)]
    return register(world.registry, foreign(**SPENT), summing([1, 1], takes="input"), pairs)


def churn(**given: Any) -> Any:
    """A definition that fits version 4 of churn, but for what is given."""
    features = {"mail_domain": resolver(lambda c: c.email.partition("@")[2], type=str, uses=[Customer.email])}
    return define_model(Customer, **{"output": "churn_value", "label": Customer.churned, "features": features, "name": "mails", **given})


@case("schema_drift", "the definition has other features than the version", "mails")
def _(world: World) -> object:
    world.registry.publish(make_artifact("mails", inputs=(MAIL_DOMAIN,)), author="ada")
    return churn().load(registry=world.registry)


@case("schema_drift", "the definition predicts another output", "churn")
def _(world: World) -> object:
    return churn(name="churn", output="other").load(registry=world.registry)


def sessions(world: World, **given: Any) -> Any:
    """Sessions on the customers that predict churn by age."""
    definition = define_model(
        Customer, output="churns", label=Customer.churned, features={"age": Customer.age}, name="ages", algorithm="decision_tree"
    )
    return definition, extend(
        sessionmaker(world.customers, class_=type("Own", (sessionmaker().class_.__mro__[1],), {})), [definition], **given
    )


@case("configuration", "attach in a session that is not extended", "extended")
def _(world: World) -> object:
    with sessionmaker(world.customers)() as session:
        return attach(session, [])


@case("configuration", "attach without a session", "list")
def _(world: World) -> object:
    return attach([], [])


@case("configuration", "extend was given an engine of SQLAlchemy", "Engine")
def _(world: World) -> object:
    return extend(create_engine("sqlite://"), [churn()])


@case("configuration", "extend was given one definition and no list", "ModelDefinition")
def _(world: World) -> object:
    return extend(sessionmaker(), churn())


@case("definition", "extend was given two definitions of one output", "Customer.churn_value")
def _(world: World) -> object:
    return extend(sessionmaker(), [churn(), churn()])


@case("configuration", "extend was given a namespace that is none", "namespace")
def _(world: World) -> object:
    return extend(sessionmaker(), [churn()], namespace="my ml")


@case("configuration", "with_ml was given a mode that is none", "on_error")
def _(world: World) -> object:
    return with_ml(on_error="skip")


@case("definition", "a prediction of what is no mapped object", "dict")
def _(world: World) -> object:
    return churn().of({})


@case("definition", "with_ml names no model of the session", "'churm'")
def _(world: World) -> object:
    _, make = sessions(world, registry=world.registry)
    with make() as session:
        return session.scalars(select(Customer).limit(1).options(with_ml("churm"))).all()


@case("model_not_found", "with_ml, and the model was never trained", "'ages'")
def _(world: World) -> object:
    _, make = sessions(world, registry=world.registry)
    with make() as session:
        return session.scalars(select(Customer).limit(1).options(with_ml())).all()


@case("encoding", "an expression's value is missing in a row of no session", "'recent'")
def _(world: World) -> object:
    recent = define_model(
        Customer, output="churn_value", label=Customer.churned, name="recent", features={"recent": expression(Customer.age + 0)}
    )
    from prisml.commands.train import train

    train(recent, database=world.customers, registry=world.registry)
    return recent.load(registry=world.registry).predict({"country": "US"})
