"""Experiments and new versions, as they are seen at objects: who is answered by which version, and from when on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, Float, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from prisml import define_model
from prisml.errors import EncodingError
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.artifacts import AGE
from tests.support.predicted import Base, Customer, churn, create, publish, wanted
from tests.support.shops import COUNT, WAYS, Client, opened

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH"), str(ROOT / "python"), str(ROOT)) if path)
PATIENCE_S = 20.0
AGAIN = """
import sys
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from prisml.orm import extend, with_ml
from tests.support.predicted import Customer, churn

Session = extend(sessionmaker(create_engine(sys.argv[1])), [churn], registry=sys.argv[2])
with Session() as session:
    for customer in session.scalars(select(Customer).order_by(Customer.id).options(with_ml())):
        print(customer._ml["churn_probability"].variant)
"""


class Measured(DeclarativeBase):
    pass


class Part(Measured):
    __tablename__ = "part"
    maker: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    broken: Mapped[bool] = mapped_column(default=False)


class Reading(Measured):
    __tablename__ = "reading"
    depth: Mapped[float] = mapped_column(Float, primary_key=True)
    age: Mapped[int]
    wrong: Mapped[bool] = mapped_column(default=False)


breaking = define_model(Part, output="breaking", label=Part.broken, features={"age": Part.age}, name="breaking")
doubtful = define_model(Reading, output="doubtful", label=Reading.wrong, features={"age": Reading.age}, name="doubtful")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with two versions of each model, the first of which is active."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    for definition, inputs in ((churn, None), (breaking, (AGE,)), (doubtful, (AGE,))):
        publish(registry, definition, inputs)
        publish(registry, definition, inputs, bias=3.0, activate=False)
    return registry


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A database with forty customers."""
    engine = create_engine(f"sqlite:///{tmp_path / 'customers.db'}")
    create(engine, Base.metadata, COUNT)
    Measured.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("way", ["session-sqlite", "async-aiosqlite", "sqlmodel-sqlite", "sqlmodel-aiosqlite"])
def test_the_variant_is_that_of_the_objects_key(way: str, registry: Registry, request: pytest.FixtureRequest, tmp_path: Path):
    """In every kind of session an object's primary key decides which version answers, by option, touch and ``attach`` alike."""
    for name in ("loyal", "abroad"):
        publish(registry, getattr(WAYS[way].models, name))
    experiment = registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    variants = [experiment.assign(number).name for number in range(COUNT)]
    assert set(variants) == {"control", "v2"}

    async def behaviour(do: Client) -> None:
        for step in ("option", "touch", "attach"):
            customers = await do.customers(*([with_ml("churn")] if step == "option" else []))
            if step == "attach":
                await do.attach(customers, "churn")
            found = [do.models.churn.of(customer) for customer in customers]
            assert [each.variant for each in found] == variants
            assert [each.version for each in found] == [1 if name == "control" else 2 for name in variants]
            assert [each.value > wanted(do.models.churn, number) + 1e-6 for number, each in enumerate(found)] == [
                name == "v2" for name in variants
            ]
            assert customers[0]._ml["churn_probability"].variant == variants[0]
            do.sync.expire_all()
            await do.attach(customers, "churn")
            do.sync.expunge_all()

    with opened(WAYS[way], registry, request, tmp_path) as shop:
        shop.run(behaviour)


def test_another_process_gives_the_same_variants(registry: Registry, database: Engine):
    """Which version answers for an object does not depend on the process."""
    experiment = registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    command = [sys.executable, "-c", AGAIN, str(database.url), registry.place]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": PATH}, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [experiment.assign(number).name for number in range(COUNT)], done.stderr


def test_what_is_not_stored_yet_has_no_variant(registry: Registry, database: Engine):
    """A new object is answered by the active version without a variant, whatever its primary key will be, until it is stored."""
    experiment = registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    treated = next(number for number in range(1000, 2000) if experiment.assign(number).name == "v2")
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session:
        new = Customer(id=treated, age=20, country="US", email="", churned=False)
        session.add(new)
        assert (churn.of(new).variant, churn.of(new).version) == (None, 1)
        session.flush()
        attach(session, new)
        assert (churn.of(new).variant, churn.of(new).version) == ("v2", 2)
        session.expunge(new)
        new.age = 21
        assert churn.of(new).variant == "v2"


def test_composite_keys_are_keys(registry: Registry, database: Engine):
    """The key of an object with several primary key columns is the tuple of their values."""
    experiment = registry.experiments.start("breaking", {1: 0.5, 2: 0.5})
    with database.begin() as connection:
        connection.execute(insert(Part), [{"maker": maker, "number": number, "age": 3} for maker in "ab" for number in range(10)])
    maker = extend(sessionmaker(database), [breaking], registry=registry)
    with maker() as session:
        parts = session.scalars(select(Part).options(with_ml())).all()
        variants = [breaking.of(part).variant for part in parts]
    assert variants == [experiment.assign((part.maker, part.number)).name for part in parts]
    assert set(variants) == {"control", "v2"}


def test_an_identity_that_can_be_no_key_matters_in_an_experiment_alone(registry: Registry, database: Engine):
    """Objects whose primary key no experiment can divide are predicted; once one runs, the error names the entity and the type."""
    with database.begin() as connection:
        connection.execute(insert(Reading), [{"depth": 0.5, "age": 3}, {"depth": 1.5, "age": 4}])
    maker = extend(sessionmaker(database), [doubtful], registry=registry)
    with maker() as session:
        assert all(doubtful.of(each).version == 1 for each in session.scalars(select(Reading).options(with_ml())))
    registry.experiments.start("doubtful", {1: 0.5, 2: 0.5})
    maker = extend(sessionmaker(database), [doubtful], registry=registry)
    with maker() as session, pytest.raises(EncodingError, match=r"'doubtful', Reading: .*float cannot be a key") as caught:
        session.scalars(select(Reading).options(with_ml())).all()
    assert caught.value.context["entity"] == "Reading"


def test_a_new_version_is_seen_when_objects_are_loaded_anew(registry: Registry, database: Engine):
    """After an activation what is attached stays as it is; what is expired, refreshed or loaded in another session is the new version's."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session:
        first, second, third = (session.get(Customer, number, options=[with_ml()]) for number in (1, 2, 3))
        registry.activate("churn", 2)
        _wait_until_version(2, maker)
        assert [churn.of(each).version for each in (first, second, third)] == [1, 1, 1]
        session.expire(first)
        session.refresh(second)
        assert [churn.of(each).version for each in (first, second, third)] == [2, 2, 1]
        attach(session, third)
        assert churn.of(third).version == 2
        assert churn.of(third).value > wanted(churn, 3)


def _wait_until_version(number: int, maker: sessionmaker[Session]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with maker() as session:
            if churn.of(session.get(Customer, 9)).version == number:
                return
        time.sleep(0.05)
    pytest.fail(f"version {number} does not serve")
