"""What the registry does not have, does not allow, or cannot reach."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from prisml import Registry
from prisml.registry import read_bundle
from tests.artifacts import make_artifact
from tests.errors.gallery import case
from tests.errors.world import World, broken


def copied(world: World, name: str) -> str:
    """The URL of a copy of the registry, to be damaged."""
    place = world.folder / name
    place.mkdir()
    # By SQLite itself: of files that somebody else has open, one that is copied may be older than another.
    with (
        closing(sqlite3.connect(world.folder / ".prisml" / "registry.db")) as whole,
        closing(sqlite3.connect(place / "registry.db")) as copy,
    ):
        whole.backup(copy)
    return f"sqlite:///{place}/registry.db"


def started(world: World) -> Any:
    """A registry of its own, in which an experiment of churn runs."""
    registry = Registry(f"sqlite:///{world.folder}/experiments.db")
    if not registry.names():
        for bias in (0.0, 1.0, 2.0):
            registry.publish(make_artifact("churn", bias=bias), author="ada")
        registry.experiments.start("churn", {3: 0.9, 1: 0.1}, name="warmer")
    return registry


@case("model_not_found", "a model's name is misspelt", "'chrun'")
def _(world: World) -> object:
    return world.registry.active("chrun")


@case("model_not_found", "the registry is empty", "'churn'")
def _(world: World) -> object:
    return Registry(f"sqlite:///{world.folder}/empty.db").active("churn")


@case("model_not_found", "no version is active", "'waiting'")
def _(world: World) -> object:
    registry = Registry(f"sqlite:///{world.folder}/waiting.db")
    registry.publish(make_artifact("waiting"), activate=False)
    return registry.active("waiting")


@case("model_not_found", "every version was deleted", "'gone'")
def _(world: World) -> object:
    registry = Registry(f"sqlite:///{world.folder}/gone.db")
    registry.publish(make_artifact("gone"), activate=False)
    registry.delete("gone", 1)
    return registry.active("gone")


@case("model_not_found", "nothing served at that moment", "'churn'")
def _(world: World) -> object:
    import datetime as dt

    return world.registry.deployment("churn", as_of=dt.datetime(2000, 1, 1))


@case("model_not_found", "an empty registry is exported", "empty.db")
def _(world: World) -> object:
    return Registry(f"sqlite:///{world.folder}/empty.db").export(world.folder / "all")


@case("model_not_found", "a bundle is of another model", "'churn'")
def _(world: World) -> object:
    world.registry.export(world.folder / "bundle", name="churn", which=1)
    return world.registry.import_(world.folder / "bundle", name="price")


@case("version_not_found", "a version that is not there", "'churn'", "77")
def _(world: World) -> object:
    return world.registry.version("churn", 77)


@case("version_not_found", "a label that no version has", "'churn'", "'v9'")
def _(world: World) -> object:
    return world.registry.version("churn", "v9")


@case("version_not_found", "a version that was deleted", "'removed'")
def _(world: World) -> object:
    registry = Registry(f"sqlite:///{world.folder}/removed.db")
    registry.publish(make_artifact("removed", bias=0.0))
    registry.publish(make_artifact("removed", bias=1.0))
    registry.delete("removed", 1)
    return registry.version("removed", 1)


@case("version_not_found", "nothing to go back to", "'price'")
def _(world: World) -> object:
    return world.registry.rollback("price")


@case("conflict", "the active version is to be deleted", "'churn'", "version 3")
def _(world: World) -> object:
    return world.registry.delete("churn", 3)


@case("conflict", "another version serves than was expected", "'churn'", "version 3")
def _(world: World) -> object:
    return world.registry.rollback("churn", expected=2)


@case("conflict", "a label is taken", "'churn'", "'v1.1'")
def _(world: World) -> object:
    return world.registry.describe("churn", 1, label="v1.1")


@case("conflict", "a version of an experiment is to be deleted", "'churn'", "'warmer'")
def _(world: World) -> object:
    return started(world).delete("churn", 1)


@case("experiment", "an experiment runs already", "'churn'", "'warmer'")
def _(world: World) -> object:
    return started(world).experiments.start("churn", {3: 0.5, 2: 0.5})


@case("experiment", "a ramp leaves a version out", "'churn'", "'warmer'")
def _(world: World) -> object:
    return started(world).experiments.ramp("churn", {3: 0.5, 2: 0.5})


@case("experiment", "what is to be promoted is the control", "'churn'")
def _(world: World) -> object:
    return started(world).experiments.promote("churn", 3)


@case("experiment", "what is to be promoted takes no part", "'churn'")
def _(world: World) -> object:
    return started(world).experiments.promote("churn", 2)


@case("experiment", "no experiment runs", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.stop("churn")


@case("experiment", "the weights leave the active version out", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {1: 0.5, 2: 0.5})


@case("experiment", "the weights do not sum to 1", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.5, 2: 0.6})


@case("experiment", "one version is no experiment", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 1.0})


@case("experiment", "a weight is a percentage", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 90, 2: 10})


@case("experiment", "a weight is a text", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: "0.9", 2: 0.1})


@case("experiment", "the weights name a version by its label", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {"v1.1": 0.9, 2: 0.1})


@case("experiment", "an experiment's name is empty", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.9, 2: 0.1}, name="")


@case("experiment", "a salt is empty", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.9, 2: 0.1}, salt="")


@case("experiment", "a key is forced to a version without a weight", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.9, 2: 0.1}, forced={"ada": 1})


@case("experiment", "a forced key is None", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.9, 2: 0.1}, forced={None: 2})


@case("experiment", "a key is forced to two versions", "'churn'")
def _(world: World) -> object:
    return world.registry.experiments.start("churn", {3: 0.9, 2: 0.1}, forced={1: 2, "1": 3})


@case("registry", "the registry's file is none", "no SQLite database")
def _(world: World) -> object:
    world.write("text.db", "this is a text and no database, and it is long enough to be looked at as one by SQLite" * 20)
    return Registry(f"sqlite:///{world.folder}/text.db").names()


@case("registry", "the registry is of a later release", "schema 99")
def _(world: World) -> object:
    url = copied(world, "later")
    broken(url, "UPDATE prisml_schema SET version = 99")
    return Registry(url).names()


@case("registry", "the registry is of an older release, and to be written", "schema 2")
def _(world: World) -> object:
    url = copied(world, "older")
    broken(url, "UPDATE prisml_schema SET version = 2")
    return Registry(url).activate("churn", 1)


@case("registry", "the registry's schema is gone", "damaged")
def _(world: World) -> object:
    url = copied(world, "headless")
    broken(url, "DELETE FROM prisml_schema")
    return Registry(url).names()


@case("registry", "the registry's server does not run", "127.0.0.1")
def _(world: World) -> object:
    return Registry("postgresql+psycopg://ada:S3CRET-pw@127.0.0.1:1/prisml").names()


@case("registry", "the registry's folder is a file", "cannot be used")
def _(world: World) -> object:
    return Registry(f"sqlite:///{world.folder}/shop.py/registry.db").publish(make_artifact("churn"))


@case("artifact", "a graph is damaged in the registry", "'churn'")
def _(world: World) -> object:
    url = copied(world, "flipped")
    broken(url, "UPDATE prisml_blobs SET data = zeroblob(length(data))")
    return Registry(url).artifact("churn", 1)


@case("artifact", "an entry of the log is damaged", "'churn'")
def _(world: World) -> object:
    url = copied(world, "log")
    broken(url, "UPDATE prisml_deployments SET experiment = 'S3CRET'")
    return Registry(url).history("churn")


@case("artifact", "a version's row is damaged", "'churn'")
def _(world: World) -> object:
    url = copied(world, "row")
    broken(url, "UPDATE prisml_versions SET metrics = '{'")
    return Registry(url).versions("churn")


@case("artifact", "an archive is no archive", "archive")
def _(world: World) -> object:
    world.write("no.prisml", "no archive")
    return world.registry.import_(world.folder / "no.prisml")


@case("artifact", "a folder holds nothing to import", "holds neither")
def _(world: World) -> object:
    (world.folder / "nothing").mkdir()
    return world.registry.import_(world.folder / "nothing")


@case("artifact", "a bundle's manifest is not UTF-8", "UTF-8")
def _(world: World) -> object:
    place = world.registry.export(world.folder / "latin", name="churn", which=1).place
    (place / "manifest.json").write_bytes(b"\xff\xfe")
    return read_bundle(place)


@case("configuration", "a label that is a number", "'12'")
def _(world: World) -> object:
    return world.registry.describe("churn", 1, label="12")


@case("configuration", "an author of a wrong type", "author", "int")
def _(world: World) -> object:
    return world.registry.activate("churn", 1, author=3)


@case("configuration", "as_of of the history is a date", "as_of")
def _(world: World) -> object:
    import datetime as dt

    return world.registry.history("churn", as_of=dt.date(2024, 1, 1))


@case("configuration", "a negative number of versions is to be kept", "-1")
def _(world: World) -> object:
    return world.registry.prune("churn", keep=-1)


@case("configuration", "a version is exported without its model")
def _(world: World) -> object:
    return world.registry.export(world.folder / "x", which=1)


@case("configuration", "a version is exported to a file", "x.prisml")
def _(world: World) -> object:
    return world.registry.export(world.folder / "x.prisml", name="churn", which=1)


@case("configuration", "a bundle would stand among the parts of an archive", "archive")
def _(world: World) -> object:
    world.registry.export(world.folder / "whole", name="churn")
    return world.registry.export(world.folder / "whole", name="churn", which=1)


@case("configuration", "the registry is in memory")
def _(world: World) -> object:
    return Registry("sqlite://")


@case("configuration", "the registry's driver is asynchronous", "postgresql+asyncpg")
def _(world: World) -> object:
    return Registry("postgresql+asyncpg://ada:S3CRET-pw@localhost/x")


@case("configuration", "the registry's URL is none", "registry")
def _(world: World) -> object:
    return Registry("S3CRET-registry")


@case("configuration", "the registry's URL is a number", "int")
def _(world: World) -> object:
    return Registry(3)


@case("configuration", "a password with an @ in a URL", "registry")
def _(world: World) -> object:
    return Registry("postgresql://ada:p@S3CRET@host/x")


@case("configuration", "a dialect that is not known", "'oracel'")
def _(world: World) -> object:
    return Registry("oracel://ada:S3CRET-pw@host/x")


@case("configuration", "the spelling postgres://", "'postgres'")
def _(world: World) -> object:
    return Registry("postgres://ada:S3CRET-pw@host/x")


@case("configuration", "a driver that is not installed", "oracle+cx_oracle")
def _(world: World) -> object:
    return Registry("oracle+cx_oracle://ada:S3CRET-pw@host/x")
