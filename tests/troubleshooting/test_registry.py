"""Entries about the registry: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import prisml
from prisml.commands.train import train
from prisml.registry import Registry
from tests.artifacts import make_artifact
from tests.support.database import opened
from tests.support.guide import refused
from tests.support.registry_v1 import make_registry_v1
from tests.support.troubles import model


@pytest.fixture
def three(empty: Registry) -> Registry:
    """The registry with three versions of ``churn``, of which the last serves."""
    for bias in range(3):
        empty.publish(make_artifact(bias=float(bias)))
    return empty


def test_no_such_model(told, registry: Registry):
    """The model is asked for by the name that it was published under."""
    told(refused(lambda: prisml.load("curn", registry=registry)))
    assert registry.names() == ("churn",)
    assert prisml.load("churn", registry=registry, refresh=None).health().version == 1


def test_no_such_version(told, three: Registry):
    """The message lists the versions there are."""
    told(refused(lambda: three.activate("churn", 7)))
    assert three.activate("churn", 2).number == 2


def test_none_active(told, empty: Registry):
    """A version that was published without serving is activated."""
    empty.publish(make_artifact(), activate=False)
    told(refused(lambda: prisml.load("churn", registry=empty)))
    empty.activate("churn", 1)
    assert prisml.load("churn", registry=empty, refresh=None).health().version == 1


def test_no_new_version(told, shop, empty: Registry):
    """Equal data give an equal digest, which is the version that is there; other data give another."""
    assert [train(model(), database=shop, registry=empty).known for _ in range(2)] == [False, True]
    assert len(empty.versions("churn")) == 1
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET churned = NOT churned WHERE id < 9"))
    assert train(model(), database=shop, registry=empty).known is False
    assert len(empty.versions("churn")) == 2


def test_published_and_not_active(told, three: Registry):
    """After a rollback a new version waits until somebody activates it."""
    three.rollback("churn")
    told(three.held("churn"))
    waiting = three.publish(make_artifact(bias=9.0))
    assert (waiting.active, three.active("churn").number) == (False, 2)
    three.activate("churn", waiting.number)
    assert three.active("churn").number == waiting.number
    assert three.publish(make_artifact(bias=10.0)).active


def test_active_not_deleted(told, three: Registry):
    """Once another version serves, the old one can go."""
    told(refused(lambda: three.delete("churn", 3)))
    three.activate("churn", 2)
    three.delete("churn", 3)
    assert [version.number for version in three.versions("churn")] == [1, 2]


def test_label_taken(told, three: Registry):
    """A label is of one version, and free once that does not have it any more."""
    three.describe("churn", 1, label="stable")
    told(refused(lambda: three.describe("churn", 3, label="stable")))
    three.describe("churn", 1, label=None)
    assert three.describe("churn", 3, label="stable").label == "stable"


def test_changed_meanwhile(told, three: Registry):
    """Who looks again sees what serves, and decides by that."""
    three.activate("churn", 1)
    told(refused(lambda: three.rollback("churn", expected=3)))
    assert three.rollback("churn", expected=three.active("churn").number).number == 3


def test_registry_locked(told, three: Registry, tmp_path: Path):
    """When the other writer has ended, the change is made."""
    impatient = Registry(create_engine(f"sqlite:///{tmp_path}/.prisml/registry.db", connect_args={"timeout": 0.1}))
    writer = sqlite3.connect(tmp_path / ".prisml" / "registry.db")
    writer.execute("BEGIN IMMEDIATE")
    told(refused(lambda: impatient.activate("churn", 1)))
    writer.close()
    assert impatient.activate("churn", 1).number == 1


def test_registry_read_only(told, three: Registry, tmp_path: Path):
    """What serves needs no right to write; what publishes opens the registry where it may."""
    address = f"sqlite:///file:{tmp_path}/.prisml/registry.db?mode=ro&uri=true"
    read_only = Registry(address)
    assert prisml.load("churn", registry=read_only, refresh=None).health().version == 3
    told(refused(lambda: read_only.activate("churn", 1)))
    assert three.activate("churn", 1).number == 1


def test_registry_of_an_older_release(told, tmp_path: Path):
    """It serves as it is, and is written after an upgrade."""
    with opened(f"sqlite:///{tmp_path}/old.db") as database:
        make_registry_v1(database, [make_artifact()])
    old = Registry(f"sqlite:///{tmp_path}/old.db")
    assert prisml.load("churn", registry=old, refresh=None).health().version == 1
    told(refused(lambda: old.publish(make_artifact(bias=1.0))))
    old.upgrade()
    assert old.publish(make_artifact(bias=1.0)).number == 2


def test_registry_of_a_newer_release(told, three: Registry, tmp_path: Path):
    """A release that knows the schema reads it."""
    with opened(f"sqlite:///{tmp_path}/.prisml/registry.db") as database:
        for change in ("version + 1", "version - 1"):
            with database.begin() as connection:
                connection.execute(text(f"UPDATE prisml_schema SET version = {change}"))
            if change == "version + 1":
                told(refused(lambda: Registry(database.url).names()))
    assert Registry(database.url).names() == ("churn",)


def test_damaged_in_the_registry(told, three: Registry, tmp_path: Path):
    """Publishing the same artifact again mends it."""
    with opened(f"sqlite:///{tmp_path}/.prisml/registry.db") as database, database.begin() as connection:
        connection.execute(text("UPDATE prisml_blobs SET data = x'00'"))
    told(refused(lambda: three.artifact("churn", 3)))
    assert len(three.verify().problems) > 0
    three.publish(make_artifact(bias=2.0))
    assert three.artifact("churn", 3) == replace(make_artifact(bias=2.0))


def test_tables_in_autogenerate(told, three: Registry, tmp_path: Path):
    """``include_object`` leaves the registry's tables alone."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from prisml.registry import include_object
    from tests.support.troubles import Base

    with opened(f"sqlite:///{tmp_path}/.prisml/registry.db") as database:
        Base.metadata.create_all(database)
        found = []
        for options in ({}, {"include_object": include_object}):
            with database.connect() as connection:
                found.append(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
    assert [{change[0] for change in changes} for changes in found] == [{"remove_table"}, set()]
