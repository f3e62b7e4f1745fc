"""The example of a night's run: what a kill leaves, what another run adds, and that a third adds nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, func, select, update

from examples.batch.load import DATABASE, load
from examples.batch.ml import HELD_OUT
from examples.batch.models import CustomerScore
from examples.batch.score import score
from examples.batch.segments import SEGMENTS, segment_of
from examples.churn.models import TODAY, Customer
from tests.support.examples import ROOT, is_typed, printed, run

README = ROOT / "examples" / "batch" / "README.md"

CUSTOMERS = 2_000
CHUNK = 100
WHAT = [column for column in CustomerScore.__table__.columns if column.name != "scored_at"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing was but what the demo made."""
    return tmp_path_factory.mktemp("batch")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the demo prints, of fewer customers."""
    return run(["python", "-m", "examples.batch.demo", str(CUSTOMERS)], folder)


@pytest.fixture(scope="module")
def registry(shown: str, folder: Path) -> str:
    """Where the demo published."""
    return f"sqlite:///{folder / '.prisml' / 'registry.db'}"


@pytest.fixture
def database(shown: str, folder: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the database that the demo left, every customer scored as of its last night."""
    copy = shutil.copy(folder / DATABASE.removeprefix("sqlite:///"), tmp_path / "shop.db")
    engine = create_engine(f"sqlite:///{copy}")
    yield engine
    engine.dispose()


def test_demo_types_the_commands_of_the_readme(shown: str) -> None:
    """Each command of ``prisml`` in the README is one that the demo typed, and what it says to start with Python is there."""
    commands = printed(README)
    assert len(commands) > 2
    assert [command for command in commands if not is_typed(command, shown)] == []


def test_demo_completes_what_it_killed(shown: str) -> None:
    """The run after the kill scored exactly who was left, and the third one nobody."""
    (killed,) = re.findall(r"^Killed: ([\d,]+)", shown, re.MULTILINE)
    after = [int(each.replace(",", "")) for each in re.findall(rf"^{HELD_OUT}: ([\d,]+) customers", shown, re.MULTILINE)]
    assert after == [CUSTOMERS - int(killed.replace(",", "")), 0]


def test_each_customer_has_one_score(database: Engine) -> None:
    """After the last night, the customers with a score of that night are all there are."""
    with database.connect() as connection:
        scored = connection.scalars(select(CustomerScore.customer_id).where(CustomerScore.night == TODAY)).all()
        assert sorted(scored) == sorted(connection.scalars(select(Customer.id)))


def test_command_line_answers_the_same(shown: str, database: Engine) -> None:
    """``prisml predict`` of the demo gives, as JSON lines, the probabilities that stand in the table."""
    lines = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    with database.connect() as connection:
        stored = dict(connection.execute(select(CustomerScore.customer_id, CustomerScore.return_probability)).all())
    assert {line["key"]["id"]: line["value"] for line in lines} == {key: stored[key] for key in (1, 2, 3)}


def test_killed_run_is_completed_by_the_next(database: Engine, registry: str, folder: Path) -> None:
    """A run that is killed leaves whole chunks, and after the next one the table is that of a run nobody disturbed."""
    score(database, HELD_OUT, registry=registry)
    undisturbed = _rows(database)
    with database.begin() as connection:
        connection.execute(delete(CustomerScore))
    _start_and_kill(database, folder)
    left = len(_rows(database))
    assert 0 < left < CUSTOMERS
    assert left % CHUNK == 0
    assert score(database, HELD_OUT, registry=registry, chunk=CHUNK).scored == CUSTOMERS - left
    assert _rows(database) == undisturbed


def test_second_run_changes_nothing(database: Engine, registry: str) -> None:
    """A run of a night that is scored already scores nobody, and touches no row."""
    with database.connect() as connection:
        before = connection.execute(select(CustomerScore.__table__)).all()
    assert score(database, TODAY, registry=registry).scored == 0
    with database.connect() as connection:
        assert connection.execute(select(CustomerScore.__table__)).all() == before


def test_other_versions_are_replaced(database: Engine, registry: str) -> None:
    """Customers who were scored by another version are scored anew, and nobody else."""
    before = _rows(database)
    with database.begin() as connection:
        connection.execute(update(CustomerScore).where(CustomerScore.customer_id <= 30).values(returns_version=99, segment="-"))
    assert score(database, TODAY, registry=registry).scored == 30
    assert _rows(database) == before


def test_scores_in_postgresql(postgresql_url: str, database: Engine, registry: str) -> None:
    """PostgreSQL, whose upsert is its own, ends with the rows that SQLite has, for two nights one after the other."""
    other = create_engine(postgresql_url)
    load(other, customers=150)
    for night in (HELD_OUT, TODAY):
        assert score(other, night, registry=registry, chunk=CHUNK).scored == 150
    expected = [row for row in _rows(database) if row.customer_id <= 150]
    for found, wanted in zip(_rows(other), expected, strict=True):
        # A sum of dollars may end in another last bit there.
        assert (found.customer_id, found.night, found.segment) == (wanted.customer_id, wanted.night, wanted.segment)
        assert found.return_probability == pytest.approx(wanted.return_probability, abs=1e-6)
    other.dispose()


def test_segments_are_those_of_the_two_questions() -> None:
    """Likely or not, worth it or not, gives each of the four segments, and a probability of zero gives one too."""
    assert [segment_of(0.5, 50.0), segment_of(0.5, 5.0), segment_of(0.1, 9.0), segment_of(0.1, 1.0)] == list(SEGMENTS)
    assert segment_of(0.0, 0.0) in SEGMENTS


def _rows(database: Engine) -> list:
    with database.connect() as connection:
        return list(connection.execute(select(*WHAT).order_by(CustomerScore.customer_id)))


def _start_and_kill(database: Engine, folder: Path) -> None:
    """Lets another process score in small chunks, and kills it after the first that is there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "python")])}
    url = database.url.render_as_string()
    command = [sys.executable, "-m", "examples.batch.score", str(HELD_OUT), url, str(CHUNK)]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with database.connect() as connection:
                if connection.scalar(select(func.count()).select_from(CustomerScore)):
                    break
        process.kill()
