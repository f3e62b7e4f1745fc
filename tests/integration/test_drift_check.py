"""``prisml check`` against the active version: what drifted is named, with its features, and what did not never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Engine,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    Unicode,
    Uuid,
    create_engine,
    text,
    types,
)
from sqlalchemy.pool import NullPool

from prisml.commands.check import Checked, check
from prisml.commands.train import train
from prisml.extraction.reads import describe
from prisml.extraction.reflected import Schema, observed
from prisml.manifest import read_manifest
from prisml.registry import Artifact, Registry
from tests.support.drifting import READ, define, fill, store, tables
from tests.support.shop import Cents, Lower


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The shop, filled."""
    engine = create_engine(database_url, poolclass=NullPool)
    fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


def migrate(database: Engine, change: Callable[[Operations], object]) -> None:
    """Do to the database what Alembic does for that operation."""
    with database.connect() as connection, connection.begin():
        change(Operations(MigrationContext.configure(connection)))


def batch(change: Callable[[Any], object], table: str = "customers") -> Callable[[Operations], None]:
    """The operation in batch mode, which SQLite needs."""

    def run(op: Operations) -> None:
        with op.batch_alter_table(table) as inner:
            change(inner)

    return run


def drifted(checked: Checked) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What was found to have drifted, by subject: the detail and the features."""
    return {
        each.subject: (each.detail, each.features) for each in checked.findings if each.drifted and not each.subject.startswith("version")
    }


def refer(table: str) -> Callable[[Any], None]:
    """A foreign key that leads to another table."""

    def run(inner: Any) -> None:
        inner.drop_constraint("fk_account", type_="foreignkey")
        inner.create_foreign_key("fk_person", table, ["account_id"], ["id"])

    return run


UNRELATED: dict[str, Callable[[Operations], object]] = {
    "a new column": lambda op: op.add_column("customers", Column("height", Integer)),
    "a new table": lambda op: op.create_table("orders", Column("id", Integer, primary_key=True)),
    "a column that nothing reads is dropped": batch(lambda inner: inner.drop_column("notes")),
    "a column that nothing reads is retyped": batch(lambda inner: inner.alter_column("notes", type_=Text(), existing_type=String(50))),
    "an index": lambda op: op.create_index("ix_age", "customers", ["age"]),
    "more room": batch(lambda inner: inner.alter_column("city", type_=String(40), existing_type=String(20), existing_nullable=False)),
}
DRIFTS: dict[str, tuple[Callable[[Operations], object], str, str, tuple[str, ...]]] = {
    "nullable": (
        batch(lambda inner: inner.alter_column("age", nullable=True, existing_type=Integer())),
        "column customers.age",
        "may be NULL in the database, and was NOT NULL when version 1 was trained",
        ("age",),
    ),
    "retyped": (
        batch(lambda inner: inner.alter_column("spent", type_=Integer(), existing_type=Numeric(10, 2), existing_nullable=False)),
        "column customers.spent",
        "is integer in the database, and was numeric(10, 2) when version 1 was trained",
        ("spent",),
    ),
    "shortened": (
        batch(lambda inner: inner.alter_column("city", type_=String(10), existing_type=String(20), existing_nullable=False)),
        "column customers.city",
        "is string(10) in the database, and was string(20) when version 1 was trained",
        ("initial",),
    ),
    "foreign key": (
        batch(refer("people")),
        "column customers.account_id",
        "references people.id in the database, and referenced accounts.id when version 1 was trained",
        ("plan",),
    ),
}


@pytest.mark.parametrize("name", UNRELATED)
def test_what_no_feature_reads_never_trips_it(database: Engine, registry: Registry, name: str):
    """A change of what no feature reads, or that gives more room, passes: the version is said to fit."""
    with database.connect() as connection:
        store(registry, connection)
    migrate(database, UNRELATED[name])
    checked = check(define(), database=database, registry=registry)
    assert checked.passed, checked.findings
    assert (checked.version, checked.drifted) == (1, False)
    assert "version 1" in {each.subject for each in checked.findings}


@pytest.mark.parametrize("name", DRIFTS)
def test_what_a_feature_reads_is_named_with_the_feature(database: Engine, registry: Registry, name: str):
    """A column that became nullable, retyped, shorter or led elsewhere in the database alone is named with the features that read it."""
    change, subject, detail, features = DRIFTS[name]
    with database.connect() as connection:
        store(registry, connection)
    migrate(database, change)
    checked = check(define(), database=database, registry=registry)
    assert drifted(checked) == {subject: (detail, features)}
    assert not checked.passed


def test_a_column_that_is_gone_is_named_with_the_one_that_it_may_be_now(database: Engine, registry: Registry):
    """A dropped column is named, and a renamed one with the new column of its type; the version is said to have drifted."""
    with database.connect() as connection:
        store(registry, connection)
    migrate(database, batch(lambda inner: inner.drop_column("age")))
    migrate(database, batch(lambda inner: inner.alter_column("city", new_column_name="town", existing_type=String(20))))
    checked = check(define(), database=database, registry=registry)
    found = {each.subject: each for each in checked.findings if not each.passed}
    assert set(found) == {"column customers.age", "column customers.city", "version 1"}
    assert found["column customers.age"].features == ("age",)
    assert (found["column customers.city"].hint, found["column customers.city"].features) == (
        "Did you mean town, of the same type?",
        ("initial",),
    )
    assert checked.drifted


def test_other_values_of_an_enumeration_are_named(database: Engine, registry: Registry):
    """A value that the database's enumeration gained is named; SQLite knows none, and says nothing."""
    with database.connect() as connection:
        store(registry, connection)
    words = {
        "postgresql": "ALTER TYPE segment ADD VALUE 'huge'",
        "mysql": "ALTER TABLE customers MODIFY segment ENUM('small', 'large', 'huge') NOT NULL",
        "sqlite": "SELECT 1",
    }
    with database.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(words[database.dialect.name]))
    found = drifted(check(define(), database=database, registry=registry))
    detail = "has the values 'small', 'large', 'huge' in the database, and had 'small', 'large' when version 1 was trained"
    assert found == ({} if database.dialect.name == "sqlite" else {"column customers.segment": (detail, ("segment",))})


def test_training_keeps_what_its_features_read_and_a_check_behind_it_passes(database: Engine, registry: Registry):
    """A trained version holds each column of its features once, not the label's nor the key, and nothing that was otherwise."""
    definition = define()
    trained = train(definition, database=database, registry=registry)
    assert trained.version is not None
    reads = read_manifest(registry.manifest_text(trained.version)).reads or ()
    assert tuple(f"{read.table}.{read.column}" for read in reads) == READ
    by_column = {f"{read.table}.{read.column}": read for read in reads}
    assert all(read.unlike == () for read in reads)
    assert by_column["customers.account_id"].model_dump() == {
        "table": "customers",
        "column": "account_id",
        "type": "integer",
        "values": None,
        "nullable": True,
        "references": "accounts.id",
        "features": ("plan",),
        "unlike": (),
    }
    assert (by_column["customers.segment"].type, by_column["customers.segment"].values) == ("enum", ("small", "large"))
    assert (by_column["customers.spent"].type, by_column["customers.city"].type) == ("numeric(10, 2)", "string(20)")
    assert check(definition, database=database, registry=registry).passed


def test_what_was_not_as_mapped_from_the_beginning_is_no_drift(database: Engine, registry: Registry):
    """Where the database differed from the mapping when the version was trained, that is kept, and never told as a change."""
    for change, *_ in DRIFTS.values():
        migrate(database, change)
    definition = define()
    trained = train(definition, database=database, registry=registry)
    assert trained.version is not None
    unlike = {read.column: read.unlike for read in read_manifest(registry.manifest_text(trained.version)).reads or () if read.unlike}
    assert unlike == {"age": ("nullable",), "spent": ("type",), "city": ("type",), "account_id": ("references",)}
    assert check(definition, database=database, registry=registry).passed


MAPPINGS: dict[str, tuple[Callable[[], Column[Any]], str]] = {
    "age": (lambda: Column("age", Integer, nullable=True), "may be NULL in the mapping, and was NOT NULL when version 1 was trained"),
    "city": (
        lambda: Column("city", String(10), nullable=False),
        "is string(10) in the mapping, and was string(20) when version 1 was trained",
    ),
    "segment": (
        lambda: Column("segment", Enum("large", "tiny", name="segment"), nullable=False),
        "has the values 'large', 'tiny' in the mapping, and had 'small', 'large' when version 1 was trained",
    ),
    "account_id": (
        lambda: Column("account_id", Integer, ForeignKey("people.id")),
        "references people.id in the mapping, and referenced accounts.id when version 1 was trained",
    ),
}


@pytest.mark.parametrize("column", MAPPINGS)
def test_a_mapping_that_changed_is_told(tmp_path: Path, registry: Registry, column: str):
    """What the mapping alone says otherwise than it did is named, and where it is."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    fill(engine)
    store(registry)
    changed, detail = MAPPINGS[column]
    checked = check(define(tables(**{column: changed()})), database=engine, registry=registry)
    assert drifted(checked)[f"column customers.{column}"][0] == detail
    assert len(drifted(checked)) == 1


def test_a_definition_that_changed_is_told(tmp_path: Path, registry: Registry):
    """Other features than the version's, and a column that is mapped no more, are named; without an active version nothing is said."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    fill(engine)
    other = define(tables(age=None, years=Column("years", Integer)), city="city", segment="segment")
    silent = check(other, database=engine, registry=registry)
    assert (silent.passed, silent.version, silent.drifted) == (True, None, False)
    store(registry)
    found = drifted(check(other, database=engine, registry=registry))
    assert "does not fit the version: What 'age', 'city', 'segment' reads" in found["definition"][0]
    assert found["column customers.age"] == ("is not mapped any more, and version 1 reads it", ("age",))


def test_a_version_without_an_account_of_its_columns_is_compared_by_its_definition(tmp_path: Path, registry: Registry):
    """Of a version by an older release only the definition is compared, and that is said."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    fill(engine)
    store(registry)
    version = registry.active("churn")
    old = registry.artifact("churn").manifest.model_copy(update={"reads": None})
    assert version.digest != old.digest
    registry.publish(Artifact(old.to_json(), registry.artifact("churn").onnx))
    migrate(engine, DRIFTS["nullable"][0])
    checked = check(define(), database=engine, registry=registry)
    assert checked.passed
    assert "keeps no account" in next(each.detail for each in checked.findings if each.subject == "version 2")


KINDS: tuple[types.TypeEngine[Any], ...] = (
    *(BigInteger(), SmallInteger(), Boolean(), Float(), Double(), Numeric(12, 3), Numeric(), Cents()),
    *(String(7), Lower(9), Text(), Unicode(5), Enum("a", "b", name="letters"), Enum("x", "y", name="loose", native_enum=False)),
    *(Date(), DateTime(), DateTime(timezone=True), Time(), Uuid(), LargeBinary(), JSON()),
)


def test_every_type_that_sqlalchemy_makes_is_as_mapped(database_url: str):
    """A table that was created from its mapping is in no aspect unlike it, whichever the types and the database."""
    engine = create_engine(database_url, poolclass=NullPool)
    columns = [Column(f"c{place}", kind, nullable=bool(place % 2)) for place, kind in enumerate(KINDS)]
    table = Table("kinds", MetaData(), Column("id", Integer, primary_key=True), *columns)
    with engine.begin() as connection:
        table.create(connection)
        found = observed(tuple(map(describe, table.columns)), connection)
    assert {f"{read.column} {read.type}": read.unlike for read in found if read.unlike} == {}
    assert len(found) == len(KINDS) + 1


def test_tables_in_a_schema_are_told_by_their_whole_name(postgresql_url: str, registry: Registry):
    """With a schema the table's whole name is kept and told, and a table of the same name elsewhere is another one."""
    engine = create_engine(postgresql_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA shop"))
    fill(engine, metadata=tables("shop"))
    fill(engine)
    definition = define(tables("shop"))
    with engine.connect() as connection:
        store(registry, connection, definition)
    reads = registry.artifact("churn").manifest.reads or ()
    assert tuple(f"{read.table}.{read.column}" for read in reads) == tuple(f"shop.{place}" for place in READ)
    assert all(read.unlike == () for read in reads)
    migrate(engine, lambda op: op.drop_column("customers", "age"))
    assert check(definition, database=engine, registry=registry).passed
    migrate(engine, lambda op: op.alter_column("customers", "age", nullable=True, schema="shop"))
    assert list(drifted(check(definition, database=engine, registry=registry))) == ["column shop.customers.age"]


def test_a_dot_in_a_tables_name_is_no_schema(tmp_path: Path):
    """A table whose name has a dot is found under that name."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    with engine.begin() as connection:
        Table("shop.accounts", MetaData(), Column("id", Integer), Column("plan", String(20))).create(connection)
        found = Schema(connection).table("shop.accounts")
    assert found is not None
    assert set(found.columns) == {"id", "plan"}
