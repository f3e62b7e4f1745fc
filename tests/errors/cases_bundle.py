"""What was exported and is damaged, is somebody else's, or came with a graph that was trained elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prisml import Precision, Registry, load
from prisml.registry import read_bundle
from prisml.registry.archive import INDEX_FILE
from prisml.report import REPORT_FORMAT, read_report
from prisml.serving.foreign import register
from tests.artifacts import make_artifact
from tests.errors.cases_registry import copied
from tests.errors.gallery import SECRET, case
from tests.errors.world import World, broken
from tests.support.foreign import SPENT, golden, logistic, summing
from tests.support.foreign import model as foreign

PAIRS = [({"age": 1, "income": 1.0}, 2.0), ({"age": 2, "income": 1.0}, 3.0)]


def brought(world: World, pairs: Any = PAIRS, **given: Any) -> object:
    """A graph of a regression that was trained elsewhere, registered."""
    return register(world.registry, foreign(**SPENT), summing([1, 1]), pairs, **given)


@case("artifact", "an archive of a later release", "format 99")
def _(world: World) -> object:
    place = world.registry.export(world.folder / "newer", name="churn").place
    index = json.loads((place / INDEX_FILE).read_text())
    (place / INDEX_FILE).write_text(json.dumps({**index, "format": 99}))
    return world.registry.import_(place)


@case("artifact", "a bundle's report is not the manifest's", "'told'")
def _(world: World) -> object:
    place = world.folder / "told"
    registry = Registry(f"sqlite:///{world.folder}/told.db")
    registry.publish(make_artifact("told", report="{}"))
    registry.export(place, name="told", which=1)
    (place / "report.json").write_text(f'{{"{SECRET}": 1}}')
    return read_bundle(place)


@case("artifact", "a report is not JSON", "JSON object")
def _(world: World) -> object:
    return read_report(f"{{{SECRET}")


@case("artifact", "a report of a later release", "format 99")
def _(world: World) -> object:
    return read_report('{"format": 99}')


@case("artifact", "a report with parts missing", "damaged at")
def _(world: World) -> object:
    return read_report(json.dumps({"format": REPORT_FORMAT, "name": 3}))


@case("artifact", "a model's name ends with a space", "'churn '")
def _(world: World) -> object:
    return world.registry.publish(make_artifact("churn "))


@case("artifact", "the moment of an entry of the log is damaged", "'churn'")
def _(world: World) -> object:
    url = copied(world, "moments")
    broken(url, f"UPDATE prisml_deployments SET at = '{SECRET}'")
    return Registry(url).history("churn")


@case("model_not_found", "an archive has no such model", "'chrun'")
def _(world: World) -> object:
    return world.registry.import_(world.registry.export(world.folder / "named.prisml", name="churn").place, name="chrun")


@case("configuration", "a bundle would replace somebody's own file", "report.json")
def _(world: World) -> object:
    world.write("theirs/report.json", "{}")
    return world.registry.export(world.folder / "theirs", name="churn", which=1)


@case("configuration", "an archive is written below a file", "shop.py")
def _(world: World) -> object:
    return world.registry.export(world.folder / "shop.py" / "all.prisml", name="churn")


@case("configuration", "a commit is no name of one", "commit")
def _(world: World) -> object:
    return world.registry.publish(make_artifact("committed"), commit="")


@case("experiment", "an experiment's name was there before", "'churn'", "'once'")
def _(world: World) -> object:
    registry = Registry(f"sqlite:///{world.folder}/again.db")
    for bias in (0.0, 1.0):
        registry.publish(make_artifact("churn", bias=bias))
    registry.experiments.start("churn", {2: 0.9, 1: 0.1}, name="once")
    registry.experiments.stop("churn")
    return registry.experiments.start("churn", {2: 0.9, 1: 0.1}, name="once")


@case("experiment", "a version answers another question than control", "'churn'", "version 1", "output")
def _(world: World) -> object:
    registry = Registry(f"sqlite:///{world.folder}/unlike.db")
    for output in ("churn_value", "churn_score"):
        registry.publish(make_artifact("churn", output=output))
    return registry.experiments.start("churn", {2: 0.9, 1: 0.1})


@case("registry", "the registry is opened read-only, and to be written", "read-only")
def _(world: World) -> object:
    url = copied(world, "sealed").replace("sqlite:///", "sqlite:///file:")
    return Registry(f"{url}?mode=ro&uri=true").activate("churn", 1)


@case("limit_exceeded", "a graph of the registry is larger than this process allows", "'weighty'")
def _(world: World) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRISML_MODEL_BYTES", "5000")
        world.registry.publish(make_artifact("weighty", padding=9_100))
        return load("weighty", registry=world.registry)


@case("configuration", "a foreign regression comes with classes", "spent")
def _(world: World) -> object:
    return brought(world, classes=["no", "yes"])


@case("configuration", "golden rows that lack a feature", "'income'")
def _(world: World) -> object:
    return brought(world, [({"age": 1}, 2.0), PAIRS[1]])


@case("configuration", "golden rows that all expect the same", "golden rows")
def _(world: World) -> object:
    return brought(world, [PAIRS[0], PAIRS[0]])


@case("definition", "a threshold is to be chosen for a foreign graph", "left")
def _(world: World) -> object:
    pipeline, graph = logistic()
    return register(world.registry, foreign(threshold=Precision(0.9)), graph.SerializeToString(), golden(pipeline))


@case("configuration", "the file of categories holds none", "categories.json")
def _(world: World) -> object:
    return registered(world, "categories.json", f'["{SECRET}"]'.encode())


@case("configuration", "the file of categories is not UTF-8", "latin.json")
def _(world: World) -> object:
    return registered(world, "latin.json", '{"größe": []}'.encode("latin-1"))


def registered(world: World, name: str, categories: bytes) -> object:
    """``prisml register`` with this file of categories."""
    (world.folder / name).write_bytes(categories)
    world.write("golden.jsonl", "")
    return world.prisml("register", "shop.py:churn", "shop.py", "--golden", "golden.jsonl", "--categories", name)
