"""What importing and predicting load, each proved in a process of its own."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import prisml
from prisml.registry import Registry, write_bundle
from tests.artifacts import make_artifact

FACE = Path(prisml.__file__)
HELP = """
import sys
from prisml.cli.main import main
sys.argv[1:] = ["--help"]
sys.stdout = sys.stderr
try:
    main()
except SystemExit as end:
    assert not end.code
sys.stdout = sys.__stdout__
"""
TRAINING = {"sklearn", "skl2onnx", "onnx", "scipy", "joblib", "google.protobuf"}
EXTRAS = TRAINING | {"pandas", "pyarrow", "adbc_driver_postgresql", "xgboost", "lightgbm"}
HEAVY = TRAINING | {"pandas", "matplotlib", "click", "rich", "onnxruntime"}

REPORT = """
import json, os, sys
maps = "/proc/self/maps"
libraries = open(maps).read() if os.path.exists(maps) else ""
print(json.dumps([sorted(sys.modules), "libonnxruntime" in libraries]))
"""


def loaded(code: str, *arguments: str) -> tuple[set[str], bool]:
    """The modules that ``code`` leaves loaded, and whether ONNX Runtime's library is."""
    run = subprocess.run([sys.executable, "-c", code + REPORT, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    modules, library = json.loads(run.stdout)
    return set(modules), library


def test_importing_prisml_is_light():
    """``from prisml import`` loads nothing of training or of the command line, and not ONNX Runtime."""
    modules, library = loaded("from prisml import define_model, load")
    assert modules & HEAVY == set()
    assert not library


@pytest.mark.parametrize("place", ["bundle", "registry"])
def test_a_prediction_needs_no_training_stack(tmp_path: Path, place: str):
    """Predicting what is native, from a bundle or a registry, loads nothing of training or the command line, nor ONNX Runtime."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    write_bundle(make_artifact(), tmp_path / "bundle")
    Registry(url).publish(make_artifact())
    code = """
import sys
import prisml
engine = prisml.load(sys.argv[1]) if sys.argv[2] == "bundle" else prisml.load("churn", registry=sys.argv[1])
row = {"age": 41, "country": "DE"}
assert engine.predict(row).value == engine.predict_many([row])[0].value
"""
    modules, library = loaded(code, str(tmp_path / "bundle") if place == "bundle" else url, place)
    assert modules & HEAVY == set()
    assert not library


@pytest.mark.parametrize("module", ["prisml.definition", "prisml.extraction.stream", "prisml.registry", "prisml.serving"])
def test_no_layer_of_serving_knows_training(module: str):
    """Neither definition, extraction, registry nor serving loads anything of training or of the command line."""
    modules, _ = loaded(f"import {module}")
    assert modules & HEAVY == set()
    assert not {name for name in modules if name.startswith(("prisml.training", "prisml.commands", "prisml.cli"))}


def test_every_module_can_be_imported_without_the_training_stack():
    """Without the training stack each module can be imported: what is missing is said by the command that needs it."""
    code = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    sys.modules[name] = None
import prisml
for found in pkgutil.walk_packages(prisml.__path__, "prisml."):
    if found.name != "prisml.__main__" and ".example." not in found.name:
        importlib.import_module(found.name)
"""
    modules, _ = loaded(code, *sorted(EXTRAS))
    assert "prisml.cli.train" in modules


def test_sessions_need_no_greenlet():
    """Where greenlet is not installed, as SQLAlchemy 2.1 leaves it, synchronous sessions are extended and predict all the same."""
    code = """
import sys
sys.modules["greenlet"] = None
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from prisml import define_model
from prisml.orm import attach, extend, unload, with_ml
class Base(DeclarativeBase): pass
class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    left: Mapped[bool]
churn = define_model(Customer, output="churn_probability", label=Customer.left, features={"age": Customer.age})
Session = extend(sessionmaker(), [churn])
unload(Session)
with Session() as session:
    attach(session, [])
    try:
        Customer(age=3)._ml.churn_probability
    except Exception as error:
        assert "greenlet" not in str(error), error
"""
    modules, _ = loaded(code)
    assert "sqlalchemy.ext.asyncio" not in modules


@pytest.mark.parametrize("code", ["import prisml\n", HELP], ids=["import", "help"])
def test_the_face_loads_nothing_before_a_name_is_asked_for(code: str):
    """``import prisml`` and ``prisml --help`` load none of SQLAlchemy, numpy, pydantic, rich and the metadata of distributions."""
    modules, _ = loaded(code)
    assert modules & {"sqlalchemy", "numpy", "pydantic", "rich", "importlib.metadata", "prisml._core"} == set()


def test_every_public_name_is_there():
    """Everything that ``prisml.__all__`` names can be had, and is what type checkers read in the face; no public name is left out."""
    face = ast.parse(FACE.read_text(encoding="utf-8"))
    (for_checkers,) = [node for node in face.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    homes = {name.name: node.module for node in for_checkers.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert list(prisml.__all__) == sorted(prisml.__all__)
    assert set(prisml.__all__) - {"__version__"} == set(homes)
    for name, home in homes.items():
        assert getattr(prisml, name) is vars(importlib.import_module(home))[name], name
    assert isinstance(prisml.__version__, str)
    assert set(prisml.__all__) <= set(dir(prisml))
    with pytest.raises(AttributeError, match="module 'prisml' has no attribute 'nothing'"):
        _ = prisml.nothing


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.parametrize("loaded", ["sqlalchemy", "sqlalchemy.pool"])
def test_a_fork_waits_for_what_another_thread_loads(loaded: str):
    """A process that is forked while a thread asks for the first name has all names: it does not wait for a thread that it has not."""
    code = """
import os, signal, sys, threading
import prisml
signal.alarm(60)
thread = threading.Thread(target=lambda: prisml.Registry)
thread.start()
while sys.argv[1] not in sys.modules:
    pass
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if prisml.load and prisml.Gate else 1)
thread.join()
sys.exit(os.waitpid(child, 0)[1])
"""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code, loaded], check=False).returncode == 0


def test_the_first_name_loads_all_the_others():
    """Once one name was asked for, no other loads a module: what forks while a thread loads would leave a child that waits."""
    code = """
import sys
from prisml import Gate
before = set(sys.modules)
import prisml
for name in prisml.__all__:
    getattr(prisml, name)
assert set(sys.modules) == before, set(sys.modules) - before
"""
    loaded(code)
