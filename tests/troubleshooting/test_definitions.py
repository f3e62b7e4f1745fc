"""Entries about definitions: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, Float, Integer, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Feature, days_since, define_model, expression, hour_of, related, resolver
from prisml.extraction.stream import extract
from tests.support import console
from tests.support.guide import refused
from tests.support.troubles import Account, Customer, Elsewhere, Order, Plan, model, trained

MODULE = """
from tests.support.troubles import model

churn = model()
other = model(name="other")
"""


def domain(row: Customer) -> str:
    """The host of an address."""
    return row.email.partition("@")[2]


def test_no_module(told, tmp_path: Path, shop, monkeypatch: pytest.MonkeyPatch):
    """A module that is not below the current folder is found by its file, and by its name from the folder that holds it."""
    (tmp_path / "project" / "shop").mkdir(parents=True)
    (tmp_path / "project" / "shop" / "ml.py").write_text(MODULE)
    url = f"sqlite:///{tmp_path}/shop.db"
    told(console.prisml_with("features", "shop.ml", "--database", url).stderr)
    assert console.prisml_with("features", "project/shop/ml.py:churn", "--database", url).exit_code == 0
    monkeypatch.chdir(tmp_path / "project")
    assert console.prisml_with("features", "shop.ml:churn", "--database", url).exit_code == 0


def test_several_models(told, tmp_path: Path, shop):
    """A file of two models is not ambiguous with the variable behind it."""
    (tmp_path / "two.py").write_text(MODULE)
    told(console.prisml_with("features", "two.py", "--explain").stderr)
    assert console.prisml_with("features", "two.py:churn", "--explain", "--database", str(shop.url)).exit_code == 0


def test_no_name(told, empty, shop):
    """A definition that no variable of a module holds takes its name from ``name=``."""
    told(refused(lambda: model(name=None).name))
    assert model(name="churn").name == "churn"


def test_not_mapped(told):
    """The class that SQLAlchemy maps is what a definition starts from."""
    told(refused(lambda: define_model(Elsewhere(), output="x", label=Customer.churned, features={"age": Customer.age})))
    assert define_model(Customer, output="x", label=Customer.churned, features={"age": Customer.age}).entity is Customer


def test_related_class_not_imported(told):
    """A mapping whose other class is not imported yet is whole once it is."""

    def define(*, imported: bool):
        class Base(DeclarativeBase):
            pass

        class Ticket(Base):
            __tablename__ = "tickets"
            id: Mapped[int] = mapped_column(primary_key=True)
            late: Mapped[bool]
            hours: Mapped[float]
            seats = relationship("Seat", primaryjoin="Ticket.id == foreign(Seat.ticket_id)")

        if imported:
            type("Seat", (Base,), {"__tablename__": "seats", "id": Column(Integer, primary_key=True), "ticket_id": Column(Integer)})
        return define_model(Ticket, output="x", label=Ticket.late, features={"hours": Ticket.hours})

    told(refused(lambda: define(imported=False)))
    assert [item.name for item in define(imported=True).inputs] == ["hours"]


def test_column_of_another_table(told, shop):
    """A column of a parent is reached over the relationship, and training reads it by a join."""
    told(refused(lambda: model({"segment": Account.segment})))
    cured = model({"segment": related(Customer.account, Account.segment)})
    assert len(extract(cured, shop).matrix) == 300


def test_unsupported_type(told, shop):
    """What is no number, text or moment is turned into one by a resolver."""
    told(refused(lambda: model({"tags": Customer.tags})))
    cured = model({"seats": resolver(lambda row: row.tags["seats"], type=int, uses=[Customer.tags])})
    assert set(extract(cured, shop).matrix[:, 0]) == {0, 1, 2, 3, 4}


def test_date_is_no_number(told, shop):
    """What counts of a moment is said by a transform."""
    told(refused(lambda: model({"joined_at": Customer.joined_at})))
    cured = model({"tenure": days_since(Customer.joined_at), "hour": hour_of(Customer.joined_at)})
    assert extract(cured, shop).matrix.shape == (300, 2)


def test_task_needed(told):
    """A label of text says by ``task=`` whether it is one of two or of several."""
    told(refused(lambda: model(label=Customer.grade)))
    assert model(label=Customer.grade, task="multiclass").task == "multiclass"


def test_positive_needed(told):
    """The label whose probability is predicted is said by ``positive=``."""
    told(refused(lambda: model(label=Customer.plan, task="binary")))
    assert model(label=Customer.plan, task="binary", positive=Plan.GOLD).positive == "GOLD"


def test_binary_with_three_labels(told, shop, empty):
    """Three labels are a multiclass task, or two by a comparison."""
    told(refused(lambda: trained(model(label=Customer.grade, task="binary", positive="high"), shop, empty)))
    compared = trained(model(label=Customer.grade == "high"), shop, empty)
    several = trained(model(label=Customer.grade, task="multiclass", name="grade"), shop, empty)
    assert (compared.manifest.classes, several.manifest.classes) == ((False, True), ("high", "low", "mid"))


def test_undeclared_attribute(told, shop):
    """A resolver sees the columns that ``uses=`` names, and no other."""
    told(refused(lambda: extract(model({"domain": resolver(domain, type=str, uses=[Customer.country])}), shop)))
    cured = extract(model({"domain": resolver(domain, type=str, uses=[Customer.email])}), shop)
    assert set(cured.categories[0]) == {"a.org", "b.org"}


def test_resolver_raised(told, shop):
    """A resolver that lets a missing value be missing serves every row."""
    told(refused(lambda: extract(model({"decade": resolver(lambda row: row.age // 10, type=int, uses=[Customer.age])}), shop)))
    cured = resolver(lambda row: None if row.age is None else row.age // 10, type=int, uses=[Customer.age])
    assert len(extract(model({"decade": cured}), shop).matrix) == 300


def test_bare_function(told):
    """A function is wrapped, so that its type and its columns are known."""
    told(refused(lambda: model({"domain": domain})))
    assert model({"domain": resolver(domain, type=str, uses=[Customer.email])}).resolvers.keys() == {"domain"}


def test_sql_without_type(told, shop):
    """SQL of a function that SQLAlchemy does not know says its type."""
    average = select(func.avg_of(Order.amount)).where(Order.customer_id == Customer.id).scalar_subquery()
    told(refused(lambda: model({"mean": expression(average)})))
    typed = select(func.avg(Order.amount, type_=Float)).where(Order.customer_id == Customer.id).scalar_subquery()
    assert len(extract(model({"mean": expression(typed)}), shop).matrix) == 300


def test_hybrid_property(told, shop):
    """A hybrid is SQL, and is wrapped as such."""
    told(refused(lambda: model({"adult": Customer.is_adult})))
    assert len(extract(model({"adult": expression(Customer.is_adult)}), shop).matrix) == 300


def test_name_of_an_attribute(told, shop):
    """A computed feature has a name of its own."""
    count = expression(select(func.count(Order.id)).where(Order.customer_id == Customer.id).scalar_subquery())
    told(refused(lambda: model({"orders": count})))
    assert set(extract(model({"order_count": count}), shop).matrix[:, 0]) == {2.0}


def test_python_is_none(told, shop):
    """What Python's ``is None`` decides before SQL sees it is written with ``is_``."""
    told(refused(lambda: model(where=Customer.age is not None)))
    assert len(extract(model(where=Customer.age.is_not(None)), shop).matrix) == 300 - 300 // 7


def test_output_is_a_column(told):
    """A predicted field has a name that the table does not."""
    told(refused(lambda: define_model(Customer, output="churned", label=Customer.churned, features={"age": Customer.age})))
    assert define_model(Customer, output="churns", label=Customer.churned, features={"age": Customer.age}).output == "churns"


def test_number_beyond_a_float(told, shop):
    """A long number that names something is a category, or no feature."""
    told(refused(lambda: extract(model({"phone": Customer.phone, "age": Customer.age}), shop)))
    assert extract(model({"age": Customer.age}), shop).matrix.shape == (300, 1)
    assert len(extract(model({"phone": Feature(Customer.phone, categorical=True)}), shop).categories[0]) == 300


def test_resolver_changed(told, shop, empty):
    """A resolver with other code does not serve the version; training again, or a ``version=`` that stays, does."""
    first = model({"domain": resolver(domain, type=str, uses=[Customer.email]), "age": Customer.age})
    trained(first, shop, empty)
    shorter = resolver(lambda row: row.email.split("@")[1], type=str, uses=[Customer.email])
    told(refused(lambda: model({"domain": shorter, "age": Customer.age}).load(registry=empty)))
    trained(model({"domain": shorter, "age": Customer.age}), shop, empty)
    assert model({"domain": shorter, "age": Customer.age}).load(registry=empty, refresh=None).health().version == 2
