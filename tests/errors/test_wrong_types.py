"""Wrong types for every argument of the public functions: an error that speaks of the argument, and never of what is inside."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

import prisml
from prisml import (
    Cost,
    Feature,
    Gate,
    GroupSplit,
    Precision,
    RandomSplit,
    Recall,
    Registry,
    TimeSplit,
    days_since,
    define_model,
    difference,
    expression,
    hour_of,
    hours_since,
    is_missing,
    length,
    log1p,
    month_of,
    ratio,
    related,
    resolver,
    weekday_of,
)
from prisml.errors import PrisMLError
from prisml.orm import attach, extend, with_ml
from tests.artifacts import make_artifact
from tests.support.shop import Account, Customer

ROW = {"age": 40, "country": "DE"}


class Odd:
    """An object that shows what it holds."""

    def __repr__(self) -> str:
        return "S3CRET"


WRONG: tuple[Any, ...] = (
    None,
    3,
    2.5,
    float("nan"),
    10**400,
    True,
    b"S3CRET",
    [],
    [b"S3CRET"],
    {},
    Odd(),
    lambda: 1,
    int,
    Customer,
    Customer.age,
    Customer.orders,
    Customer.age > 3,
    date(2020, 1, 1),
    timedelta(1),
    np.array([b"S3CRET"]),
    pd.DataFrame({"a": [1]}),
    pd.NaT,
    iter([1]),
    {1, 2},
    "a\0b",
)


@dataclass(frozen=True)
class Call:
    """A call that is right, each of whose arguments is to be replaced by a wrong one."""

    name: str
    function: Callable[..., object]
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def wrong(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """The calls with one wrong argument, and which that is."""
        for value in WRONG:
            for name in self.named:
                yield f"{name}={type(value).__name__}", lambda v=value, n=name: self.function(*self.positional, **{**self.named, n: v})
            for place in range(len(self.positional)):
                given = (*self.positional[:place], value, *self.positional[place + 1 :])
                yield f"[{place}]={type(value).__name__}", lambda g=given: self.function(*g, **self.named)


def define(**given: Any) -> object:
    """A definition that is right but for what is given."""
    return define_model(Customer, **{"output": "p", "label": Customer.churned, "features": {"age": Customer.age}, **given})


def feature(make: Callable[..., Any], *positional: Any, **named: Any) -> Call:
    """The call that makes a feature, and the definition that reads it."""
    options = {key: each.default for key, each in inspect.signature(make).parameters.items() if each.default is not inspect.Parameter.empty}
    return Call(make.__name__, lambda *args, **given: define(features={"x": make(*args, **given)}), positional, {**options, **named})


def part(name: str, keyword: str, make: Callable[..., Any], *positional: Any, **named: Any) -> Call:
    """The call that makes a part of a definition, and the definition that reads it."""
    return Call(name, lambda *args, **given: define(**{keyword: make(*args, **given)}), positional, named)


DEFINITIONS = {k: each.default for k, each in inspect.signature(define_model).parameters.items() if k not in {"entity", "as_of", "params"}}
CALLS = [
    Call(
        "define_model",
        define_model,
        (Customer,),
        {**DEFINITIONS, "output": "p", "label": Customer.churned, "features": {"age": Customer.age}, "as_of": None, "params": None},
    ),
    feature(Feature, Customer.age),
    feature(related, Customer.account, Account.segment),
    feature(resolver, lambda row: row.email, type=str, uses=[Customer.email]),
    feature(expression, Customer.age + 1),
    *(feature(make, Customer.born) for make in (days_since, weekday_of, month_of)),
    *(feature(make, Customer.joined_at) for make in (hours_since, hour_of)),
    *(feature(make, Customer.age) for make in (log1p, is_missing)),
    feature(length, Customer.email),
    *(feature(make, Customer.age, Customer.low) for make in (ratio, difference)),
    part("Gate", "gates", lambda *a, **k: [Gate(*a, **k)], "accuracy", min=0.5, confidence=0.95, slice=Customer.city, min_rows=10),
    part("Gate", "gates", lambda *a, **k: [Gate(*a, **k)], "accuracy", better_than="baseline", by=0.1),
    part("Gate", "gates", lambda *a, **k: [Gate(*a, **k)], "accuracy", not_worse_than="active", by=0.1),
    part("TimeSplit", "split", TimeSplit, Customer.born, test_from=date(2020, 1, 1)),
    part("TimeSplit", "split", TimeSplit, Customer.born, test_size=0.2),
    part("GroupSplit", "split", GroupSplit, Customer.city, test_size=0.2),
    part("RandomSplit", "split", RandomSplit, 0.3),
    part("Cost", "threshold", Cost, fp=1, fn=5),
    part("Precision", "threshold", Precision, 0.9),
    part("Recall", "threshold", Recall, 0.9),
]


def calls_of_a_registry(folder: Path) -> list[Call]:
    """The methods of a registry with two versions of two models, and what serves from it."""
    registry = Registry(f"sqlite:///{folder}/registry.db")
    for name in ("churn", "other"):
        for bias in (0.0, 1.0):
            registry.publish(make_artifact(name, bias=bias), author="ada")
    by, flags = {"author": "ada", "why": "a test"}, {"activate": True, "force": False}
    engine = prisml.load("churn", registry=registry, version=1)
    definition = define_model(Customer, output="p", label=Customer.churned, features={"age": Customer.age}, name="churn")
    own = extend(sessionmaker(class_=type("Own", (Session,), {})), [definition], registry=registry)
    place = registry.export(folder / "bundle", name="churn", which=1).place
    methods: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "versions": (("churn",), {"deleted": False}),
        "version": (("churn", 1), {}),
        "active": (("churn",), {}),
        "artifact": (("churn", 1), {"with_report": True}),
        "deployment": (("churn",), {"as_of": None}),
        "history": (("churn",), {"as_of": None}),
        "held": (("churn",), {}),
        "publish": ((make_artifact("churn", bias=1.0),), {**by, **flags, "label": "l", "note": "n", "commit": "c", "expected": "any"}),
        "activate": (("churn", 2), by),
        "rollback": (("churn",), {**by, "to": 2, "expected": 2}),
        "describe": (("churn", 1), {"label": "v1", "note": "n"}),
        "delete": (("other", 1), {"author": "ada"}),
        "prune": (("churn",), {"keep": 50, "dry_run": True, "author": "ada"}),
        "compare": (("churn", 1, 2), {}),
        "export": ((place,), {"name": "churn", "which": 1}),
        "import_": ((place,), {**by, "name": "churn", "activate": False}),
    }
    experiments: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "start": (("churn", {2: 0.9, 1: 0.1}), {**by, "name": "warmer", "salt": "s", "forced": {}}),
        "ramp": (("churn", {2: 0.8, 1: 0.2}), by),
        "status": (("churn",), {}),
        "stop": (("churn",), by),
        "promote": (("churn",), {**by, "version": 1}),
    }
    return [
        Call("Registry", lambda where: Registry(where).names(), (registry.place,)),
        *(Call(f"Registry.{name}", getattr(registry, name), *given) for name, given in methods.items()),
        *(Call(f"experiments.{name}", getattr(registry.experiments, name), *given) for name, given in experiments.items()),
        Call("load", lambda *a, **k: prisml.load(*a, **k).close(), ("churn",), {"registry": registry, "version": 1, "refresh": None}),
        Call("definition.load", definition.load, (), {"registry": registry, "version": 1, "refresh": None, "on_drift": "warn"}),
        Call("predict", engine.predict, (ROW,), {"key": None, "as_of": None, "threshold": None}),
        Call("predict a value", lambda age, country: engine.predict({"age": age, "country": country}), (3, "DE")),
        Call(
            "predict_many",
            engine.predict_many,
            ([ROW],),
            {"keys": None, "as_of": None, "on_error": "raise", "threads": 1, "timeout": None, "threshold": None},
        ),
        Call("encode", engine.encode, ([ROW],), {"as_of": None}),
        Call("predict_encoded", engine.predict_encoded, (engine.encode([ROW]),), {"threads": 1, "timeout": None, "threshold": None}),
        Call("assign", engine.assign, ("k",)),
        Call("assign_many", engine.assign_many, (["k"],)),
        Call(
            "extend",
            extend,
            (sessionmaker(class_=type("Other", (Session,), {})), [definition]),
            {"registry": registry, "namespace": "_ml", "on_error": "raise"},
        ),
        Call("with_ml", with_ml, (), {"on_error": None}),
        Call("attach", attach, (own(), []), {"on_error": None}),
        Call("definition.of", definition.of, (Customer(id=1, age=3),)),
    ]


def fault(error: Exception) -> str | None:
    """What is wrong with an error; None where it is one that a user can make something of."""
    if not isinstance(error, PrisMLError):
        return f"{type(error).__name__}: {error}"
    if "S3CRET" in f"{error} {error!r} {dict(error.context)}":
        return f"shows a value: {error}"
    try:
        copied = copy.deepcopy(error), pickle.loads(pickle.dumps(error))  # noqa: S301 -- It was written on this line.
    except Exception as other:  # noqa: BLE001 -- Whatever it is, it is the fault.
        return f"does not travel: {other!r}"
    return None if all(each.message == error.message for each in copied) else "travels as another"


def faults(call: Call) -> list[str]:
    """Each wrong argument that ends in something else than an answer or an error of the tree."""
    found = []
    for what, attempt in call.wrong():
        try:
            attempt()
        except Exception as error:  # noqa: BLE001 -- Which ones come is what is tested.
            if problem := fault(error):
                found.append(f"{call.name} {what}: {problem}")
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_wrong_type_in_a_definition_is_refused_by_name(call: Call):
    """Every argument of what definitions are made of, with values of two dozen types: no error is somebody else's."""
    assert faults(call) == []


@pytest.mark.filterwarnings("ignore")
def test_a_wrong_type_of_what_serves_and_stores_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The methods of Registry, Engine and the ORM; and whatever they were given, the registry can be read afterwards."""
    monkeypatch.chdir(tmp_path)
    assert [problem for call in calls_of_a_registry(tmp_path) for problem in faults(call)] == []
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    assert registry.verify().problems == ()
    assert len(registry.history("churn")) > 1
