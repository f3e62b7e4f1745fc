"""The extension with SQLAlchemy 2.0, where the rest of the tests run with a newer one: the very same modules, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import sqlalchemy

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "target" / "sqlalchemy-2.0"
KINDS = ("", "_edges", "_experiments", "_extending", "_mappings", "_sessions", "_users")
MODULES = tuple(f"tests/integration/test_orm{kind}.py" for kind in KINDS)
RUN = "import sys, pytest, sqlalchemy; assert sqlalchemy.__version__.startswith('2.0.'); sys.exit(pytest.main(sys.argv[1:]))"
UNREACHABLE = ("from versions: none", "ConnectionError", "NewConnectionError", "Temporary failure in name resolution", "Read timed out")


@pytest.fixture(scope="module")
def sqlalchemy_20() -> Path:
    """A folder with SQLAlchemy 2.0 in it, filled once and kept beside what cargo builds."""
    if not PLACE.exists():
        PLACE.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PLACE.parent) as folder:
            made = Path(folder) / "made"
            options = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--target", str(made))
            command = (sys.executable, "-m", "pip", "install", *options, "sqlalchemy[asyncio]>=2.0,<2.1")
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if any(word in done.stderr for word in UNREACHABLE):
                pytest.skip("pip reaches no index that has SQLAlchemy 2.0")
            assert done.returncode == 0, done.stderr
            # Whole or not at all, should this be interrupted.
            made.rename(PLACE)
    return PLACE


@pytest.mark.skipif(sqlalchemy.__version__.startswith("2.0."), reason="these tests run with SQLAlchemy 2.0 as it is")
def test_the_same_behaviours_with_sqlalchemy_20(sqlalchemy_20: Path):
    """Everything that the tests promise of predictions as attributes holds with SQLAlchemy 2.0 too."""
    path = os.pathsep.join((str(sqlalchemy_20), str(ROOT / "python"), str(ROOT)))
    command = (sys.executable, "-c", RUN, "-q", "-p", "no:cacheprovider", *MODULES)
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
