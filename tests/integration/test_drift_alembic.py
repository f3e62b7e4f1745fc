"""Pending revisions of real Alembic projects: what they would break is told before, and is what they break when they are applied."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from prisml.commands import pending
from prisml.commands.check import check
from prisml.commands.migrations import Migrations
from prisml.commands.pending import check_pending, watched_by
from prisml.errors import ConfigurationError
from prisml.registry import Registry
from tests.support.console import alone, prisml_with
from tests.support.drifting import define, fill, store
from tests.support.revisions import Project


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry."""
    return Registry(f"sqlite:///{tmp_path / 'registry.db'}")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The shop, filled."""
    engine = create_engine(database_url, poolclass=NullPool)
    fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    """The shop on SQLite."""
    engine = create_engine(sqlite_url, poolclass=NullPool)
    fill(engine, rows=20)
    yield engine
    engine.dispose()


def judged(project: Project, database: Engine, registry: Registry, place: Path | None = None) -> Migrations:
    """What the pending revisions would do to the model."""
    return check_pending(place or project.ini, database=database, watched=[watched_by(define(), registry)])


def told(migrations: Migrations) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """What would break: revision, operation, column and features."""
    return [(each.revision, each.operation, each.column, each.features) for each in migrations.broken]


BATCH = "with op.batch_alter_table('customers') as batch:\n    "
BREAKING: dict[str, tuple[str, str, str, str]] = {
    "drop": (f"{BATCH}batch.drop_column('age')", "drop_column", "customers.age", "is dropped"),
    "rename": (
        f"{BATCH}batch.alter_column('city', new_column_name='town', existing_type=sa.String(20), existing_nullable=False)",
        "alter_column",
        "customers.city",
        "is renamed to 'town'",
    ),
    "retype": (
        f"{BATCH}batch.alter_column('spent', type_=sa.Integer(), existing_type=sa.Numeric(10, 2), existing_nullable=False)",
        "alter_column",
        "customers.spent",
        "is integer, and was numeric(10, 2)",
    ),
    "loosen": (
        f"{BATCH}batch.alter_column('age', nullable=True, existing_type=sa.Integer())",
        "alter_column",
        "customers.age",
        "may be NULL, and was NOT NULL",
    ),
    "refer": (
        f"{BATCH}batch.drop_constraint('fk_account', type_='foreignkey'); batch.create_foreign_key('p', 'people', ['account_id'], ['id'])",
        "create_foreign_key",
        "customers.account_id",
        "references people.id, and referenced accounts.id",
    ),
    "swap": (
        f"{BATCH}batch.drop_column('age')\n{BATCH}batch.add_column(sa.Column('age', sa.String(9)))",
        "add_column",
        "customers.age",
        "is string(9), and was integer",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_a_revision_would_break_is_what_it_breaks(tmp_path: Path, database: Engine, registry: Registry, name: str):
    """The revision is named before it is applied, nothing having been changed; once applied, the check finds that very column."""
    body, operation, column, detail = BREAKING[name]
    with database.connect() as connection:
        store(registry, connection)
    project = Project(tmp_path, database)
    project.revision("first", "op.add_column('customers', sa.Column('height', sa.Integer()))")
    project.revision(name, body)
    project.revision("last", "op.create_index('ix_notes', 'customers', ['notes'])")
    before = judged(project, database, registry)
    assert (before.current, before.pending) == ((), ("first", name, "last"))
    assert before.broken[0].detail == detail
    assert {(revision, op, place) for revision, op, place, _ in told(before)} == {(name, operation, column)}
    assert before.unseen == ()
    assert "height" not in {each["name"] for each in inspect(database).get_columns("customers")}
    assert check(define(), database=database, registry=registry).passed
    project.upgrade()
    after = judged(project, database, registry)
    assert (after.current, after.pending, after.broken) == (("last",), (), ())
    found = check(define(), database=database, registry=registry)
    wrong = {each.subject: each.features for each in found.findings if not each.passed and each.subject.startswith("column")}
    assert wrong == {f"column {column}": before.broken[0].features}


def test_what_nothing_reads_never_trips_it(tmp_path: Path, database: Engine, registry: Registry):
    """New columns and tables, other tables' columns, indexes, comments, rows, and a column renamed to and fro break nothing."""
    with database.connect() as connection:
        store(registry, connection)
    project = Project(tmp_path, database)
    project.revision("add", "op.add_column('customers', sa.Column('age2', sa.Integer()))\nop.create_index('ix', 'customers', ['age'])")
    project.revision("table", "made = op.create_table('age', sa.Column('age', sa.Integer()))\nop.bulk_insert(made, [{'age': 1}])")
    project.revision("drop", f"{BATCH}batch.drop_column('notes')")
    project.revision("people", "op.rename_table('people', 'persons')\nop.drop_table('persons')")
    project.revision(
        "widen", f"{BATCH}batch.alter_column('city', type_=sa.String(90), existing_type=sa.String(20), existing_nullable=False)"
    )
    moved = "batch.alter_column('{}', new_column_name='{}', existing_type=sa.Integer(), existing_nullable=False)"
    project.revision("fro", f"{BATCH}{moved.format('age', 'x')}\n{BATCH}{moved.format('x', 'age')}")
    again = "batch.create_foreign_key('fk_account', 'accounts', ['account_id'], ['id'])"
    project.revision("again", f"{BATCH}batch.drop_constraint('fk_account', type_='foreignkey')\n    {again}")
    migrations = judged(project, database, registry)
    assert len(migrations.pending) == 7
    assert (migrations.broken, migrations.unseen) == ((), ())
    project.upgrade()
    assert check(define(), database=database, registry=registry).passed


def test_operations_outside_of_batch_mode_are_judged_alike(tmp_path: Path, sqlite: Engine, registry: Registry):
    """The plain operations say what batch mode says, whole tables included; each column is told once, with all its features."""
    store(registry)
    project = Project(tmp_path, sqlite)
    project.revision("a", "op.drop_column('customers', 'age')")
    project.revision("b", "op.alter_column('customers', 'segment', type_=sa.Enum('small', 'large', 'huge', name='segment'))")
    project.revision("c", "op.drop_constraint('fk_account', 'customers')")
    project.revision("d", "op.rename_table('accounts', 'konten')")
    project.revision("e", "op.drop_table('customers')")
    assert told(judged(project, sqlite, registry)) == [
        ("a", "drop_column", "customers.age", ("age",)),
        ("b", "alter_column", "customers.segment", ("segment",)),
        ("c", "drop_constraint", "customers.account_id", ("plan",)),
        ("d", "rename_table", "accounts.id", ("plan",)),
        ("d", "rename_table", "accounts.plan", ("plan",)),
        ("e", "drop_table", "customers.account_id", ("plan",)),
        ("e", "drop_table", "customers.city", ("initial",)),
        ("e", "drop_table", "customers.segment", ("segment",)),
        ("e", "drop_table", "customers.spent", ("spent",)),
    ]


def test_a_table_that_is_made_anew_is_followed(tmp_path: Path, sqlite: Engine, registry: Registry):
    """A copy that takes the table's name is judged by its own columns: what it has as before breaks nothing."""
    store(registry)
    project = Project(tmp_path, sqlite)
    columns = (
        "sa.Column('id', sa.Integer, primary_key=True), sa.Column('age', sa.Integer, nullable=False), "
        "sa.Column('segment', sa.Enum('small', 'large', name='s'), nullable=False), sa.Column('spent', sa.Numeric(10, 2), nullable=False), "
        "sa.Column('churned', sa.Boolean), sa.Column('account_id', sa.Integer, sa.ForeignKey('accounts.id'))"
    )
    body = f"op.create_table('copy', {columns})\nop.drop_table('customers')\nop.rename_table('copy', 'customers')"
    project.revision("copy", body)
    (broken,) = judged(project, sqlite, registry).broken
    assert (broken.column, broken.operation, broken.detail) == ("customers.city", "drop_table", "goes with its table")


HIDDEN: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "execute": ("op.execute('ALTER TABLE customers DROP COLUMN age')\nop.execute(sa.text('SELECT 1'))", "op.execute", (12, 13)),
    "batch": (f"{BATCH}batch.execute('DROP TABLE customers')", "op.execute", (13,)),
    "bind": ("bind = op.get_bind()\nfor row in bind.execute(sa.text('SELECT 1')):\n    print(row.s3cret)", "op.get_bind", (12,)),
    "context": ("op.get_context().execute('DROP TABLE customers')", "SQL past the operations", (12,)),
    "connection": ("op.get_context().bind.execute(sa.text('DROP TABLE customers'))", "SQL past the operations", (12,)),
    "autocommit": ("with op.get_context().autocommit_block():\n    op.execute('VACUUM')", "op.execute", (13,)),
    "enum": ("sa.Enum('a', name='e').create(op.get_bind())", "op.get_bind", (12,)),
    "inspector": ("for each in sa.inspect(op.get_bind()).get_columns('customers'):\n    print(each['name'])", "op.get_bind", (12,)),
    "backfill": (
        "bind = op.get_bind()\nwhile True:\n    rows = bind.execute(sa.text('SELECT 1')).fetchall()\n    if not rows:\n        break",
        "op.get_bind",
        (12,),
    ),
    "waits": (
        "while not op.get_bind().scalar(sa.text('SELECT 1')):\n    pass\n",
        "all behind a TimeoutError that upgrade() raises without a database",
        (12,),
    ),
    "raises": ("op.get_bind().scalar(sa.text('SELECT 1')) + 1", "all behind a TypeError that upgrade() raises without a database", (12,)),
    "unnamed": (
        "op.drop_constraint('fk_customers', 'customers', type_='foreignkey')",
        "drop_constraint of a key that the database does not name",
        (12,),
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_cannot_be_analysed_is_never_passed_over(tmp_path: Path, sqlite: Engine, registry: Registry, name: str):
    """SQL and connections past the operations are reported by revision and line, do nothing, and hide no operation beside them."""
    body, what, lines = HIDDEN[name]
    store(registry)
    project = Project(tmp_path, sqlite)
    project.revision(name, f"op.drop_column('customers', 'age')\n{body}")
    migrations = judged(project, sqlite, registry)
    assert told(migrations) == [(name, "drop_column", "customers.age", ("age",))]
    found = {each.what: each.lines for each in migrations.unseen}
    assert found[what] == tuple(line + 1 for line in lines)
    assert {each.revision for each in migrations.unseen} == {name}
    assert "age" in {each["name"] for each in inspect(sqlite).get_columns("customers")}


def test_branches_and_merges_are_judged_in_the_order_of_application(tmp_path: Path, sqlite: Engine, registry: Registry):
    """Both branches behind the database's revision are pending, up to all heads; what is applied already is not asked again."""
    store(registry)
    project = Project(tmp_path, sqlite)
    project.revision("root", "op.add_column('customers', sa.Column('height', sa.Integer()))")
    project.upgrade()
    project.revision("left", "op.drop_column('customers', 'age')", down="root")
    project.revision("right", "op.drop_column('customers', 'notes')", down="root")
    assert told(judged(project, sqlite, registry)) == [("left", "drop_column", "customers.age", ("age",))]
    project.revision("merge", "pass", down=("left", "right"))
    project.revision("behind", "op.alter_column('customers', 'city', nullable=True)")
    migrations = judged(project, sqlite, registry)
    assert migrations.current == ("root",)
    assert set(migrations.pending[:2]) == {"left", "right"}
    assert migrations.pending[2:] == ("merge", "behind")
    assert [each[0] for each in told(migrations)] == ["left", "behind"]
    project.upgrade("right")
    assert judged(project, sqlite, registry).pending == ("left", "merge", "behind")


def test_the_version_table_of_env_py_is_looked_at(tmp_path: Path, sqlite: Engine, registry: Registry):
    """Where env.py names another table for the database's revision, that one is read."""
    store(registry)
    project = Project(tmp_path, sqlite, options=", version_table='our_revisions'")
    project.revision("first", "op.add_column('customers', sa.Column('height', sa.Integer()))")
    project.upgrade()
    assert judged(project, sqlite, registry).current == ("first",)
    assert judged(project, sqlite, registry, project.scripts).current == ("first",)
    assert judged(project, sqlite, registry, tmp_path).current == ("first",)


def test_without_an_active_version_the_definition_is_watched(tmp_path: Path, sqlite: Engine, registry: Registry):
    """Before anything was trained, what the definition reads must not break."""
    project = Project(tmp_path, sqlite)
    project.revision("a", "op.drop_column('customers', 'age')\nop.drop_column('customers', 'churned')")
    watched = watched_by(define(), registry)
    assert watched.version is None
    assert told(judged(project, sqlite, registry)) == [("a", "drop_column", "customers.age", ("age",))]


def test_a_project_that_cannot_be_used_is_a_configuration_error(
    tmp_path: Path, sqlite: Engine, registry: Registry, monkeypatch: pytest.MonkeyPatch
):
    """No project, a revision that cannot be imported or is unknown, and an Alembic that is not installed each say what to do."""
    with pytest.raises(ConfigurationError, match="no Alembic project at") as caught:
        check_pending(tmp_path / "absent.ini", database=sqlite, watched=[])
    assert "--alembic=PATH" in str(caught.value)
    project = Project(tmp_path, sqlite)
    project.revision("broken", "pass")
    file = project.scripts / "versions" / "broken.py"
    file.write_text("import nothing_of_that_name\n" + file.read_text())
    with pytest.raises(ConfigurationError, match="ModuleNotFoundError: No module named 'nothing_of_that_name'"):
        judged(project, sqlite, registry)
    file.unlink()
    project.revision("first", "pass", down=())
    with sqlite.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('elsewhere')"))
    with pytest.raises(ConfigurationError, match="elsewhere"):
        judged(project, sqlite, registry)
    monkeypatch.setattr(pending, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        judged(project, sqlite, registry)
    assert caught.value.suggestions == ('pip install "prisml[alembic]"',)


MODEL = """
from tests.support.drifting import define

churn = define()
"""


@pytest.fixture
def folder(tmp_path: Path, sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a definition, its settings, and a stored version in its default registry."""
    alone(tmp_path, monkeypatch)
    (tmp_path / "drifting_shop.py").write_text(MODEL)
    (tmp_path / "pyproject.toml").write_text(f"[tool.prisml]\ndatabase = '{sqlite.url}'\nmodels = ['drifting_shop.py:churn']\n")
    store(Registry("sqlite:///.prisml/registry.db"))
    return tmp_path


def test_the_command_line_names_the_revision_and_ends_with_1(folder: Path, sqlite: Engine):
    """``prisml check --alembic`` shows the table and ends with 1 where a revision would break a model, with 0 where none would."""
    project = Project(folder, sqlite)
    project.revision("first", "op.add_column('customers', sa.Column('height', sa.Integer()))\nprint('loud')")
    fine = prisml_with("check", "--alembic", "--json")
    assert (fine.exit_code, json.loads(fine.stdout)["migrations"]["pending"]) == (0, ["first"])
    project.revision("second", "op.drop_column('customers', 'age')\nop.execute('SELECT 1')")
    shown = prisml_with("check", "--alembic")
    assert shown.exit_code == 1
    assert all(
        word in shown.stdout for word in ("second", "second it", "drop_column", "customers.age", "churn", "not analysed", "op.execute")
    )
    document: dict[str, Any] = json.loads(prisml_with("check", "--alembic=migrations", "--json").stdout)
    assert document["exit_code"] == 1
    assert document["models"][0]["passed"]
    assert document["migrations"] == {
        "current": [],
        "pending": ["first", "second"],
        "broken": [
            {
                "revision": "second",
                "message": "second it",
                "operation": "drop_column",
                "column": "customers.age",
                "detail": "is dropped",
                "model": "churn",
                "features": ["age"],
            }
        ],
        "not_analysed": [{"revision": "second", "message": "second it", "what": "op.execute", "count": 1, "lines": [13]}],
    }
    assert prisml_with("check", "--alembic", "absent.ini").exit_code == 2
    assert prisml_with("check", "--retrain", "--alembic").exit_code == 2
