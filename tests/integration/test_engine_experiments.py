"""Engines while an experiment runs: each row is answered by the variant of its key, and says so."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import prisml
from prisml import Engine
from prisml.errors import EncodingError
from prisml.registry import Registry
from tests.artifacts import expected, make_artifact

COUNTRIES = ("DE", "US", None)


class Base(DeclarativeBase):
    """The tables of this module."""


class Customer(Base):
    """A row that SQLAlchemy keeps."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column("number", primary_key=True)
    age: Mapped[int]
    country: Mapped[str | None]


def row(number: int) -> dict[str, object]:
    """The row of that key."""
    return {"id": number, "age": 20 + number % 50, "country": COUNTRIES[number % 3]}


ROWS = [row(number) for number in range(1_000)]
KEYS = list(range(1_000))


def running(url: str, **artifacts: object) -> tuple[Registry, Engine]:
    """A registry with an experiment of two versions at 70 and 30 %, and an engine that serves it."""
    registry = Registry(url)
    registry.publish(make_artifact(**artifacts))
    registry.publish(make_artifact(bias=1.0, **artifacts), activate=False)
    registry.experiments.start("churn", {1: 0.7, 2: 0.3}, name="keener", salt="salt")
    return registry, prisml.load("churn", registry=url, refresh=None)


def test_each_row_is_answered_by_the_variant_of_its_key(sqlite_url: str):
    """Alone and in a batch, by ``key`` or by its own primary key, a row gets the version that its key is assigned to."""
    registry, engine = running(sqlite_url)
    pinned = {number: prisml.load("churn", registry=registry, version=number) for number in (1, 2)}
    batch = engine.predict_many(ROWS)
    variants = [registry.experiments.status("churn").assign(key) for key in KEYS]
    assert batch.versions.tolist() == [variant.version for variant in variants]
    assert batch.variants.tolist() == [variant.name for variant in variants]
    assert set(batch.variants) == {"control", "v2"}
    for index in range(0, 1_000, 37):
        alone = engine.predict(ROWS[index])
        assert alone == batch[index] == engine.predict({**ROWS[index], "id": None}, key=index)
        assert alone.value == pinned[alone.version].predict(ROWS[index]).value
    assert list(batch) == [batch[index] for index in range(1_000)]
    nameless = [{**each, "id": None} for each in ROWS]
    assert list(engine.predict_many(nameless, keys=KEYS)) == list(batch)
    assert list(engine.predict_many(nameless, keys=np.arange(1_000))) == list(batch)


def test_without_a_key_control_answers(sqlite_url: str):
    """A row without a key is answered by the active version, variant None; a key that is given goes before the row's own."""
    _, engine = running(sqlite_url)
    rows = [{**each, "id": None} for each in ROWS]
    batch = engine.predict_many(rows)
    assert set(batch.variants) == {None}
    assert set(batch.versions) == {1}
    assert engine.predict(rows[0]).variant is None
    mixed = engine.predict_many(rows, keys=[None if index % 2 else index for index in KEYS])
    assert [variant is None for variant in mixed.variants] == [bool(index % 2) for index in KEYS]
    given = engine.predict_many(ROWS, keys=KEYS[::-1])
    assert given.variants.tolist() == engine.predict_many(rows, keys=KEYS[::-1]).variants.tolist()


def test_assign_says_what_predictions_will_say(sqlite_url: str):
    """``assign`` and ``assign_many`` give the variant that answers for a key, and None where none does."""
    registry, engine = running(sqlite_url)
    assert [each.name for each in engine.assign_many(KEYS)] == engine.predict_many(ROWS).variants.tolist()
    assert (engine.assign(7).version, engine.assign(None)) == (engine.predict(row(7)).version, None)
    registry.experiments.stop("churn")
    engine.refresh()
    assert (engine.assign(7), engine.assign_many([7, None])) == (None, [None, None])


def test_keys_of_every_kind(sqlite_url: str):
    """Objects, dataclasses and composite keys are read by the manifest's key, or given as tuples."""

    @dataclass
    class Customer:
        id: object
        age: int = 41
        country: str = "DE"

    _, engine = running(sqlite_url)
    for key in (7, "seven", UUID(int=7)):
        assert engine.predict(Customer(key)) == engine.predict({"age": 41, "country": "DE"}, key=key)
        assert engine.predict(Customer(key)).variant == engine.assign(key).name


def test_a_composite_key_is_read_whole(sqlite_url: str):
    """Where the entity's key has two parts, a row that gives both is assigned by both, and one that gives half has no key."""
    _, engine = running(sqlite_url, key=("shop", "number"))
    whole = engine.predict_many([{**each, "shop": "a|b", "number": each["id"]} for each in ROWS])
    assert whole.variants.tolist() == [engine.assign(("a|b", key)).name for key in KEYS]
    assert engine.predict({**ROWS[0], "shop": "a"}).variant is None


def test_an_expired_object_keeps_its_variant(sqlite_url: str):
    """An object of SQLAlchemy is answered by the variant of its primary key also after a commit has expired all of it."""
    _, engine = running(sqlite_url)
    database = create_engine("sqlite://")
    Base.metadata.create_all(database)
    with Session(database) as session:
        customers = [Customer(**row(number)) for number in range(1, 30)]
        session.add_all(customers)
        session.flush()
        before = engine.predict_many(customers).variants.tolist()
        session.commit()
        assert engine.predict_many(customers).variants.tolist() == before
        session.expire_all()
        assert [engine.predict(customer).variant for customer in customers] == before


@pytest.mark.parametrize("key", [1.5, True, object(), (), (1, None)])
def test_what_is_no_key_is_refused_today(sqlite_url: str, key: object):
    """A key of a wrong type is an error naming the type and its row, also while no experiment runs."""
    registry, engine = running(sqlite_url)
    for _ in range(2):
        with pytest.raises(EncodingError):
            engine.predict(ROWS[0], key=key)
        with pytest.raises(EncodingError) as caught:
            engine.predict_many(ROWS[:3], keys=[1, 2, key])
        assert caught.value.context["row"] == 2
        registry.activate("churn", 1)
        engine.refresh()


def test_a_row_whose_key_is_none_fails_alone(sqlite_url: str):
    """With ``on_error="null"`` a row whose own key has a wrong type has an error that names it, and all others their predictions."""
    _, engine = running(sqlite_url)
    good = engine.predict_many(ROWS)
    bad = [{**each, "id": 0.5} if each["id"] == 7 else each for each in ROWS]
    with pytest.raises(EncodingError):
        engine.predict_many(bad)
    batch = engine.predict_many(bad, on_error="null")
    assert (list(batch.errors), batch.errors[7].context["row"]) == ([7], 7)
    assert "row 7" in batch.errors[7].message
    assert np.isnan(batch.values[7])
    assert [batch[index] == good[index] for index in KEYS].count(False) == 1


def test_there_is_one_key_for_each_row(sqlite_url: str):
    """Too few keys, one text, bytes, what has no order, or no sequence at all are refused."""
    _, engine = running(sqlite_url)
    for keys in ([1, 2], "abc", 7, {1, 2, 3}, frozenset("abc"), bytearray(b"abc"), memoryview(b"abc"), np.array(7)):
        with pytest.raises(EncodingError, match=r"keys?"):
            engine.predict_many(ROWS[:3], keys=keys)
    with pytest.raises(EncodingError, match="keys"):
        engine.assign_many(7)
    assert engine.assign_many(key for key in range(3)) == engine.assign_many(np.arange(3)) == engine.assign_many([0, 1, 2])


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_are_shared_too(sqlite_url: str, task: str):
    """Labels, values and probabilities of a mixed batch are, row by row, those of the version that answered."""
    registry, engine = running(sqlite_url, task=task)
    pinned = {number: prisml.load("churn", registry=registry, version=number).predict_many(ROWS) for number in (1, 2)}
    batch = engine.predict_many(ROWS)
    for index, version in enumerate(batch.versions):
        assert batch.values[index] == pinned[version].values[index]
        if task == "multiclass":
            assert batch.labels[index] == pinned[version].labels[index]
            assert batch.probabilities[index].tolist() == pinned[version].probabilities[index].tolist()


def test_each_version_has_its_own_threshold(sqlite_url: str):
    """Where two versions decide at other thresholds, each row is labelled by its own version's."""
    registry = Registry(sqlite_url)
    registry.publish(make_artifact(threshold=0.0))
    registry.publish(make_artifact(threshold=1.0), activate=False)
    registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    batch = prisml.load("churn", registry=sqlite_url, refresh=None).predict_many(ROWS)
    assert batch.labels.tolist() == [version == 1 for version in batch.versions]
    assert [each.label for each in batch] == batch.labels.tolist()


def test_bad_rows_keep_their_place(sqlite_url: str):
    """In a mixed batch an error names the row's own index; with ``on_error="null"`` every other row has its prediction."""
    _, engine = running(sqlite_url)
    good = engine.predict_many(ROWS)
    bad = [{**each, "age": "old"} if each["id"] % 100 == 7 else each for each in ROWS]
    with pytest.raises(EncodingError) as caught:
        engine.predict_many(bad)
    assert caught.value.context["row"] % 100 == 7
    assert f"row {caught.value.context['row']}" in caught.value.message
    batch = engine.predict_many(bad, on_error="null")
    assert list(batch.errors) == [index for index in KEYS if index % 100 == 7]
    assert all(error.context["row"] == index for index, error in batch.errors.items())
    assert np.flatnonzero(np.isnan(batch.values)).tolist() == list(batch.errors)
    assert batch.variants.tolist() == good.variants.tolist()
    fine = [index for index in KEYS if index % 100 != 7]
    assert batch.values[fine].tolist() == good.values[fine].tolist()


def test_versions_may_read_other_features(sqlite_url: str):
    """A treatment that reads fewer features is asked with those alone."""
    from tests.artifacts import AGE

    registry = Registry(sqlite_url)
    registry.publish(make_artifact())
    registry.publish(make_artifact(inputs=[AGE]), activate=False)
    registry.experiments.start("churn", {1: 0.5, 2: 0.5})
    engine = prisml.load("churn", registry=sqlite_url, refresh=None)
    for each in engine.predict_many(ROWS[:50]), [engine.predict(one) for one in ROWS[:50]]:
        for index, prediction in enumerate(each):
            wanted = expected(ROWS[index]) if prediction.version == 1 else expected(ROWS[index], [AGE])
            assert prediction.value == pytest.approx(wanted, abs=1e-6)


def test_awaited_predictions_are_the_same(sqlite_url: str):
    """``apredict`` and ``apredict_many``, of few rows and of many, give what the calls without ``a`` give."""
    _, engine = running(sqlite_url)

    async def ask() -> None:
        assert await engine.apredict(ROWS[3]) == engine.predict(ROWS[3])
        for rows in (ROWS[:5], ROWS):
            assert list(await engine.apredict_many(rows)) == list(engine.predict_many(rows))

    asyncio.run(ask())


def test_the_experiment_is_in_health_and_predictions_survive_pickling(sqlite_url: str):
    """``health()`` names the experiment; a prediction with its variant is the same after pickling."""
    _, engine = running(sqlite_url)
    assert engine.health().experiment == "keener"
    prediction = engine.predict(ROWS[0])
    assert pickle.loads(pickle.dumps(prediction)) == prediction  # noqa: S301
