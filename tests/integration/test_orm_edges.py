"""Predictions of objects at the edges: inheritance, composite keys, failing rows, long loops."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, ForeignKeyConstraint, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, defer, mapped_column, sessionmaker

from prisml import define_model
from prisml.errors import ConfigurationError, EncodingError
from prisml.manifest import Source
from prisml.orm import attach, extend, with_ml
from prisml.orm.attached import extensions
from prisml.registry import Registry
from tests.artifacts import AGE, expected
from tests.support.database import statements
from tests.support.predicted import Base, Customer, Order, abroad, churn, create, loyal, predict_calls, publish, wanted


class Staff(MappedAsDataclass, DeclarativeBase):
    pass


class Employee(Staff):
    __tablename__ = "employee"
    number: Mapped[int] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    age: Mapped[int]
    kind: Mapped[str] = mapped_column(init=False)
    left: Mapped[bool] = mapped_column(default=False)
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}  # noqa: RUF012 -- SQLAlchemy's own form.


class Engineer(Employee):
    level: Mapped[int | None] = mapped_column(default=None)
    __mapper_args__ = {"polymorphic_identity": "engineer"}  # noqa: RUF012


class Manager(Employee):
    __tablename__ = "manager"
    __table_args__ = (ForeignKeyConstraint(["number", "branch"], ["employee.number", "employee.branch"]),)
    number: Mapped[int] = mapped_column(primary_key=True, init=False)
    branch: Mapped[str] = mapped_column(primary_key=True, init=False)
    reports: Mapped[int] = mapped_column(default=0)
    __mapper_args__ = {"polymorphic_identity": "manager"}  # noqa: RUF012


leaving = define_model(Employee, output="leaving", label=Employee.left, features={"age": Employee.age}, name="leaving")


raised = define_model(Manager, output="raised", label=Manager.left, features={"age": Manager.reports}, name="raised")


REPORTS = AGE.model_copy(update={"sources": (Source(path=("reports",), dtype="int"),)})


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with every model here."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    for definition in (churn, loyal, abroad):
        publish(registry, definition)
    publish(registry, leaving, (AGE,))
    publish(registry, raised, (REPORTS,))
    return registry


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A database with thirty customers and three employees."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    create(engine, Base.metadata, 30)
    Staff.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [("employee", 1, "a", 30), ("engineer", 1, "b", 40), ("manager", 2, "a", 50)]
        for kind, number, branch, age in rows:
            connection.execute(insert(Employee.__table__).values(number=number, branch=branch, age=age, kind=kind, left=False))
        connection.execute(insert(Manager.__table__).values(number=2, branch="a", reports=8))
    yield engine
    engine.dispose()


def test_inheritance_and_composite_keys(registry: Registry, database: Engine):
    """A model of the base predicts all of its classes, one of a subclass only that; what a query of the base left out is loaded."""
    maker = extend(sessionmaker(database), [leaving, raised], registry=registry)
    with maker() as session, statements(database) as sent, predict_calls() as calls:
        staff = session.scalars(select(Employee).options(with_ml())).all()
        assert [leaving.of(each).value for each in staff] == pytest.approx([expected({"age": each.age}, (AGE,)) for each in staff])
        (manager,) = [each for each in staff if isinstance(each, Manager)]
        assert raised.of(manager).value == pytest.approx(expected({"age": 8}, (AGE,)))
        assert calls == [3, 1]
        assert len(sent) == 2
        assert dir(staff[0]._ml)[-1] == "leaving"
        with pytest.raises(ConfigurationError, match="No extension serves"):
            raised.of(staff[0])
        session.expire_all()
        sent.clear()
        assert leaving.of(staff[0]).value == pytest.approx(expected({"age": 30}, (AGE,)))
        assert len(sent) == 1


def test_legacy_query_and_refresh(registry: Registry, database: Engine):
    """The option works on ``session.query``; with ``populate_existing`` the new values are predicted."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, predict_calls() as calls:
        customers = session.query(Customer).options(with_ml()).order_by(Customer.id).all()
        assert churn.of(customers[4]).value == pytest.approx(wanted(churn, 4))
        assert session.query(Customer).options(with_ml()).filter_by(id=3).one() is customers[3]
        customers[4].age = 80
        with session.no_autoflush:
            session.query(Customer).options(with_ml()).populate_existing().all()
        assert churn.of(customers[4]).value == pytest.approx(wanted(churn, 4))
        assert calls == [30, 1, 30]


def test_an_eager_failure_names_model_entity_and_key(registry: Registry, database: Engine):
    """A row that fails raises with model, entity, key and feature, and without the value; nothing is attached."""
    maker = extend(sessionmaker(database), [churn, loyal], registry=registry)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE customer SET age = 99999999 WHERE id = 12")
    with maker() as session:
        with pytest.raises(EncodingError, match=r"Model 'churn', Customer: .*Customer 12") as caught:
            session.scalars(select(Customer).options(with_ml())).all()
        assert "99999999" not in str(caught.value)
        assert {key: caught.value.context[key] for key in ("model", "entity", "key", "feature")} == {
            "model": "churn",
            "entity": "Customer",
            "key": (12,),
            "feature": "age",
        }
        assert not any(extensions(each) for each in session.identity_map.values())


def test_null_leaves_the_failing_row_without_a_prediction(registry: Registry, database: Engine):
    """With ``on_error="null"``, of the option or the extension, a failing row has NaN and its reason; the others are predicted."""
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE customer SET age = 99999999 WHERE id = 12")
    for on_error, option in (("raise", with_ml(on_error="null")), ("null", with_ml())):
        maker = extend(sessionmaker(database), [churn, loyal], registry=registry, on_error=on_error)
        with maker() as session:
            customers = session.scalars(select(Customer).order_by(Customer.id).options(option)).all()
            assert customers[12]._ml.churn_probability != customers[12]._ml.churn_probability
            assert churn.of(customers[12]).label is None
            assert set(customers[12]._ml.errors) == {"churn_probability", "loyalty"}
            assert customers[11]._ml.errors == {}
            assert churn.of(customers[11]).value == pytest.approx(wanted(churn, 11))


def test_a_failing_peer_does_not_stop_a_touch(registry: Registry, database: Engine):
    """Where a touch predicts its peers too, only the object that fails raises, each time it is asked."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE customer SET age = 99999999 WHERE id = 12")
    with maker() as session, predict_calls() as calls:
        customers = session.scalars(select(Customer).order_by(Customer.id)).all()
        assert churn.of(customers[0]).value == pytest.approx(wanted(churn, 0))
        for _ in range(2):
            with pytest.raises(EncodingError, match="Customer 12"):
                churn.of(customers[12])
        assert calls == [30]


def test_errors_do_not_keep_objects_alive(registry: Registry, database: Engine):
    """A session forgets objects that failed as it does others, when nobody holds them any more."""
    maker = extend(sessionmaker(database), [churn], registry=registry, on_error="null")
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE customer SET age = 99999999")
    with maker() as session:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        assert all(each._ml.errors for each in customers)
        del customers
        gc.collect()
        assert len(session.identity_map) == 0


def test_a_loop_of_changes_and_touches_is_not_quadratic(registry: Registry, database: Engine):
    """Each touch after a change predicts one object, and looks through the whole session only now and then."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    count = 4000
    with maker() as session:
        session.add_all([Customer(id=number, age=1, country="US", email="", churned=False) for number in range(100, 100 + count)])
        session.flush()
        customers = session.scalars(select(Customer)).all()
        attach(session, customers)
        started = time.process_time()
        for customer in customers:
            customer.age += 1
            churn.of(customer)
        single = time.process_time() - started
        for customer in customers:
            customer.age += 1
        with predict_calls() as calls:
            for customer in customers:
                churn.of(customer)
        assert max(calls) > 0.9 * count
        assert len(calls) < count / 50
        assert single < count * 1e-3


def test_new_objects_are_predicted_together(registry: Registry, database: Engine):
    """A touch of a pending object predicts the pending ones, and nothing is flushed for it."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, predict_calls() as calls, statements(database) as sent:
        new = [Customer(id=number, age=number, country="DE", email="", churned=False) for number in range(100, 110)]
        session.add_all(new)
        for each in new:
            assert churn.of(each).value == pytest.approx(expected({"age": each.id, "country": "DE"}))
        assert calls == [10]
        assert sent == []


def test_relationships_that_are_not_loaded_stay_so(registry: Registry, database: Engine):
    """The option loads no relationship that the statement does not load and no model reads, and a later lazy load predicts no peers."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, predict_calls() as calls, statements(database) as sent:
        order = session.scalars(select(Order).options(with_ml()).where(Order.id == 5)).one()
        assert (len(sent), calls) == (1, [])
        assert "customer" not in order.__dict__
        assert churn.of(order.customer).value == pytest.approx(wanted(churn, 2))


def test_filters_see_the_statement_first(registry: Registry, database: Engine):
    """Results that are read row by row, by ``fetchmany``, ``first`` or ``partitions``, are predicted as far as they are loaded."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session:
        statement = select(Customer).order_by(Customer.id).options(with_ml())
        assert churn.of(session.scalars(statement).first()).value == pytest.approx(wanted(churn, 0))
        result = session.execute(statement.execution_options(yield_per=7))
        for rows in result.partitions():
            with predict_calls() as calls:
                assert [churn.of(row[0]).value for row in rows] == pytest.approx([wanted(churn, row[0].id) for row in rows])
            assert calls == []
        assert [row.Customer.id for row in session.execute(statement).fetchmany(3)] == [0, 1, 2]


def test_a_filtered_row_is_no_query_of_its_own(registry: Registry, database: Engine):
    """A deferred column is loaded for all customers at once, however often they are touched."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, statements(database) as sent:
        customers = session.scalars(select(Customer).options(defer(Customer.age))).all()
        for customer in customers:
            assert churn.of(customer).value == pytest.approx(wanted(churn, customer.id))
        assert len(sent) == 2


def test_commit_drops_and_one_statement_brings_all_back(registry: Registry, database: Engine):
    """After a commit a touch loads all expired peers in one statement and predicts them in one batch."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        session.commit()
        with statements(database) as sent, predict_calls() as calls:
            for customer in customers:
                churn.of(customer)
        assert (len(sent), calls) == (1, [30])


def test_moments_are_those_of_the_prediction(registry: Registry, database: Engine):
    """The option and attach predict anew what has a prediction already; a touch does not."""
    maker = extend(sessionmaker(database), [churn], registry=registry)
    with maker() as session, predict_calls() as calls:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        churn.of(customers[0])
        assert calls == [30]
        attach(session, customers)
        session.scalars(select(Customer).options(with_ml())).all()
        assert calls == [30, 30, 30]
