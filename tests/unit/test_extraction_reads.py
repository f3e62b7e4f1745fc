"""What the features of a definition read, by column; and when a column has become another one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    create_engine,
    func,
    select,
    types,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

from prisml.definition import days_since, define_model, difference, related, resolver
from prisml.extraction.reads import reads_of
from prisml.extraction.reflected import Schema
from prisml.extraction.spelling import is_retyped, spell
from prisml.manifest import Read, read_manifest
from tests.artifacts import make_artifact
from tests.support import shop
from tests.support.customers import Account, Customer
from tests.support.shop import Agent


def columns(**features) -> dict[str, tuple[str, ...]]:
    """What the features read: by column, the features."""
    definition = define_model(Customer, output="p", label=Customer.churned, name="c", features=features)
    return {f"{read.table}.{read.column}": read.features for read in reads_of(definition)}


def test_each_column_is_there_with_its_features():
    """Own columns, those of transforms and of resolvers by their names in the table; not the label's, nor the key where none reads it."""
    found = columns(
        age=Customer.age,
        tenure=days_since(Customer.joined_at),
        gap=difference(Customer.age, Customer.spent),
        mail=resolver(lambda c: c.email, type=str, uses=[Customer.email, Customer.number]),
    )
    assert found == {
        "customers.age": ("age", "gap"),
        "customers.customer_no": ("mail",),
        "customers.email": ("mail",),
        "customers.joined_at": ("tenure",),
        "customers.spent": ("gap",),
    }


def test_a_relationships_columns_are_read_by_the_features_over_it():
    """Two relationships to one table are told apart by their foreign keys; the target's key is read by both."""
    found = columns(
        segment=related(Customer.account, Account.segment),
        payer=related(Customer.payer, Account.segment),
        referrer=related(Customer.referrer, Customer.age),
    )
    assert found == {
        "accounts.id": ("payer", "segment"),
        "accounts.segment": ("payer", "segment"),
        "customers.account_id": ("segment",),
        "customers.age": ("referrer",),
        "customers.customer_no": ("referrer",),
        "customers.payer_id": ("payer",),
        "customers.referrer_no": ("referrer",),
    }


def test_columns_inside_a_subquery_come_along():
    """A feature that is mapped as a subquery reads the columns within it, conditions included."""

    class Base(DeclarativeBase):
        pass

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        amount: Mapped[int]
        buyer_id: Mapped[int]
        note: Mapped[str]

    class Buyer(Base):
        __tablename__ = "buyers"
        id: Mapped[int] = mapped_column(primary_key=True)
        age: Mapped[int]
        left: Mapped[bool]

    orders = select(func.count(Order.id)).where(Order.buyer_id == Buyer.id, Order.amount > 3)
    Buyer.bought = column_property(orders.correlate_except(Order).scalar_subquery())
    features = {"bought": Buyer.bought, "age": Buyer.age}
    definition = define_model(Buyer, output="p", label=Buyer.left, name="c", features=features)
    found = {f"{read.table}.{read.column}": read.features for read in reads_of(definition)}
    assert found.pop("buyers.age") == ("age",)
    assert found == dict.fromkeys(("buyers.id", "orders.amount", "orders.buyer_id", "orders.id"), ("bought",))


def test_inherited_columns_stand_with_their_own_table():
    """With joined inheritance each column belongs to the table that holds it, and the join of the two is read."""
    definition = define_model(Agent, output="p", label=Agent.churned, name="c", features={"age": Agent.age})
    assert [f"{read.table}.{read.column}" for read in reads_of(definition)] == ["agents.agent_id", "customers.age", "customers.customer_id"]


def test_the_order_is_that_of_tables_and_columns():
    """The order of features and columns in the definition changes nothing but the features' own order."""
    one = define_model(Customer, output="p", label=Customer.churned, name="c", features={"a": Customer.age, "b": Customer.spent})
    other = define_model(Customer, output="p", label=Customer.churned, name="c", features={"b": Customer.spent, "a": Customer.age})
    assert reads_of(one) == reads_of(other)


@pytest.mark.parametrize(
    ("kind", "spelled"),
    [
        (Integer(), "integer"),
        (BigInteger(), "integer"),
        (Boolean(), "boolean"),
        (mysql.TINYINT(1), "boolean"),
        (String(20), "string(20)"),
        (Text(), "string"),
        (Numeric(10, 2), "numeric(10, 2)"),
        (Numeric(), "numeric"),
        (Double(), "float"),
        (Enum("a", name="e"), "enum"),
        (postgresql.ENUM("a", name="e"), "enum"),
        (Uuid(), "uuid"),
        (Interval(), "interval"),
        (Date(), "date"),
        (DateTime(), "datetime"),
        (DateTime(timezone=True), "datetime with time zone"),
        (shop.Cents(), "integer"),
        (postgresql.INET(), "inet"),
        (types.NullType(), "unknown"),
    ],
    ids=str,
)
def test_a_type_is_spelled_alike_for_every_database(kind: types.TypeEngine, spelled: str):
    """A family, with sizes where they are said; decorators count as what they decorate, dialects' own types as their family."""
    assert spell(kind) == spelled


SIZES = st.integers(1, 60)


@given(before=SIZES, more=st.integers(0, 60), scale=st.integers(0, 20))
def test_more_room_is_no_change_and_less_is(before: int, more: int, scale: int):
    """A longer text and a number with more digits hold all that the shorter held; the other way round something may be cut."""
    wide = before + more
    pairs = [(f"string({before})", f"string({wide})"), (f"numeric({before + scale}, {scale})", f"numeric({wide + scale}, {scale})")]
    for small, large in pairs:
        for dialect in (None, "postgresql"):
            assert not is_retyped(small, large, dialect=dialect)
            assert is_retyped(large, small, dialect=dialect) == (more > 0)
    assert is_retyped(f"numeric({wide + scale}, {scale})", f"numeric({wide + scale}, {scale + 1})"), "a digit before the point is gone"
    assert not is_retyped(f"string({before})", "string")
    assert is_retyped("string", f"string({before})")


@given(
    st.lists(
        st.sampled_from((Integer(), Boolean(), String(7), Text(), Numeric(8, 3), Double(), Date(), DateTime(), Enum("x", "y"), Uuid())),
        min_size=1,
        max_size=6,
    )
)
def test_what_sqlalchemy_makes_of_a_type_is_no_change_of_it(kinds: list[types.TypeEngine]):
    """A table that SQLAlchemy created fits its own mapping when it is reflected, and a text never passes for a number."""
    table = Table("t", MetaData(), *(Column(f"c{place}", kind) for place, kind in enumerate(kinds)))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        stored = Schema(connection).table("t")
        for column in table.columns:
            assert not is_retyped(spell(column.type), stored.columns[column.name].read.type, dialect="sqlite")
            assert is_retyped(spell(column.type), "json", dialect="sqlite")
    engine.dispose()


def test_a_manifest_without_the_key_is_read_as_before():
    """A manifest of an older release, which knows no ``reads``, is read under its own digest; one with them comes back as it was."""
    artifact = make_artifact()
    document = json.loads(artifact.manifest_text)
    del document["reads"]
    assert read_manifest(json.dumps(document)) == artifact.manifest
    read = Read(table="t", column="c", type="enum", values=("a",), nullable=True, references="u.id", features=("f",), unlike=("type",))
    kept = artifact.manifest.model_copy(update={"reads": (read,)})
    assert read_manifest(kept.to_json()) == kept
    assert kept.format == 1
