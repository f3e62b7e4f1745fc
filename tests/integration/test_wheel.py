"""The wheel as users get it: built, installed into bare environments outside the checkout, and used there."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.wheels import ROOT, Environment, NoCargoError, build, run
from tests.wheel.smoke import produce, train

PRODUCTION = {
    "prisml",
    *("numpy", "sqlalchemy", "click"),
    *("onnxruntime", "flatbuffers", "packaging", "protobuf"),
    *("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"),
    *("rich", "markdown-it-py", "mdurl", "pygments"),
}
TRAIN = {"scikit-learn", "scipy", "joblib", "cloudpickle", "threadpoolctl", "narwhals", "onnx", "ml-dtypes"}
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The wheel or the sdist of this checkout."""

    def made(kind: str) -> Path:
        try:
            return build(kind, tmp_path_factory.mktemp(kind))
        except NoCargoError as missing:
            if os.environ.get("PRISML_REQUIRE_SERVERS") == "1":
                pytest.fail(str(missing))
            pytest.skip(str(missing))

    return made


def normal(name: str) -> str:
    """A distribution's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_wheel_is_installed_and_used_outside_the_checkout(tmp_path: Path, built: Callable[[str], Path]):
    """The wheel brings what production needs and no more, within the sizes that are documented, and with ``[train]`` it trains."""
    wheel = built("wheel")
    assert re.fullmatch(r"prisml-[\d.]+-cp311-abi3-\w+\.whl", wheel.name)
    assert wheel.stat().st_size < 3 * MEGABYTE
    assert _contents(wheel) == {"py", "so", "pyi", "typed", "json", "txt", ""}

    environment = Environment.new(tmp_path / "environment")
    environment.install(str(wheel), compiled=False)
    sizes = {normal(name): size for name, size in environment.sizes().items()}
    assert set(sizes) == PRODUCTION
    assert sizes["prisml"] < 7 * MEGABYTE
    assert sum(sizes.values()) < 250 * MEGABYTE
    assert "all kept" in produce(environment, tmp_path / "production")

    environment.install(f"{wheel}[train]", compiled=False)
    sizes = {normal(name): size for name, size in environment.sizes().items()}
    assert set(sizes) == PRODUCTION | TRAIN
    assert sum(sizes.values()) < 500 * MEGABYTE
    assert "all kept" in train(environment, tmp_path / "training")


def test_the_sdist_holds_what_a_build_needs_and_little_else(tmp_path: Path, built: Callable[[str], Path]):
    """The sdist has the lock file, both crates and the package, no documentation or examples, and cargo accepts it as locked."""
    sdist = built("sdist")
    assert sdist.stat().st_size < 1 * MEGABYTE
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} == {
        *("Cargo.lock", "Cargo.toml", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"),
        *("crates", "python"),
    }
    tracked = subprocess.run(["git", "ls-files", "python", "crates"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [path for path in tracked if not (folder / path).is_file()] == []
    run("cargo", "metadata", "--locked", "--format-version", "1", "--no-deps", cwd=folder)


def _contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {Path(name).suffix.lstrip(".") for name in archive.namelist()}
