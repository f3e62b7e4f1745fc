"""Features that SQL computes, predicted by an engine: for objects of sessions, and for rows that bring their values along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, NullPool, create_engine, delete, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

import prisml
from prisml.commands.features import features
from prisml.definition.moment import moment_of
from prisml.errors import ConfigurationError, EncodingError, FeatureExtractionError, SchemaDriftError
from prisml.registry import Registry
from tests.support.database import statements
from tests.support.purchases import SNAPSHOTS, Buyer, Purchase, again, before, fill, next_one, spreading, trained

MODELS = (again, next_one, spreading)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with the three models."""
    return Registry(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'registry.db'}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Engine]:
    """The shop that they were trained on."""
    with trained(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}", registry, *MODELS) as engine:
        yield engine


def test_an_object_is_predicted_from_what_training_read_of_it(shop: Engine, registry: Registry):
    """As of a snapshot, stored objects get the predictions of the rows that training read at that snapshot."""
    engine = again.load(registry=registry)
    read = {(row.key["id"], row.as_of): row.features for row in features(again, database=shop, limit=150)}
    with Session(shop) as session:
        buyers = session.scalars(select(Buyer).order_by(Buyer.id)).all()
        for snapshot in SNAPSHOTS:
            moment = moment_of(snapshot)
            seen = [buyer for buyer in buyers if moment_of(buyer.joined_at) < moment]
            given = [read[buyer.id, moment] for buyer in seen]
            wanted = engine.predict_many([dict(row) for row in given], as_of=snapshot).values
            assert engine.predict_many(seen, as_of=snapshot).values.tolist() == wanted.tolist()
            assert engine.predict(seen[0], as_of=snapshot).value == wanted[0]
    assert len(read) > 150


def test_a_batch_costs_a_statement_for_each_five_hundred(shop: Engine, registry: Registry):
    """The database is asked once for a chunk of objects, whatever the number of features."""
    engine = again.load(registry=registry)
    with Session(shop) as session:
        buyers = session.scalars(select(Buyer)).all()
        with statements(shop) as sent:
            engine.predict_many(buyers)
        assert len(sent) == 1
        with statements(shop) as sent:
            engine.predict_many(buyers * 4)
        assert len(sent) == 2


def test_a_row_at_its_own_moment_needs_none_given(shop: Engine, registry: Registry):
    """With a column as as_of an object is seen at its own moment, and another one is refused."""
    engine = next_one.load(registry=registry)
    read = {row.key["id"]: row.features for row in features(next_one, database=shop, limit=60)}
    with Session(shop) as session:
        purchases = [session.get(Purchase, number) for number in read]
        found = engine.predict_many(purchases).values
        by_name = engine.predict_many([{**given, "at": each.at} for given, each in zip(read.values(), purchases, strict=True)]).values
        assert np.array_equal(found, by_name)
        with pytest.raises(ConfigurationError, match="own 'at'"):
            engine.predict_many(purchases, as_of=SNAPSHOTS[0])


def test_a_detached_row_is_told_what_it_lacks(shop: Engine, registry: Registry):
    """What SQL computes cannot be had of a mapping or a detached object: the error names it, and both ways out."""
    engine = again.load(registry=registry)
    with Session(shop) as session:
        detached = session.get(Buyer, 1)
    for row in (detached, {"country": "DE", "joined_at": datetime(2024, 1, 5)}):
        with pytest.raises(EncodingError, match="has no 'count'") as caught:
            engine.predict(row)
        assert "object of a session" in caught.value.suggestions[-1]
        assert "'count'" in caught.value.suggestions[-1]
        with pytest.raises(EncodingError, match="row 1"):
            engine.predict_many([{"country": "DE", "tenure": 1, "count": 1, "spent": 1, "recent": 1, "recency": 1, "month": 1}, row])


def test_rows_of_a_session_stand_beside_rows_that_bring_all_along(shop: Engine, registry: Registry):
    """In one batch, objects are asked for and mappings are taken as they are; what is neither is an error of its row."""
    engine = again.load(registry=registry)
    row = {"country": "DE", "joined_at": datetime(2024, 1, 5), "count": 3, "spent": 7.5, "recent": 0, "@recency": datetime(2024, 5, 1)}
    with Session(shop) as session:
        buyer = session.get(Buyer, 1)
        found = engine.predict_many([row, buyer, {"country": "DE"}], as_of=SNAPSHOTS[-1], on_error="null")
        assert found.values[1] == engine.predict(buyer, as_of=SNAPSHOTS[-1]).value
        assert found.values[0] == engine.predict({**row, "recency": 61.0}, as_of=SNAPSHOTS[-1]).value
    assert list(found.errors) == [2]
    assert np.isnan(found.values[2])


def test_a_row_that_is_gone_is_an_error_of_its_own(shop: Engine, registry: Registry):
    """An object whose row was deleted behind the session's back fails by its index; the others are predicted."""
    engine = again.load(registry=registry)
    with shop.begin() as connection:
        connection.execute(insert(Buyer).values(id=9001, country="DE", joined_at=datetime(2024, 1, 1), credit=0))
    with Session(shop, expire_on_commit=False) as session:
        buyers = [session.get(Buyer, 1), session.get(Buyer, 9001)]
        session.commit()
        with shop.begin() as connection:
            connection.execute(delete(Buyer).where(Buyer.id == 9001))
        found = engine.predict_many(buyers, on_error="null")
        assert 0 < found.values[0] < 1
        assert list(found.errors) == [1]
        with pytest.raises(FeatureExtractionError, match="row 1: the database has no row of Buyer"):
            engine.predict_many(buyers)


def test_changes_that_wait_are_seen_by_sql(shop: Engine, registry: Registry):
    """A purchase that was added to the session counts in the next prediction, as it does in any query of the session."""
    engine = spreading.load(registry=registry)
    with Session(shop) as session:
        buyer = session.get(Buyer, 1)
        before = engine.predict(buyer, as_of=SNAPSHOTS[-1]).value
        buyer.purchases.append(Purchase(id=900_001, at=datetime(2024, 6, 1), amount=5_000.0))
        assert engine.predict(buyer, as_of=SNAPSHOTS[-1]).value != before
        session.rollback()


def test_an_async_session_is_not_asked_behind_its_back(shop: Engine, registry: Registry):
    """Outside of a greenlet the error names the ways; inside of run_sync the objects are predicted."""
    engine = again.load(registry=registry)

    async def run() -> tuple[float, float]:
        database = create_async_engine(f"sqlite+aiosqlite:///{shop.url.database}", poolclass=NullPool)
        async with AsyncSession(database) as session:
            buyer = await session.get(Buyer, 1)
            with pytest.raises(FeatureExtractionError, match="session of the rows is async") as caught:
                engine.predict(buyer)
            assert "with_ml()" in caught.value.suggestions[0]
            value = await session.run_sync(lambda _: engine.predict(buyer, as_of=SNAPSHOTS[-1]).value)
        await database.dispose()
        with Session(shop) as session:
            return value, engine.predict(session.get(Buyer, 1), as_of=SNAPSHOTS[-1]).value

    found, wanted = asyncio.run(run())
    assert found == wanted


def test_other_sql_is_drift(shop: Engine, registry: Registry):
    """A definition whose SQL is another than the version's is refused, by the feature's name."""
    changed = prisml.define_model(
        Buyer,
        output="buys_again",
        name="again",
        label=again.label,
        features={**again.features, "recent": before(func.count(Purchase.id), within=timedelta(days=31))},
        as_of=SNAPSHOTS,
        algorithm="logistic_regression",
    )
    with pytest.raises(SchemaDriftError, match="SQL of 'recent'"):
        changed.load(registry=registry)


def test_what_a_session_adds_to_its_queries_is_not_in_the_values(shop: Engine, registry: Registry):
    """Criteria that a session's listener puts on every query, as soft deletion does, do not reach what training read without them."""
    engine = again.load(registry=registry)

    def hide(state: ORMExecuteState) -> None:
        state.statement = state.statement.options(with_loader_criteria(Purchase, Purchase.amount < 50))

    with Session(shop) as session:
        buyer = session.get(Buyer, 1)
        wanted = engine.predict(buyer, as_of=SNAPSHOTS[-1]).value
        event.listen(session, "do_orm_execute", hide)
        assert engine.predict(buyer, as_of=SNAPSHOTS[-1]).value == wanted


def test_a_row_without_its_own_moment_is_an_error(shop: Engine, registry: Registry):
    """Training leaves out rows whose as_of is NULL; a prediction refuses one by its index, and the others are predicted."""
    engine = next_one.load(registry=registry)
    with Session(shop) as session:
        purchases = [session.get(Purchase, 1), session.get(Purchase, 2)]
        session.expunge(purchases[1])
        purchases[1].at = None
        found = engine.predict_many([purchases[0], purchases[1]], on_error="null")
        assert list(found.errors) == [1]
        assert "'at', the moment that the row is seen at" in found.errors[1].message
        with pytest.raises(EncodingError, match="Row 1: 'at'"):
            engine.predict_many(purchases)


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_changes_are_written_in_the_time_zone_of_the_session(
    request: pytest.FixtureRequest, shop: Engine, registry: Registry, dialect: str
):
    """A flush that a prediction causes stores what the session's own would, and the session keeps its zone, after an error too."""
    url = request.getfixturevalue(f"{dialect}_url")
    engine, database = again.load(registry=registry), create_engine(url, pool_size=1, max_overflow=0)
    fill(database, 3)
    zone, show = ("'America/New_York'", "SHOW TIME ZONE") if dialect == "postgresql" else ("'-05:00'", "SELECT @@session.time_zone")
    with Session(database) as session:
        session.execute(text(f"SET {'TIME ZONE' if dialect == 'postgresql' else 'time_zone ='} {zone}"))
        buyer = session.get(Buyer, 1)
        now = session.scalar(select(func.current_timestamp()))
        session.add(Buyer(id=77, country="DE", joined_at=func.current_timestamp(), credit=0))
        engine.predict(buyer)
        stored = session.scalar(select(Buyer.joined_at).where(Buyer.id == 77))
        assert abs(stored.replace(tzinfo=None) - now.replace(tzinfo=None)) < timedelta(minutes=5)
        assert session.scalar(text(show)) in zone
    database.dispose()


def test_a_stream_that_mysql_would_drop_is_not_cut_off(shop: Engine, registry: Registry, mysql_url: str):
    """In the middle of a stream the engine refuses to ask, and no object of the stream is lost; at its end it predicts."""
    engine, database = again.load(registry=registry), create_engine(mysql_url)
    fill(database, 40)
    with Session(database) as session:
        parts = session.scalars(select(Buyer).order_by(Buyer.id), execution_options={"yield_per": 10}).partitions()
        first = next(parts)
        with pytest.raises(ConfigurationError, match="in the middle of a stream of rows"):
            engine.predict_many(first)
        buyers = [*first, *(buyer for part in parts for buyer in part)]
        assert [buyer.id for buyer in buyers] == list(range(1, 41))
        assert len(engine.predict_many(buyers).values) == 40
    database.dispose()
