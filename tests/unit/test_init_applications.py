"""``prisml init`` in applications of the kinds that people have: what is found, and what the first definition says of it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.docs.console import afresh
from tests.support.console import alone, answer
from tests.support.console import prisml_with as run

TEAMS = """
from datetime import datetime
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    heroes: Mapped[list["Hero"]] = relationship()


class Hero(Base):
    __tablename__ = "heroes"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    joined_at: Mapped[datetime]
"""
FLASK = """
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()
SQLALCHEMY_DATABASE_URI = "sqlite:///app.db"


class User(Base):
    __tablename__ = "user"
    id = Column(Integer, primary_key=True)
    country = Column(String(2))
    cancelled = Column(Boolean)
    posts = relationship("Post")


class Post(Base):
    __tablename__ = "post"
    id = Column(Integer, primary_key=True)
    user_id = Column(Integer, ForeignKey("user.id"))
    created_at = Column(DateTime)
"""
STAFF = """
from datetime import datetime
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Employee(Base):
    __tablename__ = "employees"
    id: Mapped[int] = mapped_column(primary_key=True)
    hired_at: Mapped[datetime]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    reports: Mapped[list["Employee"]] = relationship()


class Engineer(Employee):
    __tablename__ = "engineers"
    id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    resigned: Mapped[bool]
"""
AUTOMAP = """
from sqlalchemy import create_engine
from sqlalchemy.ext.automap import automap_base

Base = automap_base()
{classes}
Base.prepare(autoload_with=create_engine("sqlite:///shop.db"))
Orders = Base.classes.orders
"""
CLASSES = """

class Customer(Base):
    __tablename__ = "customers"

"""
TABLES = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, country VARCHAR(2) NOT NULL, churned BOOLEAN NOT NULL)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, placed_at DATETIME NOT NULL)",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty folder that is the current one; what is imported from it is forgotten."""
    path = list(sys.path)
    with afresh(alone(tmp_path, monkeypatch)):
        yield tmp_path
    sys.path[:] = path


def make_tables(file: Path) -> None:
    """The two tables of a shop in a file of SQLite."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    engine.dispose()


def test_nothing_is_imported_that_is_not_used(folder: Path):
    """A definition that only counts rows does not import what only its remarks name: a linter passes it."""
    (folder / "models.py").write_text(TEAMS)
    assert run("init", "--yes", "--entity", "Team").exit_code == 0
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", "ml.py"], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


def test_the_file_of_flask_is_found_where_flask_puts_it(folder: Path):
    """A relative path that is no file here is one of the folder ``instance``, where Flask-SQLAlchemy makes it."""
    (folder / "models.py").write_text(FLASK)
    (folder / "instance").mkdir()
    create_engine("sqlite:///instance/app.db").connect().close()
    assert run("init", "--yes", "--entity", "User").exit_code == 0
    assert tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["prisml"]["database"] == "sqlite:///instance/app.db"


def test_a_time_that_may_be_missing_is_named(folder: Path):
    """Rows with a time that is nullable are not counted, and the reason names that column."""
    (folder / "models.py").write_text(FLASK)
    assert run("init", "--yes", "--entity", "User").exit_code == 0
    assert (
        "# - posts: a relationship that has rows whose time may be missing: Post.created_at is nullable" in (folder / "ml.py").read_text()
    )


def test_a_relationship_to_the_parent_class_is_one_to_itself(folder: Path):
    """Of a class that inherits, rows of the table that it shares with its parent are not counted: they would need an alias."""
    (folder / "models.py").write_text(STAFF)
    assert run("init", "--yes", "--entity", "Engineer").exit_code == 0
    assert "# - reports: a relationship that leads to the class itself" in (folder / "ml.py").read_text()


def test_sql_that_reads_the_own_table_without_an_alias_is_told(folder: Path):
    """An expression that selects from the table of its own row is an error that names the feature and the alias, and no bug."""
    (folder / "models.py").write_text(STAFF)
    definition = (
        "from models import *\nfrom sqlalchemy import func, select\nfrom prisml import define_model, expression\n"
        "count = select(func.count(Employee.id)).where(Employee.manager_id == Engineer.id).scalar_subquery()\n"
        "m = define_model(Engineer, output='p', label=Engineer.resigned, features={'led': expression(count)})\n"
    )
    (folder / "ml.py").write_text(definition)
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "from models import *; from sqlalchemy import create_engine as c; Base.metadata.create_all(c('sqlite:///s.db'))",
        ],
        check=False,
    )
    assert made.returncode == 0
    told = answer(run("check", "ml.py", "--database", "sqlite:///s.db", "--json"))
    assert "the SQL of feature 'led' reads the entity's table" in str(told)
    assert "aliased" in str(told)


def test_what_automap_makes_by_itself_is_named_and_not_imported(folder: Path):
    """Of a written class the reflected columns are used; a relationship to a class that no module holds is left out, with the way in."""
    make_tables(folder / "shop.db")
    (folder / "models.py").write_text(AUTOMAP.format(classes=CLASSES))
    assert run("init", "--yes").exit_code == 0
    written = (folder / "ml.py").read_text()
    assert '"country": Customer.country' in written
    assert "orders_collection: a relationship that leads to a class that no module holds" in written
    assert "__tablename__ = 'orders'" in written


def test_automap_without_a_written_class_says_how_to_write_one(folder: Path):
    """Where all classes are automap's own, the error shows the lines that make one of them the application's."""
    make_tables(folder / "shop.db")
    (folder / "models.py").write_text(AUTOMAP.format(classes=""))
    document = answer(run("init", "models.py", "--yes", "--json"))
    assert "class Customer(Base): __tablename__ = 'customers'" in document["error"]["suggestions"][0]
    assert not (folder / "ml.py").exists()


def test_a_test_that_is_in_the_way_is_told_with_the_option_that_names_it(folder: Path):
    """A second definition whose test would have the name of the first one's is written once it is called otherwise."""
    (folder / "models.py").write_text(FLASK)
    assert run("init", "--yes", "--entity", "User").exit_code == 0
    document = answer(run("init", "--yes", "--entity", "User", "--to", "second.py", "--json"))
    assert "--output NAME" in document["error"]["suggestions"][0]
    assert run("init", "--yes", "--entity", "User", "--to", "second.py", "--output", "leaves_probability").exit_code == 0
    assert (folder / "test_leaves.py").exists()


def test_a_variable_that_the_environment_lacks_is_named(folder: Path):
    """Models that read a setting which is not set say which one; the key of another dictionary may be data, and is not said."""
    (folder / "models.py").write_text(f"import os\nos.environ['SHOP_SECRET']\n{FLASK}")
    told = answer(run("init", "--yes", "--json"))["error"]
    assert told["message"] == "models.py, line 2: KeyError: the environment has no SHOP_SECRET."
    assert told["suggestions"][0] == "Set SHOP_SECRET, as your application has it."
    (folder / "models.py").write_text(f"{{}}['ada@example.com']\n{FLASK}")
    assert answer(run("init", "--yes", "--json"))["error"]["message"] == "models.py, line 1: KeyError."
