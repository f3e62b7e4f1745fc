"""What else users of SQLAlchemy execute: whatever the statement is, and wherever its answer comes from, the objects are predicted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    create_engine,
    delete,
    event,
    func,
    insert,
    lambda_stmt,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.ext import baked
from sqlalchemy.ext.horizontal_shard import ShardedSession
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    aliased,
    defer,
    loading,
    raiseload,
    sessionmaker,
    with_loader_criteria,
)

from prisml.errors import FeatureExtractionError
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.artifacts import expected
from tests.support.database import statements
from tests.support.predicted import (
    Account,
    Base,
    Customer,
    Order,
    abroad,
    all_right,
    churn,
    create,
    opened_shop,
    predict_calls,
    publish_all,
    wanted,
)

COUNT = 12


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the three models."""
    return publish_all(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A database with a dozen customers."""
    with opened_shop(tmp_path, COUNT) as engine:
        yield engine


@pytest.fixture
def maker(registry: Registry, database: Engine) -> sessionmaker[Session]:
    """Sessions extended with one model."""
    return extend(sessionmaker(database), [churn], registry=registry)


STATEMENTS = {
    "aliased": lambda: select(aliased(Customer, name="c")),
    "subquery": lambda: select(aliased(Customer, select(Customer).limit(COUNT).subquery())),
    "union": lambda: select(Customer).from_statement(
        union_all(select(Customer).where(Customer.id < 6), select(Customer).where(Customer.id >= 6))
    ),
    "text": lambda: select(Customer).from_statement(text("SELECT id, email FROM customer")),
    "lambda": lambda: lambda_stmt(lambda: select(Customer)),
    "update": lambda: update(Customer).values(note="x").returning(Customer),
    "filtered": lambda: select(Customer).options(with_loader_criteria(Customer, Customer.id < 3)),
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_every_kind_of_statement_gives_predicted_objects(maker: sessionmaker[Session], kind: str):
    """Whatever the statement is, its customers are predicted in one batch."""
    for _ in range(2):
        statement = STATEMENTS[kind]()
        with maker() as session, predict_calls() as calls:
            rows = session.execute(statement.options(with_ml())).all()
            customers = [row[-1] for row in rows]
            assert len({each.id for each in customers}) == (3 if kind == "filtered" else COUNT)
            assert all_right(customers)
            assert len(calls) == 1


def test_an_insert_that_returns_objects(maker: sessionmaker[Session]):
    """``insert().returning(Customer)`` with the option gives predicted objects."""
    new = [{"id": 100 + number, "age": number, "country": "US", "email": "", "churned": False} for number in range(3)]
    with maker() as session, predict_calls() as calls:
        found = session.scalars(insert(Customer).returning(Customer).options(with_ml()), new).all()
        assert [churn.of(each).value for each in found] == pytest.approx([expected({"age": each.age, "country": "US"}) for each in found])
        assert calls == [3]


def test_statements_without_entities_are_left_alone(maker: sessionmaker[Session]):
    """The option on columns and aggregates predicts nothing and changes nothing."""
    with maker() as session, predict_calls() as calls:
        assert session.scalar(select(func.count()).select_from(Customer).options(with_ml())) == COUNT
        assert len(session.execute(select(Customer.id, Customer.age).options(with_ml())).all()) == COUNT
        assert session.query(Customer).options(with_ml()).count() == COUNT
        assert session.execute(delete(Order).options(with_ml())).rowcount == 2 * COUNT
        assert calls == []


def test_baked_queries_are_predicted(maker: sessionmaker[Session]):
    """A baked query with the option predicts each time it runs."""
    query = baked.bakery()(lambda session: session.query(Customer).options(with_ml()))
    for _ in range(3):
        with maker() as session, predict_calls() as calls:
            assert all_right(query(session).all())
            assert calls == [COUNT]


def test_mixed_rows_made_unique(maker: sessionmaker[Session]):
    """``execute(select(A, B)).unique()`` gives each row once, its entities predicted."""
    with maker() as session, predict_calls() as calls:
        statement = select(Customer, Account).join(Customer.account).join(Customer.orders).options(with_ml())
        rows = session.execute(statement).unique().all()
        assert (len(rows), calls) == (COUNT, [COUNT])
        assert all_right([row.Customer for row in rows])


def test_a_cache_of_results_gives_predicted_objects(maker: sessionmaker[Session], registry: Registry):
    """With SQLAlchemy's recipe of a cache, hits are predicted as misses are, whichever listener came first."""
    cache: dict[str, Any] = {}

    def cached(state: ORMExecuteState) -> Any:
        if not state.is_select or state.is_column_load or state.is_relationship_load:
            return None
        key = str(state.statement)
        if key not in cache:
            cache[key] = state.invoke_statement().freeze()
        return loading.merge_frozen_result(state.session, state.statement, cache[key], load=False)()

    event.listen(maker, "do_orm_execute", cached)
    before = sessionmaker(maker.kw["bind"])
    event.listen(before, "do_orm_execute", cached)
    extend(before, [churn], registry=registry)
    for sessions in (maker, maker, before):
        with sessions() as session, statements(maker.kw["bind"]) as sent, predict_calls() as calls:
            customers = session.scalars(select(Customer).options(with_ml())).all()
            assert calls == [COUNT]
            assert all_right(customers)
    assert sent == []
    for sessions in (maker, before):
        event.remove(sessions, "do_orm_execute", cached)


def test_sharded_sessions_are_predicted(registry: Registry, tmp_path: Path):
    """Objects of several databases in one session are predicted in one batch, what they lack loaded from where they come from."""
    shards = {name: create_engine(f"sqlite:///{tmp_path / name}.db") for name in ("a", "b")}
    for engine in shards.values():
        create(engine, Base.metadata, COUNT)
    sessions = sessionmaker(
        class_=ShardedSession,
        shards=shards,
        shard_chooser=lambda mapper, instance, clause=None: "a",
        identity_chooser=lambda mapper, key, **options: ["a", "b"],
        execute_chooser=lambda context: ["a", "b"],
    )
    extend(sessions, [churn], registry=registry)
    with sessions() as session, predict_calls() as calls:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        assert (len(customers), calls) == (2 * COUNT, [2 * COUNT])
        assert all_right(customers)
        session.expire_all()
        assert all_right(customers)
    for engine in shards.values():
        engine.dispose()


def test_what_a_statement_forbids_to_load_is_loaded_for_the_prediction(registry: Registry, database: Engine):
    """``raiseload`` is about what the caller touches by accident; a model's own reads come in one statement for all."""
    maker = extend(sessionmaker(database), [churn, abroad], registry=registry)
    with maker() as session, statements(database) as sent:
        options = (defer(Customer.age, raiseload=True), raiseload("*"), with_ml())
        customers = session.scalars(select(Customer).options(*options)).all()
        assert all_right(customers)
        assert [abroad.of(each).value for each in customers] == pytest.approx([wanted(abroad, each.id) for each in customers])
        assert len(sent) <= 3


def test_a_filter_of_the_session_hides_the_row(maker: sessionmaker[Session]):
    """Where a listener hides rows from every statement, an expired object that it hides fails by its key, and its peers do not."""

    def only_some(state: ORMExecuteState) -> None:
        if state.is_select:
            state.statement = state.statement.options(with_loader_criteria(Customer, Customer.id != 3, include_aliases=True))

    with maker() as session:
        customers = session.scalars(select(Customer).order_by(Customer.id)).all()
        event.listen(session, "do_orm_execute", only_some)
        session.expire_all()
        attach(session, customers, on_error="null")
        with pytest.raises(FeatureExtractionError, match="Customer 3 is not there: its row is gone, or a filter hides it"):
            attach(session, customers)
