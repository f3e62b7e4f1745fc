"""Entries about deployment: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from onnx import helper

import prisml
from prisml.errors import PrisMLWarning
from prisml.manifest import GoldenRow
from prisml.registry import Artifact, Registry
from prisml.serving import Engine
from prisml.serving.foreign import register
from tests.support import foreign
from tests.support.console import environment
from tests.support.guide import refused
from tests.support.troubles import Customer, model, trained

IN_AN_IMAGE = """
import os, sys
import prisml
from prisml import Registry

if os.getuid() == 0:
    os.setuid(65534)
registry = Registry(f"sqlite:///{sys.argv[1]}")
print(prisml.load("churn", registry=registry, refresh=None).predict({"age": 41, "spent": 12.5, "country": "DE"}).version)
registry.describe("churn", 1, note="by a server")
"""
ROW = {"age": 41, "spent": 12.5, "country": "DE"}


@pytest.fixture
def bundle(registry: Registry, tmp_path: Path) -> Path:
    """The folder exported, with version 1."""
    registry.export(tmp_path / "exported", name="churn", which=1)
    return tmp_path / "exported"


def test_no_bundle(told, bundle: Path):
    """The folder that holds manifest.json and model.onnx is the one to name."""
    told(refused(lambda: prisml.load(bundle.parent)))
    assert 0.0 <= prisml.load(bundle).predict(ROW).value <= 1.0


def test_bundle_damaged(told, bundle: Path, registry: Registry):
    """Exported again, it is whole."""
    (bundle / "model.onnx").write_bytes((bundle / "model.onnx").read_bytes()[:-1])
    told(refused(lambda: prisml.load(bundle)))
    registry.export(bundle, name="churn", which=1)
    assert 0.0 <= prisml.load(bundle).predict(ROW).value <= 1.0


def test_bundle_of_a_newer_release(told, bundle: Path, registry: Registry):
    """A release that knows the format reads it."""
    file = bundle / "manifest.json"
    manifest = json.loads(file.read_text())
    version = next(key for key in manifest if "format" in key or "schema" in key)
    file.write_text(json.dumps({**manifest, version: 99}))
    told(refused(lambda: prisml.load(bundle)))
    registry.export(bundle, name="churn", which=1)
    assert 0.0 <= prisml.load(bundle).predict(ROW).value <= 1.0


def test_serving_without_scikit_learn(told, bundle: Path, tmp_path: Path):
    """A process that only predicts imports neither scikit-learn nor onnx, so that its image needs neither."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['sklearn', 'onnx', 'pandas', 'scipy']));"
        f"import prisml; print(prisml.load({str(bundle)!r}).predict({ROW!r}).value)"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True, timeout=120)
    assert float(run.stdout) == prisml.load(bundle).predict(ROW).value


def test_mapping_drifted(told, shop, empty: Registry):
    """The version is served with a warning, and trained again there is none."""
    trained(model({"age": Customer.age, "spent": Customer.spent}), shop, empty)
    column = Customer.__table__.c.spent
    column.nullable = True
    try:
        changed = model({"age": Customer.age, "spent": Customer.spent})
        with pytest.warns(PrisMLWarning) as warned:
            engine = changed.load(registry=empty, refresh=None)
        told(warned[0].message)
        assert 0.0 <= engine.predict(ROW).value <= 1.0
    finally:
        column.nullable = False
    assert model({"age": Customer.age, "spent": Customer.spent}).load(registry=empty, refresh=None).health().notes == ()


def test_definition_drifted(told, registry: Registry):
    """The definition that the version was trained with serves it."""
    told(refused(lambda: model({"age": Customer.age, "country": Customer.country}).load(registry=registry)))
    assert model().load(registry=registry, refresh=None).health().version == 1


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="a file's mode keeps nobody out here")
def test_registry_in_an_image(told, registry: Registry, tmp_path: Path):
    """A copy that nobody may write serves, and is written where it came from."""
    published = tmp_path / ".prisml" / "registry.db"
    with closing(sqlite3.connect(published)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # Not pytest's own folder, which only its user may enter.
    with TemporaryDirectory(prefix="prisml-image-") as folder:
        image = Path(folder)
        shutil.copy(published, image)
        (image / "registry.db").chmod(0o444)
        image.chmod(0o555)
        run = subprocess.run(
            [sys.executable, "-c", IN_AN_IMAGE, str(image / "registry.db")], env=environment(), capture_output=True, text=True, check=False
        )
        image.chmod(0o755)
    told(run.stderr)
    assert run.stdout.strip() == "1"
    assert registry.describe("churn", 1, note="by the trainer").note == "by the trainer"


def test_golden_rows_not_met(told, churn: Artifact):
    """ONNX Runtime answers in place of the native scorer; the version as it was published has no warning."""
    rows = [GoldenRow(features=row.features, expected=tuple(each + 0.01 for each in row.expected)) for row in churn.manifest.golden]
    other = Artifact(churn.manifest.model_copy(update={"golden": tuple(rows)}).to_json(), churn.onnx)
    with pytest.warns(PrisMLWarning) as warned:
        engine = Engine.from_artifact(other, version=1)
    told(warned[0].message)
    assert engine.info().scorer == "onnxruntime"
    as_published = Engine.from_artifact(churn, version=1)
    assert (as_published.info().scorer, as_published.health().notes) == ("native", ())
    assert engine.predict(ROW).value == pytest.approx(as_published.predict(ROW).value, abs=1e-6)


def test_operator_not_allowed(told, empty: Registry):
    """The graph without the operator is registered."""
    pipeline, graph = foreign.logistic()
    noise = foreign.by_hand([helper.make_node("RandomNormalLike", ["features"], ["probabilities"])])
    told(refused(lambda: register(empty, foreign.model(), noise, foreign.golden(pipeline))))
    assert register(empty, foreign.model(), graph.SerializeToString(), foreign.golden(pipeline)).number == 1
