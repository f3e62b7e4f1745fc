"""What a gate compares with: the version that serves, on rows of today, encoded by its own inputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Float, String, func

from prisml import Feature, Gate, TimeSplit, days_since, define_model, expression, log1p, related, resolver
from prisml.commands.train import train
from prisml.extraction import stream
from prisml.extraction.stream import extract
from prisml.manifest import Input, Source
from prisml.registry import Registry
from prisml.serving.engine import Engine
from prisml.training.active import Active, predicted_by, read_active
from prisml.training.fit import fit
from prisml.training.latency import p99_ms, rows_of
from prisml.training.overlap import overlap_with
from prisml.training.parts import divide
from tests.support.columnar import Still
from tests.support.customers import Account, Customer, create, customer
from tests.support.database import opened
from tests.support.training import extracted, visits

START = datetime(2024, 1, 1)


def domain(row):
    """The host of an address."""
    return row.email.partition("@")[2] or None


COMPUTED = {
    "initial": expression(func.substr(Customer.email, 1, 1, type_=String())),
    "doubled": log1p(expression(func.abs(Customer.spent * 2, type_=Float()))),
    "domain": resolver(domain, type=str, uses=[Customer.email]),
}
ALL = {
    "age": Customer.age,
    "plan": Customer.plan,
    "segment": Feature(Customer.account_id, categorical=True, min_frequency=12),
    "account": related(Customer.account, Account.segment),
    "tenure": days_since(Customer.joined_at),
    **COMPUTED,
}


def define(features, **options):
    """A small model of whether customers leave."""
    given = {"label": Customer.churned, "name": "risk", **options}
    algorithm = "ridge" if "label" in options else "decision_tree"
    return define_model(Customer, output="risk", features=features, algorithm=algorithm, **given)


def customers():
    """300 customers, of whom some have no age, plan or account."""
    plans = ("FREE", "PAID", None)
    return [
        customer(
            number,
            age=None if number % 9 == 0 else 20 + number % 50,
            email=f"{'abc'[number % 3]}{number}@{'xyz'[number % 3]}.org",
            spent=number / 7,
            plan=plans[number % 3],
            joined_at=START + timedelta(days=number),
            account_id=None if number % 5 == 0 else 1 + number % 4,
            churned=number % 7 == 0,
        )
        for number in range(300)
    ]


def accounts():
    """The accounts of customers."""
    return [{"id": number, "segment": f"s{number}", "balance": None, "secret": None} for number in range(1, 6)]


@pytest.fixture
def engine(sqlite_url, monkeypatch):
    """The customers in a database, seen at one moment whenever they are extracted."""
    monkeypatch.setattr(stream, "datetime", Still)
    with opened(sqlite_url) as found:
        create(found, customers(), accounts())
        yield found


def test_rows_are_encoded_as_the_active_version_would_have_them(engine):
    """To the bit what its own training had, though the new definition reads other columns, in another order."""
    was = define(ALL)
    trained = extract(was, engine)
    data = divide(was, trained)
    now = define({**COMPUTED, "spent": Customer.spent}, gates=[Gate("accuracy", not_worse_than="active")])
    found = extract(now, engine, beside=data.inputs)
    matrix, refused = found.beside.encode(data.test.rows)
    assert refused == {}
    assert matrix.tobytes() == data.test.matrix.tobytes()
    alone = extract(now, engine)
    assert found.matrix.tobytes() == alone.matrix.tobytes()


def test_what_the_active_version_would_refuse_is_counted(engine):
    """A missing value, and a category that it has not seen, by feature; of the rows asked for alone."""
    known = Input(name="age", kind="number", origin="column", dtype="int", sources=define(ALL).inputs[0].sources, missing="error")
    plan = define(ALL).inputs[1].model_copy(update={"categories": ("PAID",), "missing_code": 1, "other_code": None})
    found = extract(define({"spent": Customer.spent}), engine, beside=(known, plan)).beside
    rows = np.arange(300)
    matrix, refused = found.encode(rows)
    assert refused == {"age": 34, "plan": 100}
    assert found.encode(rows[rows % 9 == 1])[1] == {}
    assert found.encode(rows[rows % 9 == 3])[1] == {"plan": np.count_nonzero(rows % 9 == 3)}
    assert set(matrix[rows % 3 == 1, 1]) == {0.0}


def test_values_that_do_not_fit_make_it_incomparable_and_stop_nothing(engine):
    """The extraction goes on, and the gate is told which feature it was."""
    now = define({"spent": Customer.spent})
    (spent,) = now.inputs
    odd = spent.model_copy(update={"name": "email", "sources": (Source(path=("email",), dtype="float"),)})
    found = extract(now, engine, beside=(odd,))
    assert found.beside.problem == "feature 'email' has a value that does not fit it"
    rival = predicted_by(Active(4, fit(now, found).artifact), found.beside, divide(now, found))
    assert (rival.holdout, rival.problem) == (None, found.beside.problem)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A registry in which a version that reads everything serves."""
    folder = tmp_path_factory.mktemp("active")
    with opened(f"sqlite:///{folder / 'data.db'}") as database:
        create(database, customers(), accounts())
        made = Registry(f"sqlite:///{folder / 'registry.db'}")
        made.publish(fit(define(ALL), extract(define(ALL), database)).artifact)
    return made


def without(name):
    """All features but one."""
    return {each: feature for each, feature in ALL.items() if each != name}


@pytest.mark.parametrize(
    ("features", "options", "problem"),
    [
        (ALL, {}, None),
        (COMPUTED, {}, None),
        (without("domain"), {}, "its feature 'domain' is computed by a resolver that the definition does not have"),
        (
            {**ALL, "domain": resolver(lambda c: c.email, type=str, uses=[Customer.email])},
            {},
            "the resolver of its feature 'domain' is another now",
        ),
        (without("initial"), {}, "its feature 'initial' is computed by SQL that the definition does not have"),
        ({**ALL, "initial": expression(func.lower(Customer.email, type_=String()))}, {}, "the SQL of its feature 'initial' is another now"),
        (without("doubled"), {}, "its feature 'doubled' is computed by SQL that the definition does not have"),
        (COMPUTED, {"label": Customer.spent}, "it is a binary model, and the definition's task is regression"),
        (
            {"age": Feature(Customer.age, stable=True)},
            {"as_of": Customer.joined_at},
            "its rows were seen all at one moment, and now each at its own 'joined_at'",
        ),
    ],
)
def test_why_the_active_version_cannot_be_compared_with(registry, features, options, problem):
    """Before anything is extracted: its SQL and code have to be the definition's, its task and moment, but not its features."""
    now = define(features, gates=[Gate("mae" if "label" in options else "accuracy", not_worse_than="active")], **options)
    active = read_active(now, registry, registry.active("risk"))
    assert (active.number, active.problem) == (1, problem)
    assert len(active.inputs) == (len(ALL) if problem is None else 0)
    assert read_active(define(ALL), registry, registry.active("risk")) is None


def test_other_classes_cannot_be_compared(engine):
    """What one of them calls the second class is another thing to the other."""
    now = define({"age": Customer.age})
    found = extract(now, engine, beside=now.inputs)
    data = replace(divide(now, found), classes=("no", "yes"))
    rival = predicted_by(Active(2, fit(now, found).artifact), found.beside, data)
    assert rival.problem == "it has 2 classes, and now there are 2, of which it has 0"


@pytest.mark.parametrize("algorithm", ["decision_tree", "logistic_regression"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_rows_that_are_timed_are_those_of_the_holdout(task, algorithm):
    """As mappings they are encoded to the matrix that they were made of, and are predicted."""
    algorithm = "ridge" if (task, algorithm) == ("regression", "logistic_regression") else algorithm
    artifact = fit(visits(task, algorithm), extracted(task)).artifact
    data = divide(visits(task, algorithm), extracted(task))
    rows = rows_of(artifact.manifest.inputs, data.test.matrix)
    assert Engine.from_artifact(artifact).encode(rows).tobytes() == data.test.matrix.tobytes()
    assert 0 < p99_ms(artifact.manifest, artifact.onnx, data.test.matrix[:5]) < 1_000


def overlap(now, was, engine):
    """What is said of the hold-out of one definition beside the version that the other makes."""
    found = extract(now, engine)
    mine, theirs = fit(now, found).artifact.manifest, fit(was, extract(was, engine)).artifact.manifest
    return overlap_with(theirs, extracted=found, data=divide(now, found), split=mine.split, holdout=mine.holdout)


def by_time(**options):
    """A model whose newest rows are held out."""
    return define({"age": Customer.age}, split=TimeSplit(Customer.joined_at, **options))


def test_by_time_the_overlap_is_counted(engine):
    """By the moments of the rows, whether the cut is named or follows from a share."""
    day = (START + timedelta(days=200)).replace(tzinfo=UTC)
    newer, older = by_time(test_from=day), by_time(test_size=0.5)
    assert overlap(newer, older, engine) == "None of the 100 rows trained it: all are newer than what did."
    assert overlap(older, newer, engine) == "50 of the 150 rows are of the time that it was trained on, which favours it."


def test_the_same_rows_held_out_trained_nothing(engine):
    """Of the same division by chance, whatever the features; of another one nothing can be told but how many it may be."""
    one, other = define({"age": Customer.age}), define({"spent": Customer.spent})
    assert overlap(one, other, engine) == "None of the 60 rows trained it: the same rows were held out."
    told = "Which rows trained it cannot be told; up to 60 of the 60 may have, which favours it."
    assert overlap(one, define({"age": Customer.age}, seed=1), engine) == told
    assert overlap(one, by_time(test_size=0.5), engine) == told


def test_a_digest_of_the_holdout_tells_its_rows_apart(engine):
    """It is the same for the same rows in any order, and another where one differs or is seen at another moment."""
    keys = extract(define({"age": Customer.age}), engine).keys
    rows = np.array([3, 5, 8])
    assert keys.digest(rows) == keys.digest(rows[::-1])
    assert len({keys.digest(rows), keys.digest(rows[:2]), keys.digest(rows + 1), keys.digest(rows, np.arange(300))}) == 4


def test_what_was_activated_meanwhile_stays(engine, tmp_path):
    """Where another version is activated while a model is judged beside the one before, the model is published and does not serve."""
    place = Registry(f"sqlite:///{tmp_path}/registry.db")
    first = train(define({"age": Customer.age}), database=engine, registry=place).version
    second = train(define({"plan": Customer.plan}), database=engine, registry=place, activate=False).version
    beside = define({"age": Customer.age}, params={"max_depth": 1}, gates=[Gate("accuracy", not_worse_than="active")])

    def meanwhile(step, done, total):
        if step == "fit":
            place.activate("risk", second.number)

    done = train(beside, database=engine, registry=place, progress=meanwhile)
    assert (first.number, done.version.number, done.serving.number) == (1, 3, 2)
    assert done.held == "another version serves by now than the one that its gates compared with"
    assert train(define({"age": Customer.age, "spent": Customer.spent}), database=engine, registry=place).held is None
