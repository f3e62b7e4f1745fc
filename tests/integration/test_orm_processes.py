"""Extended sessions over forks, as of a server that loads the application before it forks its workers; and definitions in any module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from prisml.registry import Registry
from tests.support.predicted import Base, churn, create, publish

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(path for path in (os.environ.get("PYTHONPATH"), str(ROOT / "python"), str(ROOT)) if path)
FORKING = """
import asyncio, os, sys, time
from sqlalchemy import NullPool, create_engine, make_url, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker
from prisml.orm import attach, extend, with_ml
from prisml.registry import Registry
from tests.support.predicted import Customer, churn, publish, wanted

engine = create_engine(sys.argv[1])
Session = extend(sessionmaker(engine), [churn], registry=sys.argv[2])
after = make_url(sys.argv[1]).set(drivername="sqlite+aiosqlite")
Async = extend(async_sessionmaker(create_async_engine(after, poolclass=NullPool)), [churn], registry=sys.argv[2])
held = Session()


def right(customers, version=1):
    found = [churn.of(each) for each in customers]
    return bool(found) and {each.version for each in found} == {version} and (
        version > 1 or all(abs(each.value - wanted(churn, row.id)) < 1e-6 for each, row in zip(found, customers)))


def predict(version=1):
    with Session() as session:
        customers = session.scalars(select(Customer).options(with_ml())).all()
        return right(customers, version) and right(session.scalars(select(Customer)).all(), version)


async def apredict():
    async with Async() as session:
        return right((await session.scalars(select(Customer).options(with_ml()))).all())


def wait_for(version):
    end = time.monotonic() + 20
    while not predict(version):
        assert time.monotonic() < end
        time.sleep(0.05)


def child():
    # What the parent had loaded and predicted is there, and what is predicted anew is right; a new version arrives here too.
    seen = right(kept) and predict() and asyncio.run(apredict())
    attach(held, kept)
    seen = seen and right(kept)
    os.write(ready[1], b"." if seen else b"!")
    wait_for(2)


kept = held.scalars(select(Customer).options(with_ml())).all()
assert right(kept) and predict() and asyncio.run(apredict())
held.rollback()
kept = held.scalars(select(Customer).options(with_ml())).all()
held.expunge_all()
held.close()
engine.dispose()
ready = os.pipe()
children = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            child()
            code = 0
        finally:
            os._exit(code)
    children.append(pid)
assert predict()
marks = b""
while len(marks) < len(children):
    marks += os.read(ready[0], 3)
publish(Registry(sys.argv[2]), churn, bias=1.0)
wait_for(2)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
print(marks.decode(), codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_workers_forked_from_a_process_that_predicted(tmp_path: Path):
    """After the parent has predicted, its forked children predict, sync and async, and follow the registry as the parent does."""
    database = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    create(database, Base.metadata, 20)
    database.dispose()
    registry = f"sqlite:///{tmp_path / 'registry.db'}"
    publish(Registry(registry), churn)
    done = _python("-W", "ignore::DeprecationWarning", "-c", FORKING, f"sqlite:///{tmp_path / 'shop.db'}", registry)
    assert done == "... [0, 0, 0]"


MAPPING = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from prisml.orm import Predicted

class Base(DeclarativeBase): pass

class Customer(Predicted, Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    country: Mapped[str | None]
    churned: Mapped[bool]
"""
DEFINITION = """
churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={"age": Customer.age, "country": Customer.country},
    name="churn",
)
"""
USE = """
import sys
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from prisml.orm import extend, with_ml
{imports}

Session = extend(sessionmaker(create_engine(sys.argv[1])), [churn], registry=sys.argv[2])
with Session() as session:
    customer = session.get(Customer, 1, options=[with_ml()])
    print(customer.risk() if hasattr(customer, "risk") else customer._ml.churn_probability)
"""
RISK = """
    def risk(self) -> float:
        from shop.ml import churn  # The mapping knows its definition when it is asked, and not when it is read.
        return churn.of(self).value
"""
SHOPS = {
    "beside": {
        "__init__.py": "",
        "models.py": f"from prisml import define_model\n{MAPPING}{DEFINITION}",
        "app.py": USE.format(imports="from shop.models import Customer, churn"),
    },
    "apart": {
        "__init__.py": "",
        "models.py": MAPPING + RISK,
        "ml.py": f"from prisml import define_model\nfrom shop.models import Customer\n{DEFINITION}",
        "app.py": USE.format(imports="from shop.ml import churn\nfrom shop.models import Customer"),
    },
    "apart, known to the package": {
        "__init__.py": "from shop.models import Customer\nfrom shop.ml import churn\n",
        "models.py": MAPPING + RISK,
        "ml.py": f"from prisml import define_model\nfrom shop.models import Customer\n{DEFINITION}",
        "app.py": USE.format(imports="from shop import Customer, churn"),
    },
}


@pytest.mark.parametrize("kind", SHOPS)
def test_definitions_stand_beside_the_mapping_or_apart(tmp_path: Path, kind: str):
    """A definition in the module of its entity, or in one of its own, is imported in any order without a circle."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in SHOPS[kind].items():
        (folder / name).write_text(text, encoding="utf-8")
    database = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    create(database, Base.metadata, 20)
    database.dispose()
    registry = f"sqlite:///{tmp_path / 'registry.db'}"
    publish(Registry(registry), churn)
    said = _python("-W", "error", "-m", "shop.app", f"sqlite:///{tmp_path / 'shop.db'}", registry, folder=tmp_path)
    assert 0 < float(said) < 1
    for module in ("shop.ml", "shop.models") if "ml.py" in SHOPS[kind] else ("shop.models",):
        assert _python("-W", "error", "-c", f"import {module}; print('fine')", folder=tmp_path) == "fine"


def _python(*arguments: str, folder: Path = ROOT) -> str:
    environment = {**os.environ, "PYTHONPATH": PATH}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
