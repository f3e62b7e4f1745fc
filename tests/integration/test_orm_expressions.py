"""Objects of sessions predicted with what SQL computes and what resolvers read over relationships: when, at what cost, until when."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, NullPool, create_engine, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.horizontal_shard import ShardedSession
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from prisml import define_model, expression, resolver
from prisml.commands.features import features
from prisml.commands.train import train
from prisml.errors import ConfigurationError, FeatureExtractionError
from prisml.orm import attach, attached, extend, with_ml
from prisml.registry import Registry
from tests.support.database import opened, statements
from tests.support.purchases import Buyer, Purchase, fill, next_one

COUNT = 120
CHUNK = 500
LATE = datetime(2024, 9, 1)


def _least(row: Any) -> float | None:
    return min((purchase.amount for purchase in row.purchases), default=None)


def _newcomer(row: Any) -> int:
    return (row.at - row.buyer.joined_at).days


# Features of now that time alone does not change: what is asked twice has to give the same.
worth = define_model(
    Buyer,
    output="worth",
    name="worth",
    label=Buyer.country == "DE",
    features={
        "count": expression(select(func.count(Purchase.id)).where(Purchase.buyer_id == Buyer.id).scalar_subquery()),
        "spent": expression(select(func.sum(Purchase.amount)).where(Purchase.buyer_id == Buyer.id).scalar_subquery()),
        "share": expression(
            select(func.sum(Purchase.amount)).where(Purchase.buyer_id == Buyer.id).scalar_subquery() / (Buyer.credit + 1.0)
        ),
    },
    algorithm="logistic_regression",
)
related_rows = define_model(
    Buyer,
    output="related_rows",
    name="related_rows",
    label=Buyer.country == "DE",
    features={"credit": Buyer.credit, "least": resolver(_least, type=float, uses=[Buyer.purchases])},
    algorithm="logistic_regression",
)
to_one = define_model(
    Purchase,
    output="early",
    name="to_one",
    label=Purchase.amount > 50,
    features={"days": resolver(_newcomer, type=int, uses=[Purchase.at, Purchase.buyer])},
    algorithm="logistic_regression",
)
MODELS = (worth, related_rows, to_one, next_one)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with all models, trained on a shop of its own."""
    folder = tmp_path_factory.mktemp("registry")
    registry = Registry(f"sqlite:///{folder / 'registry.db'}")
    with opened(f"sqlite:///{folder / 'shop.db'}") as database:
        fill(database, COUNT)
        for definition in MODELS:
            assert train(definition, database=database, registry=registry).version is not None
    return registry


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Engine]:
    """A shop that a test may change."""
    with opened(f"sqlite:///{tmp_path / 'shop.db'}") as database:
        fill(database, COUNT)
        yield database


@pytest.fixture
def maker(shop: Engine, registry: Registry) -> sessionmaker[Session]:
    """Sessions extended with all models."""
    return extend(sessionmaker(shop), MODELS, registry=registry)


def _wanted(definition: Any, database: Engine, registry: Registry) -> dict[int, float]:
    """What the engine gives for what training would read of the stored rows, by their keys."""
    engine = definition.load(registry=registry)
    read = list(features(definition, database=database, limit=100_000))
    found = engine.predict_many([dict(row.features) for row in read]).values.tolist()
    return {int(str(row.key["id"])): value for row, value in zip(read, found, strict=True)}


def _all_right(objects: Any, definition: Any, database: Engine, registry: Registry) -> None:
    wanted = _wanted(definition, database, registry)
    assert {each.id: definition.of(each).value for each in objects} == pytest.approx({each.id: wanted[each.id] for each in objects})


@pytest.mark.parametrize("definition", [worth, related_rows])
def test_objects_of_a_statement_come_predicted(maker: sessionmaker[Session], shop: Engine, registry: Registry, definition: Any):
    """``with_ml()`` gives what training would read, and a touch of it afterwards asks nothing."""
    with maker() as session:
        buyers = session.scalars(select(Buyer).options(with_ml(definition))).all()
        with statements(shop) as sent:
            values = [getattr(buyer._ml, definition.output) for buyer in buyers]
        assert sent == []
        assert len({*values}) > COUNT / 2
        _all_right(buyers, definition, shop, registry)


@pytest.mark.parametrize("definition", [worth, related_rows])
def test_a_first_touch_predicts_the_peers(maker: sessionmaker[Session], shop: Engine, registry: Registry, definition: Any):
    """Touching one of many loaded objects asks one statement for all of them, and touching the others asks none."""
    with maker() as session:
        buyers = session.scalars(select(Buyer)).all()
        with statements(shop) as sent:
            _ = getattr(buyers[7]._ml, definition.output)
            cost = len(sent)
            for buyer in buyers:
                _ = getattr(buyer._ml, definition.output)
        assert len(sent) == cost == (1 if definition is worth else 2)
        _all_right(buyers, definition, shop, registry)


@pytest.mark.parametrize("definition", [worth, related_rows])
def test_attach_predicts_what_is_loaded(maker: sessionmaker[Session], shop: Engine, registry: Registry, definition: Any):
    """``attach`` predicts in one statement, and anew when the database holds something else by then."""
    with maker() as session:
        buyers = session.scalars(select(Buyer).where(Buyer.id < 20)).all()
        attach(session, buyers, definition)
        _all_right(buyers, definition, shop, registry)
        before = definition.of(buyers[0]).value
        session.commit()
        with shop.begin() as connection:
            connection.execute(update(Purchase).where(Purchase.buyer_id == buyers[0].id).values(amount=0.01))
        with statements(shop) as sent:
            attach(session, buyers, definition)
        assert len(sent) <= 3
        assert definition.of(buyers[0]).value != before
        _all_right(buyers, definition, shop, registry)


@pytest.mark.parametrize("count", [1, 100, 2_000])
@pytest.mark.parametrize("way", ["eager", "lazy", "attach"])
def test_statements_are_one_for_each_five_hundred(tmp_path: Path, registry: Registry, count: int, way: str):
    """1, 100 and 2,000 objects cost their own statement and, for what SQL computes of them, one for each 500."""
    with opened(f"sqlite:///{tmp_path / 'counted.db'}") as database:
        fill(database, 1)
        with database.begin() as connection:
            rows = [{"id": number, "country": "DE", "joined_at": LATE, "credit": number % 9} for number in range(2, count + 1)]
            if rows:
                connection.execute(insert(Buyer), rows)
        maker = extend(sessionmaker(database), [worth], registry=registry)
        with maker() as session, statements(database) as sent:
            options = [with_ml()] if way == "eager" else []
            buyers = session.scalars(select(Buyer).options(*options)).all()
            if way == "attach":
                attach(session, buyers)
            assert all(0 < worth.of(buyer).value < 1 for buyer in buyers)
            assert len(buyers) == count
        assert len(sent) == 1 + math.ceil(count / CHUNK)


def test_objects_behind_a_relationship_are_predicted(maker: sessionmaker[Session], shop: Engine, registry: Registry):
    """Buyers that come joined to their purchases are predicted too, each once, with one statement more."""
    with maker() as session, statements(shop) as sent:
        purchases = session.scalars(select(Purchase).options(joinedload(Purchase.buyer), with_ml(worth))).all()
        buyers = list({purchase.buyer_id: purchase.buyer for purchase in purchases}.values())
        assert all(attached.get(buyer, worth) is not None for buyer in buyers)
        assert len(sent) == 2
        _all_right(buyers, worth, shop, registry)


def test_resolvers_of_related_rows_cost_no_statement_for_each_object(maker: sessionmaker[Session], shop: Engine, registry: Registry):
    """To-one and to-many relationships that a resolver uses are loaded for all objects at once, or taken as the statement brought them."""
    with maker() as session, statements(shop) as sent:
        many = session.scalars(select(Buyer).options(with_ml(related_rows))).all()
        assert all(0 < related_rows.of(buyer).value < 1 for buyer in many)
        assert len(sent) == 3
    with maker() as session, statements(shop) as sent:
        session.scalars(select(Buyer).options(selectinload(Buyer.purchases), with_ml(related_rows))).all()
        assert len(sent) == 2
    with maker() as session, statements(shop) as sent:
        purchases = session.scalars(select(Purchase).options(with_ml(to_one))).all()
        assert len(sent) == 1 + math.ceil(len(purchases) / CHUNK)
    with maker() as session:
        _all_right(session.scalars(select(Purchase).options(with_ml(to_one))).all(), to_one, shop, registry)


def test_a_change_of_the_collection_drops_the_prediction(maker: sessionmaker[Session]):
    """Appending to the collection that a resolver reads, removing from it, or changing one of its rows makes a new prediction."""
    with maker() as session:
        buyer = session.scalars(select(Buyer).where(Buyer.purchases.any()).limit(1).options(with_ml(related_rows))).one()
        first = related_rows.of(buyer).value
        cheap = Purchase(id=990_001, at=LATE, amount=0.01)
        buyer.purchases.append(cheap)
        assert attached.get(buyer, related_rows) is None
        second = related_rows.of(buyer).value
        cheap.amount = 0.02
        assert attached.get(buyer, related_rows) is None
        third = related_rows.of(buyer).value
        buyer.purchases.remove(cheap)
        assert related_rows.of(buyer).value == first
        assert len({first, second, third}) == 3
        session.rollback()


def test_a_change_of_an_attribute_that_sql_reads_drops_the_prediction(maker: sessionmaker[Session], shop: Engine, registry: Registry):
    """An own column that only an expression reads: its change drops the prediction, and the next one is flushed first and sees it."""
    with maker() as session:
        buyer = session.scalars(select(Buyer).where(Buyer.purchases.any()).limit(1).options(with_ml(worth))).one()
        before = worth.of(buyer).value
        buyer.joined_at = LATE
        assert attached.get(buyer, worth) is not None
        buyer.credit += 10_000
        assert attached.get(buyer, worth) is None
        after = worth.of(buyer).value
        assert after != before
        session.commit()
        assert worth.of(buyer).value == after
        _all_right([buyer], worth, shop, registry)


@pytest.mark.parametrize("how", ["rollback", "expire", "refresh"])
def test_what_is_read_anew_is_predicted_anew(maker: sessionmaker[Session], shop: Engine, how: str):
    """After a rollback, an expiry or a refresh the object is predicted from what the database holds then."""
    with maker() as session:
        buyer = session.scalars(select(Buyer).where(Buyer.purchases.any()).limit(1).options(with_ml(worth))).one()
        before = worth.of(buyer).value
        session.commit()
        assert worth.of(buyer).value == before
        if how == "rollback":
            buyer.credit += 10_000
            assert worth.of(buyer).value != before
            session.rollback()
            assert worth.of(buyer).value == before
            return
        session.commit()
        with shop.begin() as connection:
            connection.execute(update(Buyer).where(Buyer.id == buyer.id).values(credit=Buyer.credit + 10_000))
        worth.of(buyer)
        getattr(session, how)(buyer)
        assert attached.get(buyer, worth) is None
        assert worth.of(buyer).value != before


def test_a_refresh_of_what_is_not_read_keeps_the_prediction(maker: sessionmaker[Session]):
    """Loading a column that neither a feature nor its SQL reads costs no prediction."""
    with maker() as session:
        buyer = session.scalars(select(Buyer).where(Buyer.id == 3).options(with_ml(worth))).one()
        session.refresh(buyer, ["country"])
        assert attached.get(buyer, worth) is not None
        session.refresh(buyer, ["credit"])
        assert attached.get(buyer, worth) is None


def test_errors_are_null_where_that_is_asked_for(maker: sessionmaker[Session], shop: Engine):
    """An object whose row is gone has no prediction and an error under ``_ml.errors``; the others are predicted."""
    with maker() as session:
        buyers = session.scalars(select(Buyer).where(Buyer.id < 10).order_by(Buyer.id)).all()
        with shop.begin() as connection:
            connection.execute(delete(Purchase).where(Purchase.buyer_id == 4))
            connection.execute(delete(Buyer).where(Buyer.id == 4))
        attach(session, buyers, worth, on_error="null")
        gone = buyers[3]
        assert math.isnan(gone._ml.worth)
        error = gone._ml.errors["worth"]
        assert isinstance(error, FeatureExtractionError)
        assert "Buyer 4" in str(error)
        assert "worth" not in buyers[0]._ml.errors
        assert 0 < buyers[0]._ml.worth < 1
        with pytest.raises(FeatureExtractionError, match="has no row of Buyer any more"):
            attach(session, buyers, worth)


def test_objects_that_are_not_stored_yet(maker: sessionmaker[Session]):
    """Pending, transient and detached objects are told what SQL cannot compute of them, and the way; once flushed, one is predicted."""
    with maker() as session:
        buyer = Buyer(id=9_000, country="DE", joined_at=LATE, credit=3)
        session.add(buyer)
        with pytest.raises(FeatureExtractionError, match="of a new Buyer is computed by SQL") as caught:
            worth.of(buyer)
        assert any("flush" in way for way in caught.value.suggestions)
        buyer.purchases.append(Purchase(id=990_001, at=LATE, amount=12.5))
        session.flush()
        alone = worth.of(buyer).value
        assert 0 < alone < 1
        assert related_rows.of(buyer).value > 0
        session.rollback()
        detached = session.get(Buyer, 1)
    with pytest.raises(FeatureExtractionError, match="a new Buyer is computed by SQL, and the object is not stored"):
        worth.of(Buyer(id=9_001, country="DE", joined_at=LATE, credit=3))
    with pytest.raises(FeatureExtractionError, match="Buyer 1 is computed by SQL, and the object is in no session") as caught:
        worth.of(detached)
    assert "with_ml()" in caught.value.suggestions[0]


def test_a_pending_object_with_a_collection_is_predicted(maker: sessionmaker[Session]):
    """What resolvers read of an object that is not stored is what it was given."""
    with maker() as session, session.no_autoflush:
        buyer = Buyer(id=9_000, country="DE", joined_at=LATE, credit=3, purchases=[Purchase(id=990_001, at=LATE, amount=12.5)])
        session.add(buyer)
        pending = related_rows.of(buyer).value
        session.flush()
        assert related_rows.of(buyer).value == pending
        session.rollback()


@pytest.mark.parametrize("driver", ["sqlite+aiosqlite", "postgresql+psycopg", "postgresql+asyncpg"])
def test_async_sessions(request: pytest.FixtureRequest, registry: Registry, driver: str):
    """``with_ml()`` and ``await attach`` predict; a touch that would have to ask the database is refused and names both."""
    url = request.getfixturevalue("sqlite_url" if driver.startswith("sqlite") else "postgresql_url")
    with opened(url) as database:
        fill(database, COUNT)
        wanted = {definition: _wanted(definition, database, registry) for definition in (worth, related_rows)}

    async def run() -> None:
        engine = create_async_engine(f"{driver}:{url.partition(':')[2]}", poolclass=NullPool)
        sessions = extend(async_sessionmaker(engine), MODELS, registry=registry)
        for definition in (worth, related_rows):
            async with sessions() as session:
                await _behave(session, definition, engine.sync_engine, wanted[definition])
        await engine.dispose()

    asyncio.run(run())


async def _behave(session: AsyncSession, definition: Any, database: Engine, wanted: dict[int, float]) -> None:
    async def objects(*options: Any) -> list[Buyer]:
        return list((await session.scalars(select(Buyer).options(*options).execution_options(populate_existing=True))).all())

    def right(buyers: list[Buyer]) -> None:
        assert {each.id: definition.of(each).value for each in buyers} == pytest.approx(wanted)

    async def attaching() -> list[Buyer]:
        buyers = await objects()
        with pytest.raises(FeatureExtractionError, match="session is async") as caught:
            getattr(buyers[0]._ml, definition.output)
        assert "with_ml()" in caught.value.suggestions[0]
        assert "await attach" in caught.value.suggestions[0]
        await attach(session, buyers, definition)
        return buyers

    ways: list[Callable[[], Awaitable[list[Buyer]]]] = [lambda: objects(with_ml(definition)), attaching]
    for way in ways:
        with statements(database) as sent:
            buyers = await way()
            right(buyers)
        assert len(sent) <= 4
        session.expunge_all()
    one = await session.get(Buyer, 5, options=[with_ml(definition)])
    assert one is not None
    assert definition.of(one).value == pytest.approx(wanted[5])
    one.credit += 10_000
    with pytest.raises(FeatureExtractionError, match="session is async") if definition is worth else nullcontext():
        definition.of(one)
    await session.rollback()


def test_objects_at_their_own_moment(maker: sessionmaker[Session], registry: Registry):
    """With a column as ``as_of``, a change of that column drops the prediction, and the next one is of the new moment."""
    with maker() as session:
        purchase = session.scalars(select(Purchase).where(Purchase.id == 40).options(with_ml(next_one))).one()
        before = next_one.of(purchase).value
        purchase.at += timedelta(hours=7)
        assert attached.get(purchase, next_one) is None
        assert next_one.of(purchase).value != before
        session.rollback()
        assert next_one.of(purchase).value == before == next_one.load(registry=registry).predict(purchase).value


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_stream_is_predicted_partition_by_partition(request: pytest.FixtureRequest, registry: Registry, dialect: str):
    """With ``yield_per`` no object is lost: the database is asked about each partition while the rest of the rows still waits."""
    with opened(request.getfixturevalue(f"{dialect}_url")) as database:
        fill(database, COUNT)
        maker = extend(sessionmaker(database), MODELS, registry=registry)
        with maker() as session, statements(database) as sent:
            stream = session.scalars(select(Buyer).order_by(Buyer.id).options(with_ml(worth)), execution_options={"yield_per": 25})
            values = {buyer.id: worth.of(buyer).value for buyer in stream}
        assert values == pytest.approx(_wanted(worth, database, registry))
        assert len([sql for sql in sent if "purchases" in sql]) == math.ceil(COUNT / 25)


def test_a_stream_from_mysql_is_refused(request: pytest.FixtureRequest, registry: Registry):
    """Where a second statement would cut the stream off without an error, it is refused, and no part of the rows passes for all."""
    with opened(request.getfixturevalue("mysql_url")) as database:
        fill(database, COUNT)
        with extend(sessionmaker(database), [worth], registry=registry)() as session:
            statement = select(Buyer).options(with_ml()).execution_options(yield_per=10)
            with pytest.raises(ConfigurationError, match="in the middle of a stream of rows"):
                session.scalars(statement).all()
            assert len(session.scalars(select(Buyer).options(with_ml())).all()) == COUNT


def test_objects_of_several_shards_are_asked_for_where_they_are(registry: Registry, tmp_path: Path):
    """Objects of two databases in one session, with the same keys, have each what its own database computes."""
    shards = {name: create_engine(f"sqlite:///{tmp_path / name}.db") for name in ("a", "b")}
    for count, database in zip((4, 7), shards.values(), strict=True):
        fill(database, count)
    wanted = []
    for database in shards.values():
        with extend(sessionmaker(database), [worth], registry=registry)() as session:
            wanted += [worth.of(buyer).value for buyer in session.scalars(select(Buyer).order_by(Buyer.id).options(with_ml()))]
    sessions = sessionmaker(
        class_=ShardedSession,
        shards=shards,
        shard_chooser=lambda mapper, instance, clause=None: "a",
        identity_chooser=lambda mapper, key, **options: ["a", "b"],
        execute_chooser=lambda context: ["a", "b"],
    )
    with extend(sessions, [worth], registry=registry)() as session:
        buyers = session.scalars(select(Buyer).options(with_ml())).all()
        assert sorted(worth.of(buyer).value for buyer in buyers) == pytest.approx(sorted(wanted))
    for database in shards.values():
        database.dispose()
