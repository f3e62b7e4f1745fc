"""The FastAPI example: the commands of its README as they are printed, two workers of uvicorn, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

import prisml
from examples.fastapi.load import DAYS, load
from examples.fastapi.models import TODAY, Customer
from tests.artifacts import make_artifact
from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
README = ROOT / "examples" / "fastapi" / "README.md"
CUSTOMERS = 23_570
PATIENCE_S = 60.0
PROFILE = ("purchases", "purchases_90d", "discs", "spent", "spent_90d", "days_since_first", "days_since_last")


class Shop:
    """A folder with a copy of the example, its data, its registry and a running service."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        shutil.copytree(README.parent, folder / "examples" / "fastapi", ignore=shutil.ignore_patterns("data", "__pycache__"))
        path = os.pathsep.join([str(folder), str(ROOT / "python")])
        inherited = {key: value for key, value in os.environ.items() if key != "PRISML_REGISTRY"}
        self.environment = {**inherited, "DATABASE_URL": database, "PYTHONPATH": path}
        self.registry = f"sqlite:///{folder / '.prisml' / 'registry.db'}"

    def run(self, command: list[str]) -> None:
        """Types a command that ends."""
        result = subprocess.run(self._words(command), cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{shlex.join(command)}\n{result.stdout}\n{result.stderr}"

    @contextmanager
    def serving(self, command: list[str]) -> Iterator[tuple[httpx.Client, psutil.Process]]:
        """A client of the service that ``command`` starts, and the service's process."""
        port, log = free_port(), self.folder / "service.log"
        with log.open("wb") as out:
            words = [*self._words(command), "--port", str(port)]
            process = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=out, stderr=out)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
                _wait(client, process, log)
                yield client, psutil.Process(process.pid)
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0, log.read_text()
        assert log.read_text().count("Application shutdown complete") == 2

    @staticmethod
    def _words(command: list[str]) -> list[str]:
        program, *arguments = command
        return [sys.executable, *([] if program == "python" else ["-m", program]), *arguments]


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the service answers and both workers have started."""
    end = time.monotonic() + PATIENCE_S
    while log.read_text().count("Application startup complete") < 2:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def _commands() -> list[list[str]]:
    """The three commands of the README."""
    blocks = re.findall(r"^```console\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if "uvicorn" in block]
    return [shlex.split(line) for line in block.splitlines()]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The README's own ``DATABASE_URL``, and that of a database in PostgreSQL."""
    if request.param == "postgresql":
        yield from request.getfixturevalue("postgresql_server").database()
    else:
        (found,) = re.findall(r"^export DATABASE_URL=(\S+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
        yield found


@pytest.fixture(scope="module")
def shop(url: str, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The data loaded and the model trained, as the README says."""
    made = Shop(tmp_path_factory.mktemp("shop"), url)
    for command in _commands()[:2]:
        made.run(command)
    return made


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[httpx.Client]:
    """A client of the service with its two workers."""
    with shop.serving(_commands()[2]) as (found, process):
        assert "--workers 2" in " ".join(_commands()[2])
        assert len([child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]) == 2
        yield found


@pytest.fixture(scope="module")
def wanted(shop: Shop) -> dict[int, float]:
    """What the engine, asked here, predicts for each customer as of today."""
    url = shop.environment["DATABASE_URL"].replace("sqlite:///", f"sqlite:///{shop.folder}/")
    engine = create_engine(url)
    with Session(engine) as session:
        rows = session.scalars(select(Customer).where(Customer.day == TODAY).order_by(Customer.id)).all()
    engine.dispose()
    values = prisml.load("churn", registry=shop.registry, refresh=None).predict_many(rows).values.tolist()
    return {row.id: value for row, value in zip(rows, values, strict=True)}


def test_customer_comes_with_the_prediction(client: httpx.Client, wanted: dict[int, float]) -> None:
    """One customer is answered with what the engine predicts for them, and with the version that did."""
    for key in (1, 5, CUSTOMERS):
        answer = client.get(f"/customers/{key}").raise_for_status().json()
        assert answer["id"] == key
        assert answer["churn"] == {"churn_probability": wanted[key], "version": 1, "variant": None}
        assert set(answer["profile"]) == set(PROFILE)


def test_pages_lead_through_all_customers(client: httpx.Client, wanted: dict[int, float]) -> None:
    """Following ``after`` gives every customer once, in order, each predicted as alone."""
    found: dict[int, float] = {}
    after: int | None = 0
    while after is not None:
        page = client.get("/customers", params={"after": after, "limit": 1000}).raise_for_status().json()
        found.update({each["id"]: each["churn"]["churn_probability"] for each in page["customers"]})
        after = page["after"]
    assert list(found.items()) == list(wanted.items())
    assert len(found) == CUSTOMERS


def test_posted_row_is_predicted_as_the_customer_is(client: httpx.Client, wanted: dict[int, float]) -> None:
    """A profile that is posted gives what the database's customer with that profile gives."""
    profile = client.get("/customers/5").json()["profile"]
    answer = client.post("/predictions", json=profile).raise_for_status().json()
    assert answer == {"churn_probability": wanted[5], "version": 1, "variant": None}


def test_health_says_what_is_served(client: httpx.Client) -> None:
    """The health of a service that serves is 200, with model and version and no problem."""
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() | {"refreshed_at": None} == {
        "model": "churn",
        "version": 1,
        "experiment": None,
        "following": True,
        "refreshed_at": None,
        "problem": None,
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"days_since_first": 16_777_217}, "'days_since_first'"),
        ({"spent": "NaN"}, "body.spent"),
        ({"purchases": 0}, "body.purchases"),
        ({"discs": "seventeen"}, "body.discs"),
    ],
)
def test_row_that_does_not_fit_is_a_problem_without_its_value(client: httpx.Client, change: dict[str, Any], told: str) -> None:
    """What cannot be predicted is 422, a problem document that names the feature and does not repeat the value."""
    profile = client.get("/customers/5").json()["profile"] | change
    text = ", ".join(
        f'"{name}": {value if value == "NaN" or not isinstance(value, str) else chr(34) + value + chr(34)}'
        for name, value in profile.items()
    )
    answer = client.post("/predictions", content=f"{{{text}}}", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == 422
    assert told in document["detail"]
    assert not any(str(value) in answer.text for value in change.values() if value != 0)


@pytest.mark.parametrize(("path", "status"), [("/customers/23571", 404), ("/customers/0", 422), (f"/customers/{2**70}", 422)])
def test_customer_who_is_not_there_is_no_failure(client: httpx.Client, path: str, status: int) -> None:
    """An id without a customer is 404, and what is no id of the table is 422."""
    assert client.get(path).status_code == status


def test_health_is_503_without_a_model_and_200_while_one_serves(shop: Shop, tmp_path: Path) -> None:
    """Workers start without a model: health is 503 with no word about the registry's place, and 200 once a version is published.

    It stays 200, and names the problem, where the next version cannot be served here and the one before it serves on.
    """
    bare = Shop(tmp_path, shop.environment["DATABASE_URL"].replace("sqlite:///", f"sqlite:///{shop.folder}/"))
    with bare.serving(_commands()[2]) as (client, _):
        for path in ("/health", "/customers/5"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:prisml:model_not_found"
            assert str(tmp_path) not in answer.text
        prisml.Registry(bare.registry).publish(prisml.Registry(shop.registry).artifact("churn"))
        assert client.get("/health").json()["version"] == 1
        assert client.get("/customers/5").status_code == 200
        # Trained with another mapping than this service's.
        assert prisml.Registry(bare.registry).publish(make_artifact("churn")).active
        end = time.monotonic() + PATIENCE_S
        while (answer := client.get("/health")).json()["problem"] is None:
            assert time.monotonic() < end
        assert answer.status_code == 200
        assert answer.json()["version"] == 1
        assert client.get("/customers/5").json()["churn"]["version"] == 1


def test_loading_again_gives_the_same_rows(sqlite_url: str) -> None:
    """Loading twice leaves each customer once for each quarter, and only the last quarter is without a label."""
    engine = create_engine(sqlite_url)
    assert load(engine, customers=200) == load(engine, customers=200) == 200 * len(DAYS)
    with engine.connect() as connection:
        counted = connection.execute(select(Customer.day, func.count(Customer.churned)).group_by(Customer.day))
        labelled = dict(counted.all())
    engine.dispose()
    assert labelled == {day: 0 if day == TODAY else 200 for day in DAYS}


def test_columns_and_label_are_of_different_purchases(sqlite_url: str) -> None:
    """Of customer 4, who bought on 1 January, 18 January, 2 August and 12 December 1997, each quarter counts what came before it."""
    engine = create_engine(sqlite_url)
    load(engine, customers=10)
    with Session(engine) as session:
        rows = session.scalars(select(Customer).where(Customer.id == 4).order_by(Customer.day)).all()
        assert [(row.purchases, row.purchases_90d, row.days_since_last, row.churned) for row in rows] == [
            (3, 1, 60, False),
            (4, 1, 20, True),
            (4, 0, 110, True),
            (4, 0, 201, None),
        ]
    engine.dispose()
