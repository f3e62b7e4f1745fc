"""What an engine says of its scorer, and what the environment may ask for."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import prisml
from prisml.definition import Feature
from prisml.errors import ConfigurationError, PrisMLWarning
from prisml.manifest import GoldenRow
from prisml.registry import Artifact, Registry, write_bundle
from prisml.serving import Engine
from prisml.training.fit import fit
from tests.artifacts import make_artifact
from tests.support.training import Visit, extracted, visits

ROOT = Path(__file__).parents[2]
ROW = {"age": 41, "income": 51_000.0, "country": "US", "zip": 20, "member": True}
NAMES = ("country", "zip")


def categories_alone() -> Artifact:
    """A linear model of the two categories of a visit."""
    features = {"country": Feature(Visit.country, min_frequency=20), "zip": Feature(Visit.zip, categorical=True)}
    rows = extracted()
    part = dataclasses.replace(rows, matrix=np.ascontiguousarray(rows.matrix[:, 2:4]), categories=rows.categories[2:4])
    return fit(visits(algorithm="logistic_regression", features=features), part).artifact


NATIVE = categories_alone()


def with_golden(artifact: Artifact, change: float) -> Artifact:
    """The artifact, its golden rows expecting ``change`` more than they should."""
    moved = tuple(
        GoldenRow(features=row.features, expected=tuple(number + change for number in row.expected)) for row in artifact.manifest.golden
    )
    return Artifact(artifact.manifest.model_copy(update={"golden": moved}).to_json(), artifact.onnx)


def test_an_engine_says_what_answers_and_why():
    """The scorer, its reason, its instructions, the bytes it holds and the features, as a value that does not change."""
    info = Engine.from_artifact(NATIVE, version=3).info()
    assert (info.name, info.version, info.digest) == ("visits", 3, NATIVE.digest)
    assert (info.scorer, info.instructions in ("plain", "avx2", "avx512")) == ("native", True)
    assert info.reason
    assert info.bytes > 0
    assert info.inputs == NAMES
    assert info.variants == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.version = 4  # type: ignore[misc]


def test_an_experiment_tells_of_each_version_that_it_serves(tmp_path: Path):
    """The versions beside the active one, by their numbers."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    for bias in (0.0, 1.0, 2.0):
        registry.publish(make_artifact(bias=bias))
    registry.experiments.start("churn", {3: 0.5, 1: 0.25, 2: 0.25}, name="spring")
    info = prisml.load("churn", registry=registry, refresh=None).info()
    assert (info.version, [each.version for each in info.variants]) == (3, [1, 2])
    assert {each.digest for each in (info, *info.variants)} == {registry.version("churn", number).digest for number in (1, 2, 3)}


def test_the_environment_may_ask_for_onnx_runtime(monkeypatch: pytest.MonkeyPatch):
    """PRISML_SCORER=onnx has ONNX Runtime answer, with the same numbers within 1e-6; auto and nothing are the same."""
    native = Engine.from_artifact(NATIVE)
    for word in ("", "auto"):
        monkeypatch.setenv("PRISML_SCORER", word)
        assert Engine.from_artifact(NATIVE).info() == native.info()
    monkeypatch.setenv("PRISML_SCORER", "onnx")
    reference = Engine.from_artifact(NATIVE)
    assert (reference.info().scorer, reference.info().instructions, reference.info().reason) == ("onnxruntime", None, "it was asked for")
    assert reference.health().runtime.startswith("ORT Build Info: ")
    assert native.health().runtime == "native"
    assert reference.predict(ROW).value == pytest.approx(native.predict(ROW).value, abs=1e-6)


def test_the_environment_may_narrow_the_instructions_and_no_bit_changes(monkeypatch: pytest.MonkeyPatch):
    """PRISML_SIMD is never above what the processor has; each gives the same bits."""
    best = Engine.from_artifact(NATIVE)
    order = ("plain", "avx2", "avx512")
    for level in order:
        monkeypatch.setenv("PRISML_SIMD", level)
        engine = Engine.from_artifact(NATIVE)
        used = engine.info().instructions
        assert used == min(level, best.info().instructions, key=order.index)
        assert engine.predict_many([ROW] * 100).values.tobytes() == best.predict_many([ROW] * 100).values.tobytes()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PRISML_SCORER", "native"),
        ("PRISML_SCORER", "ONNX"),
        ("PRISML_SIMD", "sse9"),
        ("PRISML_MODEL_BYTES", "512 MiB"),
        ("PRISML_BATCH_ROWS", "0"),
        ("PRISML_CACHE_MODELS", "-1"),
        ("PRISML_CACHE_BYTES", "1e9"),
    ],
)
def test_a_setting_that_cannot_be_one_is_refused_when_a_version_is_loaded(variable, value, monkeypatch: pytest.MonkeyPatch):
    """The error names the variable, and not what it was set to."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=f"^{variable} in the environment has a value") as caught:
        Engine.from_artifact(NATIVE)
    assert caught.value.context["variable"] == variable


def test_golden_rows_that_are_not_met_leave_the_answers_to_onnx_runtime_with_a_warning():
    """The warning and health() name the model and show no value; predictions go on."""
    wrong = with_golden(NATIVE, 0.01)
    with pytest.warns(PrisMLWarning, match="Model 'visits', version 5: answers for the golden rows") as told:
        engine = Engine.from_artifact(wrong, version=5)
    assert len(told) == 1
    assert engine.info().scorer == "onnxruntime"
    assert "the native answers for the golden rows differ" in engine.info().reason
    assert engine.health().notes == (str(told[0].message),)
    assert not any(character.isdigit() for character in str(told[0].message).replace("version 5", ""))
    assert engine.predict(ROW).value == pytest.approx(Engine.from_artifact(NATIVE).predict(ROW).value, abs=1e-6)


def test_manifests_without_golden_rows_are_served_as_before():
    """What older releases wrote has none."""
    bare = Artifact(NATIVE.manifest.model_copy(update={"golden": ()}).to_json(), NATIVE.onnx)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Engine.from_artifact(bare).info().scorer == "native"


PROGRAM = """
import json, sys
import prisml
engine = prisml.load(sys.argv[1])
answers = [engine.predict(json.loads(sys.argv[2])).value, *engine.predict_many([json.loads(sys.argv[2])]).values]
mapped = "onnxruntime" in open("/proc/self/maps").read()
print(json.dumps([answers, mapped, engine.info().scorer]))
"""
NO_RUNTIME = """
import sys
sys.modules["onnxruntime"] = None
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize("before", ["", NO_RUNTIME], ids=["installed", "not installed"])
def test_a_native_model_needs_no_onnx_runtime(tmp_path: Path, before: str):
    """Its library is not mapped into the process, whether it is installed or not."""
    folder = write_bundle(NATIVE, tmp_path / "bundle")
    ran = subprocess.run(
        [sys.executable, "-c", before + PROGRAM, str(folder), json.dumps(ROW)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    answers, mapped, scorer = json.loads(ran.stdout)
    assert (mapped, scorer) == (False, "native")
    assert set(answers) == {Engine.from_artifact(NATIVE).predict(ROW).value}


def test_without_onnx_runtime_another_model_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A graph that is not native asks for the library, and says where it was looked for."""
    folder = write_bundle(make_artifact(bias=0.375), tmp_path / "bundle")
    program = NO_RUNTIME + "import prisml\nprisml.load(sys.argv[1])"
    monkeypatch.setenv("PRISML_SCORER", "onnx")
    ran = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "ONNX Runtime's library was not found" in ran.stderr
