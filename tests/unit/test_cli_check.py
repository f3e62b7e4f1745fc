"""``prisml check``: what the database has of what a definition reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from prisml.cli.main import cli

SHOP = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import define_model, days_since, related, resolver
from datetime import date


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str | None]


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    email: Mapped[str]
    joined: Mapped[date]
    notes: Mapped[str]
    left: Mapped[bool]
    account: Mapped[Account | None] = relationship()


churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.left,
    features={
        "segment": related(Customer.account, Account.segment),
        "tenure": days_since(Customer.joined),
        "domain": resolver(lambda c: DOMAIN, type=str, uses=[Customer.email]),
    },
)
"""
TABLES = (
    "CREATE TABLE account (id INTEGER PRIMARY KEY, segment TEXT)",
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, account_id INTEGER, email TEXT, joined TEXT, left BOOLEAN)",
    "INSERT INTO account VALUES (1, 'small')",
    "INSERT INTO customer VALUES (1, 1, 'ada@example.org', '2024-02-29', 1), (2, NULL, 's3cret', '2025-01-01', NULL)",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a definition in shop_check.py and a database that fits it; its ``notes`` column, which nothing reads, is absent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'shop.db'}")
    write(tmp_path, 'c.email.partition("@")[2] or None')
    change(tmp_path, *TABLES)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("shop_check", None)


def write(shop: Path, domain: str) -> None:
    """The definition, with this body of its resolver."""
    (shop / "shop_check.py").write_text(SHOP.replace("DOMAIN", domain))


def change(shop: Path, *statements: str) -> None:
    """Run the statements on the database."""
    engine = create_engine(f"sqlite:///{shop / 'shop.db'}")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def check(*words: str) -> tuple[Result, dict[str, dict[str, object]]]:
    """The result as JSON, and its findings by subject."""
    shown = CliRunner().invoke(cli, ["check", "shop_check.py", "--json", *words])
    document = json.loads(shown.stdout)
    return shown, {each["subject"]: each for model in document.get("models", []) for each in model.get("checks", [])}


def test_a_definition_that_fits_is_0(shop: Path):
    """Tables, statement, label and resolvers are each said to fit; columns that nothing reads need not be there."""
    shown, found = check()
    assert shown.exit_code == 0
    assert all(each["passed"] for each in found.values())
    assert list(found) == ["table customer", "table account", "statement", "label", "resolver domain"]
    assert found["label"]["detail"] == "is there in 1 of these rows"
    assert found["resolver domain"]["detail"] == "computes 1 values and 1 missing ones of 2 rows"
    table = CliRunner().invoke(cli, ["check", "shop_check:churn"])
    assert table.exit_code == 0
    assert "resolver domain" in table.stdout


@pytest.mark.parametrize(
    ("statement", "subject", "hint", "features"),
    [
        ("DROP TABLE account", "table account", "There are: customer.", ["segment"]),
        ("ALTER TABLE customer RENAME TO customers", "table customer", "Did you mean customers?", ["domain", "segment", "tenure"]),
        ("ALTER TABLE customer RENAME COLUMN joined TO joined_at", "column customer.joined", "Did you mean joined_at?", ["tenure"]),
        (
            "ALTER TABLE account RENAME COLUMN segment TO kind",
            "column account.segment",
            "Did you mean kind, of the same type?",
            ["segment"],
        ),
        ("ALTER TABLE account DROP COLUMN segment", "column account.segment", "There are: id.", ["segment"]),
        ("ALTER TABLE customer DROP COLUMN left", "column customer.left", "There are: id, account_id, email, joined.", []),
        ("DELETE FROM customer", "statement", "Fill the table.", []),
    ],
)
def test_what_is_missing_is_1_and_names_the_nearest(shop: Path, statement: str, subject: str, hint: str, features: list[str]):
    """A table, column or row that is missing is exit code 1; the finding says what is there instead, and which features miss it."""
    change(shop, statement)
    shown, found = check()
    assert shown.exit_code == 1
    detail = "runs, and finds no row" if subject == "statement" else "does not exist"
    told = {"subject": subject, "passed": False, "detail": detail, "hint": hint, "features": features, "drifted": False}
    assert found[subject] == told
    table = CliRunner().invoke(cli, ["check", "shop_check.py"])
    assert table.exit_code == 1
    assert f"{subject}: {hint}" in table.stdout


def test_a_column_of_another_kind_is_1(shop: Path):
    """A column that is a number in the database and a text in the mapping does not fit."""
    change(shop, "DROP TABLE account", "CREATE TABLE account (id INTEGER PRIMARY KEY, segment FLOAT)")
    shown, found = check()
    assert shown.exit_code == 1
    assert found["column account.segment"]["detail"] == "is FLOAT in the database and String in the mapping"


def test_a_value_that_cannot_be_read_is_1(shop: Path):
    """A value that the column's type cannot take is found in the rows that are read, and is not shown."""
    change(shop, "UPDATE customer SET joined = 's3cret'")
    shown, found = check()
    assert shown.exit_code == 1
    assert not found["statement"]["passed"]
    assert "tenure" in str(found["statement"]["detail"])
    assert "s3cret" not in shown.output


def test_a_resolver_that_raises_is_1(shop: Path):
    """A resolver that fails on a real row is a finding that names feature and type, and not the value."""
    write(shop, "int(c.email)")
    shown, found = check()
    assert shown.exit_code == 1
    assert "raised ValueError" in str(found["resolver domain"]["detail"])
    assert "ada@" not in shown.output


@pytest.mark.parametrize("domain", ["c.emial", "c.notes"])
def test_a_resolver_that_reads_what_it_does_not_use_is_2(shop: Path, domain: str):
    """A resolver that reads another attribute than it declares is a broken definition, whatever the database holds."""
    write(shop, domain)
    shown, _ = check()
    assert shown.exit_code == 2
    assert shown.stderr.startswith("error[definition]: ")
    assert domain[2:] in shown.stderr


def test_the_highest_exit_code_wins(shop: Path):
    """Every target is checked, and the worst of their exit codes is returned."""
    change(shop, "DROP TABLE account")
    shown, found = check("absent_module")
    assert shown.exit_code == 2
    assert not found["table account"]["passed"]
    assert [model["model"] for model in json.loads(shown.stdout)["models"]] == ["absent_module", "churn"]


def test_a_database_that_is_not_there_is_3_and_is_not_made(shop: Path):
    """A SQLite file that does not exist is exit code 3, and no empty file is left behind."""
    shown = CliRunner().invoke(cli, ["check", "shop_check.py", "--database", "sqlite:///absent.db"])
    assert shown.exit_code == 3
    assert "absent.db" in shown.stderr
    assert not (shop / "absent.db").exists()


def test_without_a_database_the_three_ways_are_told(shop: Path, monkeypatch: pytest.MonkeyPatch):
    """Where no database is named the error says the option, the variable and the setting."""
    monkeypatch.delenv("DATABASE_URL")
    shown = CliRunner().invoke(cli, ["check", "shop_check.py"])
    assert shown.exit_code == 2
    assert all(way in shown.stderr for way in ("--database", "DATABASE_URL", "[tool.prisml]"))


def test_the_option_wins_over_the_variable_and_the_variable_over_the_setting(shop: Path, monkeypatch: pytest.MonkeyPatch):
    """--database comes before DATABASE_URL, and DATABASE_URL before [tool.prisml]; models come from [tool.prisml] where none is named."""
    (shop / "pyproject.toml").write_text('[tool.prisml]\ndatabase = "sqlite:///shop.db"\nmodels = ["shop_check"]\n')
    good, bad = f"sqlite:///{shop / 'shop.db'}", "sqlite:///absent.db"

    def code(*words: str) -> int:
        return CliRunner().invoke(cli, ["check", *words]).exit_code

    monkeypatch.setenv("DATABASE_URL", bad)
    assert (code(), code("--database", good)) == (3, 0)
    monkeypatch.setenv("DATABASE_URL", good)
    assert (code(), code("--database", bad)) == (0, 3)
    monkeypatch.delenv("DATABASE_URL")
    assert code() == 0
