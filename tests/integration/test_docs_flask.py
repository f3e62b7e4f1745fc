"""The Flask application of the docs, as it is printed there, under gunicorn that loads the model and forks its workers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

import prisml
from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "flask.md"
PATIENCE_S = 60.0

# What a reader has: a mapped class with rows, and a definition.
MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    churned: Mapped[bool]
"""
ML = """
from prisml import define_model

churn = define_model(
    Customer, output="churn_probability", label=Customer.churned, features={"age": Customer.age}, algorithm="logistic_regression"
)
"""
SECOND = "from shop import Customer\n" + ML.replace('"logistic_regression"', '"logistic_regression", params={"C": 0.001}, name="churn"')
LOAD = """
import os
from shop import Base, Customer
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

engine = create_engine(os.environ["DATABASE_URL"])
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all(Customer(id=key, age=key % 80, churned=key % 80 + 3 * (key % 17) < 64) for key in range(1, 801))
    session.commit()
"""


def _printed() -> tuple[dict[str, str], list[str]]:
    """The page's files by name, and the command that serves them."""
    blocks = re.findall(r"^```(python|console)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    files = {match[1]: text for kind, text in blocks if (match := re.match(r"# (\S+\.py)\n", text))}
    (command,) = [shlex.split(text) for kind, text in blocks if text.startswith("gunicorn ")]
    return files, command


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reader's module, the page's, a database and a published model."""
    folder = tmp_path_factory.mktemp("flask")
    own = {"shop.py": MODELS + ML, "second.py": SECOND, "load.py": LOAD}
    for name, text in {**own, **_printed()[0]}.items():
        (folder / name).write_text(text, encoding="utf-8")
    _run(folder, "load.py")
    _run(folder, "-m", "prisml", "train", "shop")
    return folder


def _run(folder: Path, *arguments: str) -> None:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def address(shop: Path) -> Iterator[str]:
    """Where the page's command serves, once it does."""
    port, log = free_port(), shop / "service.log"
    files, (program, *arguments) = _printed()
    assert "preload_app = True" in files["gunicorn.conf.py"]
    with log.open("wb") as out:
        # The log names the process that answered.
        options = ["--bind", f"127.0.0.1:{port}", "--access-logfile", "-", "--access-logformat", "answered by %(p)s"]
        command = [sys.executable, "-m", program, *arguments, *options]
        process = subprocess.Popen(command, cwd=shop, env=_environment(shop), stdout=out, stderr=out)
    try:
        end = time.monotonic() + PATIENCE_S
        while log.read_text().count("Booting worker") < 2:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        assert len(psutil.Process(process.pid).children()) == 2
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, log.read_text()
    assert "Error" not in log.read_text()


def _environment(folder: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key != "PRISML_REGISTRY"}
    path = os.pathsep.join([str(folder), str(ROOT / "python")])
    return {**inherited, "DATABASE_URL": f"sqlite:///{folder / 'shop.db'}", "PYTHONPATH": path}


def test_health_and_unknown_customer(address: str) -> None:
    """Health names model and version; a customer who is not there is 404."""
    assert httpx.get(f"{address}/health").json() == {"model": "churn", "version": 1, "problem": None}
    assert httpx.get(f"{address}/customers/900").status_code == 404


def test_forked_workers_predict_what_the_engine_does_and_follow(shop: Path, address: str) -> None:
    """Both forked workers answer with the engine's own prediction and its version, and with the next version's once it is published."""
    assert _answered_rightly(shop, address) == {1}
    _run(shop, "-m", "prisml", "train", "second")
    end = time.monotonic() + PATIENCE_S
    while _answered_rightly(shop, address) != {2}:
        assert time.monotonic() < end


def _answered_rightly(shop: Path, address: str) -> set[int]:
    """The versions that both workers named; each answer is the engine's own for that version."""
    registry, log = f"sqlite:///{shop / '.prisml' / 'registry.db'}", shop / "service.log"
    known = len(prisml.Registry(registry).versions("churn"))
    engines = {number: prisml.load("churn", registry=registry, version=number) for number in range(1, known + 1)}
    before, seen = len(log.read_text()), set()
    # A connection for each request, so that whichever worker is free takes it.
    with httpx.Client(base_url=address, headers={"connection": "close"}, timeout=PATIENCE_S) as client:
        for key in range(1, 201):
            answer = client.get(f"/customers/{key}").raise_for_status().json()
            version = answer["version"]
            assert answer == {"id": key, "churn": engines[version].predict({"age": key % 80}).value, "version": version, "variant": None}
            seen.add(version)
    assert len(set(re.findall(r"answered by <(\d+)>", log.read_text()[before:]))) == 2
    return seen
