"""Engines that have the definition: resolvers run, and code that drifted is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import prisml
from prisml import Feature, ModelDefinition, define_model, length, resolver
from prisml.errors import EncodingError, FeatureExtractionError, SchemaDriftError
from prisml.extraction.fingerprint import columns_fingerprint, resolver_fingerprint
from prisml.manifest import Fingerprints, Input
from prisml.registry import Artifact, Registry
from prisml.serving import Engine
from tests.artifacts import AGE, MAIL_DOMAIN, expected, make_artifact


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    email: Mapped[str]
    name: Mapped[str]
    churned: Mapped[bool]


INPUTS: tuple[Input, ...] = (AGE, MAIL_DOMAIN)
ROW = {"age": 41, "email": "ann@a.org"}
GIVEN = {"age": 41, "mail_domain": "a.org"}


def domain(row: Customer) -> str:
    """A resolver: what stands behind the @."""
    return row.email.partition("@")[2]


def define(fn: Callable[..., str] = domain, **features: Any) -> ModelDefinition[Customer]:
    """A definition with that resolver, and other or more features."""
    mail = resolver(fn, type=str, uses=[Customer.email])
    return define_model(
        Customer, output="churn", label=Customer.churned, name="churn", features={"age": Customer.age, "mail_domain": mail} | features
    )


def artifact_of(definition: ModelDefinition[Customer], bias: float = 0.0) -> Artifact:
    """An artifact as if ``definition`` had been trained."""
    resolvers = {feature: resolver_fingerprint(made) for feature, made in definition.resolvers.items()}
    prints = Fingerprints(columns=columns_fingerprint(definition), resolvers=resolvers)
    return make_artifact(inputs=INPUTS, bias=bias, fingerprints=prints, output=definition.output)


DEFINITION = define()
ENGINE = Engine.from_artifact(artifact_of(DEFINITION), definition=DEFINITION)


def test_resolvers_run_on_every_row():
    """With its definition an engine computes resolver features, for mappings and objects, one row or many, alike."""
    wanted = expected(GIVEN, INPUTS)
    rows = [ROW, SimpleNamespace(**ROW), Customer(**ROW)]
    assert [ENGINE.predict(row).value for row in rows] == pytest.approx([wanted] * 3, abs=1e-6)
    assert ENGINE.predict_many(rows).values == pytest.approx([wanted] * 3, abs=1e-6)
    assert ENGINE.predict_many([]).values.shape == (0,)
    assert ENGINE.health().notes == ()


def test_a_batch_has_each_rows_own_value():
    """What a resolver computed for a row reaches that row, and no other."""
    rows = [{"age": age, "email": f"x@{'a' if age % 3 else 'b'}.org"} for age in range(50)]
    given = [{"age": age, "mail_domain": f"{'a' if age % 3 else 'b'}.org"} for age in range(50)]
    batch = ENGINE.predict_many(rows)
    assert batch.values == pytest.approx([expected(row, INPUTS) for row in given], abs=1e-6)
    assert batch.unseen == {"mail_domain": 17}


def test_a_resolver_comes_before_what_the_row_says():
    """A row that has what the resolver uses is resolved; one that lacks it may give the feature by name."""
    assert ENGINE.predict({**ROW, "mail_domain": "wrong"}) == ENGINE.predict(ROW) == ENGINE.predict(GIVEN)
    assert ENGINE.predict_many([GIVEN, ROW]).values.tolist() == [ENGINE.predict(ROW).value] * 2
    with pytest.raises(EncodingError, match="'email'"):
        ENGINE.predict({"age": 41})


def test_a_resolver_that_raises_names_feature_and_row():
    """A resolver that raises is a ``FeatureExtractionError`` with feature, row and the error's type, and nothing is returned."""
    rows = [ROW, {"age": 1, "email": None}]
    with pytest.raises(FeatureExtractionError, match=r"'mail_domain' raised AttributeError for row 1"):
        ENGINE.predict_many(rows)


def test_a_row_whose_resolver_raises_can_be_left_without_a_prediction():
    """With ``on_error="null"`` a failing resolver leaves its own row without a prediction, named by its own index."""
    rows = [ROW, {"age": 1, "email": None}, ROW, {"age": "x", "email": "a@a.org"}, {"age": 1}]
    batch = ENGINE.predict_many(rows, on_error="null")
    assert {row: type(error) for row, error in batch.errors.items()} == {1: FeatureExtractionError, 3: EncodingError, 4: EncodingError}
    for row, error in batch.errors.items():
        assert f"row {row}" in str(error)
    assert np.isnan(batch.values).tolist() == [False, True, False, True, True]
    assert batch.values[[0, 2]] == pytest.approx([expected(GIVEN, INPUTS)] * 2, abs=1e-6)


def test_a_resolver_is_given_the_moment():
    """A resolver of two arguments is given ``as_of`` as an aware datetime, the same for all rows of a batch."""
    seen: list[datetime] = []

    def dated(row: Customer, as_of: datetime) -> str:
        collect(as_of)
        return "a.org" if as_of.year > 2000 else "b.org"

    definition = define_dated(dated)
    engine = Engine.from_artifact(artifact_of(definition), definition=definition)
    MOMENTS.clear()
    early = engine.predict(ROW, as_of=datetime(1999, 1, 1))
    late = engine.predict_many([ROW, ROW], as_of=datetime(2001, 1, 1))
    seen.extend(MOMENTS)
    assert seen == [datetime(1999, 1, 1, tzinfo=UTC)] + [datetime(2001, 1, 1, tzinfo=UTC)] * 2
    assert early.value == pytest.approx(expected({**GIVEN, "mail_domain": "b.org"}, INPUTS), abs=1e-6)
    assert late.values == pytest.approx([expected(GIVEN, INPUTS)] * 2, abs=1e-6)
    assert engine.predict(ROW).value == late.values[0], "now is after 2000"


MOMENTS: list[datetime] = []


def collect(moment: datetime) -> None:
    """Called by a resolver, whose own code may hold no list."""
    MOMENTS.append(moment)


def define_dated(fn: Callable[..., str]) -> ModelDefinition[Customer]:
    """A definition whose resolver has a version in place of a fingerprint."""
    mail = resolver(fn, type=str, uses=[Customer.email], version="1")
    return define_model(Customer, output="churn", label=Customer.churned, name="churn", features={"age": Customer.age, "mail_domain": mail})


def test_a_definition_loads_its_own_model(tmp_path: Path):
    """``definition.load()`` serves the active version of its name, or the one asked for, with resolvers."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    registry = Registry(url)
    registry.publish(artifact_of(DEFINITION))
    registry.publish(artifact_of(DEFINITION, bias=1.0))
    assert DEFINITION.load(registry=url).predict(ROW).version == 2
    assert DEFINITION.load(registry=registry, version=1).predict(ROW).value == pytest.approx(expected(GIVEN, INPUTS), abs=1e-6)
    assert prisml.load("churn", registry=url).health().notes != ()


def other_domain(row: Customer) -> str:
    """Another resolver of the same feature."""
    return row.email.rpartition("@")[2]


@pytest.mark.parametrize(
    ("changed", "message", "features"),
    [
        (define(other_domain), "The code of 'mail_domain' is not what it was trained with", ("mail_domain",)),
        (define(age=length(Customer.name)), "What 'age' reads is not what it was trained on", ("age",)),
        (define(size=length(Customer.name)), "What 'size' reads is not what it was trained on", ("size",)),
        (
            define_model(
                Customer,
                output="churn",
                label=Customer.churned,
                name="churn",
                features={"mail_domain": resolver(domain, type=str, uses=[Customer.email]), "age": Customer.age},
            ),
            "The order of the features is not that it was trained on",
            (),
        ),
    ],
    ids=["code", "source", "more", "order"],
)
def test_code_that_drifted_is_refused(tmp_path: Path, changed: ModelDefinition[Customer], message: str, features: tuple[str, ...]):
    """A definition whose columns or resolvers are not those of the version is a ``SchemaDriftError`` that names the feature."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    Registry(url).publish(artifact_of(DEFINITION))
    with pytest.raises(SchemaDriftError, match=message) as caught:
        changed.load(registry=url)
    assert caught.value.context["features"] == features


class Visitor(Base):
    __tablename__ = "visitor"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    email: Mapped[str]
    churned: Mapped[bool]
    spent: Mapped[float]
    mood: Mapped[int]


def define_other(entity: Any = Customer, **options: Any) -> ModelDefinition[Any]:
    """A definition with the same features, and another field."""
    mail = resolver(domain, type=str, uses=[entity.email])
    given = {"output": "churn", "label": entity.churned, **options}
    return define_model(entity, name="churn", features={"age": entity.age, "mail_domain": mail}, **given)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (define_other(Visitor), "entity"),
        (define_other(output="leaves"), "output"),
        (define_other(positive=False), "positive class"),
        (define_other(Visitor, label=Visitor.spent), "entity and another task"),
        (
            define_other(Visitor, label=Visitor.mood, task="binary", positive=2, output="cheer"),
            "entity and another output and another positive",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_field_is_refused(changed: ModelDefinition[Any], what: str):
    """A definition that predicts something else from the same features is a ``SchemaDriftError`` that says what differs."""
    with pytest.raises(SchemaDriftError, match=f"It was trained with another {what}"):
        Engine.from_artifact(artifact_of(DEFINITION), definition=changed)
    assert Engine.from_artifact(artifact_of(DEFINITION), definition=define_other()).predict(ROW) == ENGINE.predict(ROW)


def test_what_training_alone_decides_is_no_drift():
    """Other ``missing``, ``min_frequency`` or gates in the definition do not keep a version from being served."""
    changed = define(age=Feature(Customer.age, missing="median"))
    assert Engine.from_artifact(artifact_of(DEFINITION), definition=changed).predict(ROW) == ENGINE.predict(ROW)


def test_resolvers_see_mappings_of_any_kind():
    """A row that is a mapping but no dict is resolved too."""

    class Lookup(Mapping[str, object]):
        def __getitem__(self, key: str) -> object:
            return ROW[key]

        def __iter__(self) -> Any:
            return iter(ROW)

        def __len__(self) -> int:
            return len(ROW)

    assert ENGINE.predict(Lookup()) == ENGINE.predict(ROW)
