"""Where the cases take place: a shop with a database, a registry with versions, and an engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import create_engine, text

from prisml import Engine, Registry
from prisml.cli.main import cli
from tests.artifacts import make_artifact
from tests.support.console import shop
from tests.support.customers import create, customer

ROW = {"age": 40, "country": "US"}


@dataclass(frozen=True)
class World:
    """A folder that is the current one, and what lies in it."""

    folder: Path
    registry: Registry
    engine: Engine
    customers: DatabaseEngine

    def prisml(self, *words: str, given: str = "", **variables: str) -> Result:
        """``prisml`` with these words in this process."""
        return CliRunner().invoke(cli, words, input=given, env=variables)

    def write(self, name: str, content: str) -> str:
        """A file in the folder; its name."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        return name


def make_world(folder: Path, patch: pytest.MonkeyPatch) -> World:
    """The shop, as it is before anybody makes a mistake: three versions of churn, the last of which serves."""
    patch.chdir(folder)
    for name in ("DATABASE_URL", "PRISML_REGISTRY", "PRISML_BACKEND", "PRISML_IMAGE", "DOCKER_HOST"):
        patch.delenv(name, raising=False)
    shop(folder, f"sqlite:///{folder}/shop.db")
    registry = Registry(f"sqlite:///{folder}/.prisml/registry.db")
    for bias in (0.0, 1.0, 2.0):
        registry.publish(make_artifact("churn", bias=bias), author="ada")
    registry.describe("churn", 2, label="v1.1")
    registry.publish(make_artifact("price", task="regression"), author="ada")
    customers = create_engine(f"sqlite:///{folder}/customers.db", hide_parameters=True)
    create(customers, [customer(number) for number in range(1, 301)], [{"id": 1}])
    return World(folder, registry, Engine.from_registry(registry, registry.active("churn")), customers)


def broken(url: str, *statements: str) -> None:
    """Run statements on a database behind everybody's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def closed(folder: Path) -> bool:
    """Whether the folder's rights keep this process from writing there: root may always."""
    return not os.access(folder, os.W_OK)
