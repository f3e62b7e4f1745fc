"""Alembic's autogenerate on a database that holds an application's tables and a registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations
from alembic.migration import MigrationContext
from sqlalchemy import Column, Engine, Index, Integer, MetaData, String, Table, create_engine
from sqlalchemy.pool import NullPool

from prisml.registry import Registry, include_object, include_object_and
from prisml.registry.tables import metadata as registry_tables
from tests.artifacts import make_artifact

ENV = """
from alembic import context
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, pool

from prisml.registry import include_object

metadata = MetaData()
Table("customers", metadata, Column("id", Integer, primary_key=True), Column("mail", String(100)))

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata{hook})
    with context.begin_transaction():
        context.run_migrations()
"""
SCRIPT = '"""${message}"""\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    ${upgrades}\n'


@pytest.fixture
def database(database_url: str) -> Engine:
    """A database with one table of an application, with an index, and a registry that holds a version."""
    engine = create_engine(database_url, poolclass=NullPool)
    application().create_all(engine)
    Registry(database_url).publish(make_artifact())
    return engine


def application(*columns: Column[object]) -> MetaData:
    """What the application maps."""
    metadata = MetaData()
    customers = Table("customers", metadata, Column("id", Integer, primary_key=True), Column("mail", String(100)), *columns)
    Index("ix_customers_mail", customers.c.mail)
    return metadata


def proposed(database: Engine, metadata: MetaData, **options: object) -> list[str]:
    """What autogenerate would do, each step in words."""
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        steps = compare_metadata(context, metadata)
    return sorted(f"{step[0]} {step[-1].name}" for step in steps)


def test_nothing_is_proposed_for_the_registry(database: Engine):
    """With ``include_object`` autogenerate proposes nothing in a database that is up to date, the registry's tables being there."""
    assert proposed(database, application(), include_object=include_object) == []


def test_without_it_the_registry_would_be_dropped(database: Engine):
    """Without it autogenerate proposes to drop every table of the registry: that is what the filter is for."""
    steps = proposed(database, application())
    assert {f"remove_table {name}" for name in registry_tables.tables} <= set(steps)


def test_the_applications_own_changes_are_still_proposed(database: Engine):
    """A new column, a table that is gone and a new one are proposed as before."""
    changed = application(Column("age", Integer()))
    Table("orders", changed, Column("id", Integer, primary_key=True))
    with database.begin() as connection:
        Table("leftovers", MetaData(), Column("id", Integer, primary_key=True)).create(connection)
    steps = proposed(database, changed, include_object=include_object)
    assert steps == ["add_column age", "add_table orders", "remove_table leftovers"]


def test_an_own_filter_is_asked_too(database: Engine):
    """``include_object_and`` leaves the registry alone and lets the application's own filter decide about everything else."""
    with database.begin() as connection:
        Table("leftovers", MetaData(), Column("id", Integer, primary_key=True)).create(connection)
    asked: set[str | None] = set()

    def own(item, name, type_, reflected, compare_to):
        asked.add(name)
        return name != "leftovers"

    assert proposed(database, application(), include_object=include_object_and(own)) == []
    assert {"customers", "leftovers"} <= asked
    assert not any(name and name.startswith("prisml_") for name in asked)


def test_a_registry_in_the_applications_metadata_is_left_alone_too(sqlite_url: str):
    """Where somebody reflected the registry's tables into the metadata, autogenerate does not propose to make them."""
    engine = create_engine(sqlite_url, poolclass=NullPool)
    application().create_all(engine)
    metadata = application()
    for table in registry_tables.tables.values():
        table.to_metadata(metadata)
    assert proposed(engine, metadata, include_object=include_object) == []
    assert "add_table prisml_versions" in proposed(engine, metadata)


def test_only_the_prefix_counts():
    """An index, column or constraint goes with its table; what only resembles the prefix is the application's."""
    theirs, own = (Table(name, MetaData(), Column("name", String(9))) for name in ("prisml_versions", "prismlike"))
    for table, included in ((theirs, False), (own, True)):
        assert include_object(table, table.name, "table", True, None) is included
        assert include_object(table.c.name, "name", "column", True, None) is included
        assert include_object(Index("prisml_like", table.c.name), "prisml_like", "index", True, None) is included


def test_operations_can_be_rendered_with_the_filter(database: Engine):
    """The operations that a migration would be written from are none."""
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include_object})
        assert produce_migrations(context, application()).upgrade_ops.is_empty()


@pytest.mark.parametrize("hooked", [True, False], ids=["with", "without"])
def test_a_whole_alembic_project(sqlite_url: str, tmp_path: Path, hooked: bool):
    """``alembic revision --autogenerate`` in a project whose env.py has the hook writes an empty migration; without it, one that drops."""
    engine = create_engine(sqlite_url, poolclass=NullPool)
    Table("customers", MetaData(), Column("id", Integer, primary_key=True), Column("mail", String(100))).create(engine)
    Registry(sqlite_url).publish(make_artifact())
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text(ENV.replace("{hook}", ", include_object=include_object" if hooked else ""))
    (scripts / "script.py.mako").write_text(SCRIPT)
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = {scripts}\nsqlalchemy.url = {sqlite_url}\n")
    command = [sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", "look"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    (written,) = (scripts / "versions").glob("*.py")
    assert ("drop_table('prisml_versions')" in written.read_text()) is not hooked
    assert ("pass" in written.read_text()) is hooked
