"""The command line as people and pipelines run it: ``python -m prisml`` in a folder of its own, and a shop to train on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

import prisml
from prisml.cli.main import cli
from prisml.registry import Registry, Version
from tests.artifacts import make_artifact

MODEL = """
import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import Gate, define_model, month_of, resolver


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[float | None]
    country: Mapped[str] = mapped_column(String(20))
    joined: Mapped[date]
    email: Mapped[str] = mapped_column(String(80))
    churned: Mapped[bool]


def domain(customer):
    if os.environ.get("SHOP_LOUD"):
        print("a resolver prints")
    if marker := os.environ.get("SHOP_SLOW"):
        Path(marker).touch()
        time.sleep(60)
    return customer.email.partition("@")[2]


def model(output, **options):
    return define_model(
        Customer,
        output=output,
        label=Customer.churned,
        features={
            "age": Customer.age,
            "country": Customer.country,
            "month": month_of(Customer.joined),
            "domain": resolver(domain, type=str, uses=[Customer.email]),
        },
        algorithm="decision_tree",
        **options,
    )


churn = model("churn_probability", gates=[Gate("accuracy", min=float(os.environ.get("SHOP_GATE", "0.5")))])
other = model("other_probability", params={"max_depth": 2})
"""
COUNTRIES = ("US", "DE", "FR")


def fill(url: str) -> None:
    """400 customers, of whom mostly those of the first country leave."""
    rows = [
        {
            "id": number,
            "age": None if number % 7 == 0 else 18.5 + number % 60,
            "country": COUNTRIES[number % 3],
            "joined": f"202{number % 5}-01-0{1 + number % 9}",
            "email": f"{number}@{'a.org' if number % 2 else 'b.org'}",
            "churned": (number % 3 == 0) != (number % 11 == 0),
        }
        for number in range(1, 401)
    ]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE customer (id INTEGER PRIMARY KEY, age FLOAT, country VARCHAR(20) NOT NULL, joined DATE NOT NULL, "
                "email VARCHAR(80) NOT NULL, churned BOOLEAN NOT NULL)"
            )
        )
        connection.execute(text("INSERT INTO customer VALUES (:id, :age, :country, :joined, :email, :churned)"), rows)
    engine.dispose()


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without settings of ours and with those given."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PRISML_REGISTRY", "NO_COLOR", "COLUMNS")}
    # Where the package is used from its source, the path has to go along.
    return {**kept, "PYTHONPATH": str(Path(prisml.__file__).parents[1]), **more}


def run(folder: Path, *words: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """``prisml`` with these words in that folder."""
    command = [sys.executable, "-m", "prisml", *words]
    return subprocess.run(
        command, cwd=folder, env=environment(**variables), input=given, capture_output=True, text=True, check=False, timeout=300
    )


def documents(shown: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    """The lines on stdout, read."""
    return [json.loads(line) for line in shown.stdout.splitlines()]


def digests(folder: Path, name: str = "churn") -> list[tuple[int, str, bool]]:
    """What the folder's registry holds of the model."""
    return [(each.number, each.digest, each.active) for each in Registry(f"sqlite:///{folder}/.prisml/registry.db").versions(name)]


def shop(folder: Path, url: str) -> Path:
    """The folder, with the definitions, their settings, and customers at ``url``."""
    (folder / "shop.py").write_text(MODEL)
    (folder / "pyproject.toml").write_text(f"[tool.prisml]\ndatabase = '{url}'\nmodels = ['shop.py:churn']\n")
    fill(url)
    return folder


def three_versions(folder: Path, name: str = "churn") -> Registry:
    """The folder's default registry, with three versions by ada of which the last serves; each predicts otherwise."""
    opened = Registry(f"sqlite:///{folder}/.prisml/registry.db")
    for bias in (0.0, 1.0, 2.0):
        opened.publish(make_artifact(name, bias=bias), author="ada")
    return opened


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as the current one, and no setting from outside."""
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name == "DATABASE_URL" or name.startswith("PRISML_")]:
        monkeypatch.delenv(name)
    return folder


def prisml_with(*words: str, given: str = "") -> Result:
    """``prisml`` with these words in this process."""
    return CliRunner().invoke(cli, words, input=given)


def answer(shown: Result) -> dict[str, Any]:
    """The one JSON document on stdout, which agrees with the exit code."""
    document: dict[str, Any] = json.loads(shown.stdout)
    assert (document["exit_code"], document["ok"]) == (shown.exit_code, shown.exit_code == 0)
    return {key: value for key, value in document.items() if key not in {"ok", "exit_code"}}


def as_json(version: Version) -> dict[str, Any]:
    """What every command's document says of a version."""
    return {
        "name": version.name,
        "version": version.number,
        "label": version.label,
        "active": version.active,
        "digest": version.digest,
        "created_at": version.created_at.isoformat(),
        "author": version.author,
        "commit": version.commit,
        "note": version.note,
        "size": version.size,
        "deleted_at": None if version.deleted_at is None else version.deleted_at.isoformat(),
        "deleted_by": version.deleted_by,
        "metrics": dict(version.metrics),
    }
