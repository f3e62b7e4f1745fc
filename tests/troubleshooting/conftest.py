"""Fixtures of the guide's tests: the entry that a test is for, a shop, and a registry with a model trained on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from prisml.registry import Artifact, Registry
from tests.support.database import opened
from tests.support.guide import entry
from tests.support.troubles import fill, model, trained


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[Callable[[BaseException | str], None]]:
    """Compares what is seen with the symptom in the guide; a test that never did fails at its end, unless there is nothing to read."""
    its_entry = entry(request.node.originalname)
    compared = []

    def compare(seen: BaseException | str) -> None:
        its_entry.refuse_other(seen)
        compared.append(seen)

    yield compare
    assert compared or its_entry.shown is None, f"{its_entry.id}: nothing was compared with the symptom"


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own folder is the current one, and no setting comes from outside."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name in ("DATABASE_URL", "ORT_DYLIB_PATH") or (name.startswith("PRISML_") and name != "PRISML_REQUIRE_SERVERS"):
            monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Engine]:
    """A shop of 300 customers in SQLite, shop.db in the current folder."""
    with opened(f"sqlite:///{tmp_path / 'shop.db'}") as database:
        fill(database)
        yield database


@pytest.fixture(scope="session")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """What training made of ``model()``, once for all tests."""
    folder = tmp_path_factory.mktemp("churn")
    with opened(f"sqlite:///{folder / 'shop.db'}") as database:
        fill(database)
        return trained(model(), database, Registry(f"sqlite:///{folder / 'registry.db'}"))


@pytest.fixture
def empty(tmp_path: Path) -> Registry:
    """The registry of the current folder, where nothing was published yet."""
    return Registry(f"sqlite:///{tmp_path / '.prisml' / 'registry.db'}")


@pytest.fixture
def registry(empty: Registry, churn: Artifact) -> Registry:
    """The registry of the current folder, with version 1 of ``churn``."""
    empty.publish(churn)
    return empty
