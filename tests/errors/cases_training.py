"""What training answers no to, and what it cannot do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sqlalchemy import func, update

from prisml import Feature, Gate, GroupSplit, Precision, TimeSplit, define_model, expression, is_missing, resolver
from prisml.commands.train import train
from prisml.extraction.stream import extract
from prisml.registry import Registry
from prisml.training.export.graph import Body, assemble
from prisml.training.fit import fit
from tests.errors.gallery import SECRET, case
from tests.errors.world import World
from tests.support.customers import Customer
from tests.support.foreign import golden, logistic
from tests.support.foreign import model as foreign
from tests.support.shop import Customer as Shopper
from tests.support.shop import Order
from tests.support.training import extracted, visits


def churn(**given: Any) -> Any:
    """A definition over the customers' database that is right but for what is given."""
    return define_model(
        Customer,
        **{
            "output": "churns",
            "label": Customer.churned,
            "features": {"age": Customer.age},
            "name": "churn",
            "algorithm": "logistic_regression",
            **given,
        },
    )


def trained(world: World, **given: Any) -> Any:
    """The training of that definition."""
    registry = Registry(f"sqlite:///{world.folder}/trained.db")
    done = train(churn(**given), database=world.customers, registry=registry)
    return done.refusal() or done


def rule(row: Any) -> str:
    """A resolver that works for some rows alone."""
    if row.age > 60:
        raise ValueError(SECRET)
    return "young"


@case("quality_gate", "a model is not as good as its gates ask", "churn")
def _(world: World) -> object:
    return trained(world, gates=[Gate("roc_auc", min=0.99), Gate("accuracy", min=0.1)])


@case("leakage", "a feature is the label under another name", "churn", "years")
def _(world: World) -> object:
    return trained(world, label=Customer.age > 40, features={"years": expression(Customer.age + 0), "spent": is_missing(Customer.email)})


@case("leakage", "an expression counts rows of all times, and as_of is in the past", "Customer.p", "'order_count'")
def _(world: World) -> object:
    import datetime as dt

    from sqlalchemy import select

    counted = select(func.count(Order.id)).where(Order.customer_id == Shopper.id).scalar_subquery()
    return define_model(
        Shopper,
        output="p",
        label=Shopper.churned,
        name="churn",
        as_of=dt.date(2024, 1, 1),
        features={"order_count": expression(counted)},
    )


@case("no_data", "no row is left by where=", "Customer.churns")
def _(world: World) -> object:
    return extract(churn(where=Customer.age > 1000), world.customers)


@case("no_data", "all rows have one class", "churn")
def _(world: World) -> object:
    return trained(world, where=Customer.churned)


@case("no_data", "a class is too rare", "churn")
def _(world: World) -> object:
    return trained(world, label=Customer.number <= 6)


@case("no_data", "a feature is never known", "churn", "spent")
def _(world: World) -> object:
    return trained(world, features={"age": Customer.age, "spent": Customer.spent})


@case("no_data", "no row has the positive class", "churn")
def _(world: World) -> object:
    return trained(world, label=Customer.number % 2, task="binary", positive=7)


@case("no_data", "no group is left to hold out", "churn")
def _(world: World) -> object:
    return trained(world, split=GroupSplit(Customer.account_id))


@case("no_data", "the hold-out begins after the last row", "churn")
def _(world: World) -> object:
    import datetime as dt

    with world.customers.begin() as connection:
        connection.execute(update(Customer).values(joined_at=dt.datetime(2020, 1, 1)))
    return trained(world, split=TimeSplit(Customer.joined_at, test_from=dt.date(2021, 1, 1)))


@case("no_data", "a fold of the cross-validation lacks a class", "churn")
def _(world: World) -> object:
    return trained(world, label=Customer.number <= 20, cv=20)


@case("no_data", "no threshold is as precise as was asked", "churn")
def _(world: World) -> object:
    return trained(world, threshold=Precision(0.999))


@case("no_data", "the label's time is not over", "Customer.churns")
def _(world: World) -> object:
    import datetime as dt

    def ahead(as_of: Any) -> Any:
        return (Customer.joined_at >= as_of) & (Customer.joined_at < as_of + dt.timedelta(days=36_500))

    return trained(world, label=expression(ahead), as_of=dt.date(2024, 1, 1), features={"age": Feature(Customer.age, stable=True)})


@case("definition", "a binary label has more than two values", "churn")
def _(world: World) -> object:
    return trained(world, label=Customer.number % 3, task="binary", positive=1)


@case("definition", "an estimator that cannot be exported exactly", "churn")
def _(world: World) -> object:
    return trained(world, algorithm=KNeighborsClassifier())


@case("definition", "a parameter that the algorithm does not have", "churn")
def _(world: World) -> object:
    return trained(world, algorithm="random_forest", params={"n_estimator": 10})


@case("definition", "a parameter that cannot be exported exactly", "churn")
def _(world: World) -> object:
    return trained(world, algorithm="logistic_regression", params={"random_state": 3})


@case("definition", "a parameter of a value that the algorithm refuses", "churn")
def _(world: World) -> object:
    return trained(world, algorithm="random_forest", params={"max_depth": "deep"})


@case("definition", "an estimator with a random generator of its own", "churn")
def _(world: World) -> object:
    return trained(world, algorithm=RandomForestClassifier(random_state=np.random.RandomState(3)))


@case("definition", "a resolver reads what is not in its uses", "'domain'", "emial")
def _(world: World) -> object:
    return trained(world, features={"domain": resolver(lambda c: c.emial, type=str, uses=[Customer.email])})


@case("feature_extraction", "a resolver fails for a row", "'rule'")
def _(world: World) -> object:
    return extract(churn(features={"rule": resolver(rule, type=str, uses=[Customer.age])}), world.customers)


@case("encoding", "a resolver gives another type than it says", "Customer.churns", "'rule'")
def _(world: World) -> object:
    return trained(world, features={"rule": resolver(lambda c: [SECRET], type=str, uses=[Customer.age])})


@case("feature_extraction", "the label gives another type than it says")
def _(world: World) -> object:
    return trained(world, label=resolver(lambda c: SECRET, type=bool, uses=[Customer.age]), features={"age": Customer.number})


@case("feature_extraction", "a column of the definition is not in the database")
def _(world: World) -> object:
    with world.customers.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE customers RENAME COLUMN age TO years")
    try:
        return extract(churn(), world.customers)
    finally:
        with world.customers.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE customers RENAME COLUMN years TO age")


@case("training", "class_weight names a label that no row has", "visits")
def _(world: World) -> object:
    return fit(visits(class_weight={True: 2, "maybe": 1}), extracted())


@case("training", "too many categories to split on as sets", "visits", "'zip'")
def _(world: World) -> object:
    many = extracted(rows=2_000)
    random = np.random.default_rng(0)
    matrix = many.matrix.copy()
    matrix[:, 3] = random.integers(0, 400, len(matrix))
    from dataclasses import replace

    wide = replace(many, matrix=matrix, categories=(*many.categories[:3], tuple(range(400)), None))
    return fit(visits("binary", "hist_gradient_boosting", encoding="native"), wide)


@case("unseen_category", "a category is in the hold-out alone", "visits", "'country'")
def _(world: World) -> object:
    rows = extracted()
    features = {"country": Feature(visits().features["country"].column, unseen="error")}
    from dataclasses import replace

    matrix = np.zeros((len(rows.matrix), 1), dtype=np.float32)
    matrix[::40, 0] = np.arange(len(matrix[::40]))
    lone = replace(rows, matrix=matrix, categories=(tuple(f"{SECRET}{number}" for number in range(40)),))
    return fit(visits(features=features), lone)


@case("parity", "a graph of somebody else's does not give what is expected", "left")
def _(world: World) -> object:
    from prisml.serving.foreign import register

    pipeline, graph = logistic()
    pairs = golden(pipeline)
    wrong = [*pairs[:2], (pairs[2][0], pairs[2][1] + 0.01), pairs[3]]
    return register(world.registry, foreign(), graph.SerializeToString(), wrong)


@case("export", "a graph that no runtime would read", "visits")
def _(world: World) -> object:
    # No definition is known that ends so: what export writes is checked all the same.
    body = Body([helper.make_node("NoSuchOperator", ["features"], ["raw"])], [], "raw")
    return assemble(body, None, task="binary", inputs=1, outputs=2, model="visits")


@case("training_environment", "the container engine is not installed")
def _(world: World) -> object:
    return world.prisml("train", "--backend", "docker", PATH=str(world.folder))


@case("training_environment", "an engine on another machine")
def _(world: World) -> object:
    with pytest.MonkeyPatch.context() as patch:
        place = world.folder / "bin"
        place.mkdir(exist_ok=True)
        (place / "docker").write_text("#!/bin/sh\nexit 0\n")
        (place / "docker").chmod(0o755)
        patch.setenv("PATH", f"{place}:/usr/bin:/bin")
        return world.prisml("train", "--backend", "docker", DOCKER_HOST="tcp://10.0.0.1:2375")
