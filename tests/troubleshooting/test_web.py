"""Entries about web servers and deployment: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool, StaticPool

import prisml
from prisml.orm import extend, preload, with_ml
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.database import statements
from tests.support.guide import refused
from tests.support.troubles import Customer, model

ROW = {"age": 41, "spent": 12.5, "country": "DE"}
churn = model()


def test_first_request_is_slow(told, shop, registry: Registry):
    """After ``preload`` nothing is asked of the registry for the first request."""
    place = create_engine(f"sqlite:///{registry.place.removeprefix('sqlite:///')}")
    lazy = extend(sessionmaker(shop), [churn], registry=Registry(place))
    with statements(place) as asked, lazy() as session:
        assert session.scalars(select(Customer).options(with_ml())).all()
    assert any("prisml_blobs" in each for each in asked)
    ready = extend(sessionmaker(shop), [churn], registry=Registry(place))
    preload(ready)["churn"].close()
    with statements(place) as asked, ready() as session:
        assert session.scalars(select(Customer).options(with_ml())).all()
    assert not any("prisml_blobs" in each for each in asked)
    place.dispose()


def test_sessions_not_extended(told, shop, registry: Registry):
    """``preload`` opens what ``extend`` was given."""
    plain = sessionmaker(shop)
    told(refused(lambda: preload(plain)))
    assert preload(extend(plain, [churn], registry=registry))["churn"].health().version == 1


def test_nothing_follows_in_memory(told, tmp_path: Path):
    """An engine on a pool of one connection is told when to look."""
    place = create_engine(f"sqlite:///{tmp_path}/one.db", poolclass=StaticPool)
    one = Registry(place)
    one.publish(make_artifact())
    engine = prisml.load("churn", registry=one)
    one.publish(make_artifact(bias=1.0))
    assert not engine.health().following
    assert engine.health().version == 1
    assert engine.refresh()
    assert engine.health().version == 2
    engine.close()
    place.dispose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_connections_after_fork(told, shop, registry: Registry):
    """A child forgets the connections that it inherited, and predicts with the engine that it inherited."""
    database = create_engine(shop.url, poolclass=QueuePool)
    made = extend(sessionmaker(database), [churn], registry=registry)
    with made() as session:
        wanted = [row._ml.churn_probability for row in session.scalars(select(Customer).options(with_ml()).limit(5))]

    def child(into):
        inherited = database.pool.checkedin()
        database.dispose(close=False)
        fresh = database.pool.checkedin()
        with made() as session:
            into.send(
                (inherited, fresh, [row._ml.churn_probability for row in session.scalars(select(Customer).options(with_ml()).limit(5))])
            )

    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    process = fork.Process(target=child, args=(there,))
    process.start()
    assert here.poll(60)
    assert here.recv() == (1, 0, wanted)
    process.join()
    preload(made)["churn"].close()
    database.dispose()


def test_too_many_threads(told, registry: Registry):
    """``threads`` is what this process may use, and gives the same bits."""
    engine = prisml.load("churn", registry=registry, refresh=None)
    rows = [{**ROW, "spent": float(number)} for number in range(200)]
    told(refused(lambda: engine.predict_many(rows, threads=0)))
    assert engine.predict_many(rows, threads="auto").values.tolist() == engine.predict_many(rows).values.tolist()


def test_deadline(told, registry: Registry):
    """Without the limit, or with one that is long enough, all rows are predicted."""
    engine = prisml.load("churn", registry=registry, refresh=None)
    rows = [ROW] * 200_000
    told(refused(lambda: engine.predict_many(rows, timeout=1e-9)))
    assert len(engine.predict_many(rows[:1000], timeout=30.0).values) == 1000


def test_batch_too_large(told, registry: Registry, monkeypatch: pytest.MonkeyPatch):
    """Batches of as many rows as allowed are predicted."""
    monkeypatch.setenv("PRISML_BATCH_ROWS", "100")
    engine = prisml.load("churn", registry=registry, refresh=None)
    rows = [ROW] * 250
    told(refused(lambda: engine.predict_many(rows)))
    assert sum(len(engine.predict_many(rows[start : start + 100]).values) for start in range(0, 250, 100)) == 250


def test_threads_share_an_engine(told, registry: Registry):
    """One engine serves all threads; another one for each of them asks the registry again and shares the model all the same."""
    place = create_engine(f"sqlite:///{registry.place.removeprefix('sqlite:///')}")
    with statements(place) as asked:
        engines = [prisml.load("churn", registry=Registry(place), refresh=None) for _ in range(4)]
    engine, many = engines[0], len(asked)
    with statements(place) as asked, ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda _: engine.predict(ROW).value, range(100)))
    assert (many > 0, asked) == (True, [])
    assert set(values) == {engines[3].predict(ROW).value}
    place.dispose()
