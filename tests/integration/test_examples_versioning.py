"""The example of two versions: who got which, what the letters say of it, and what the registry remembers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

import prisml
from examples.versioning.load import DATABASE
from examples.versioning.ml import SERVED
from examples.versioning.models import Customer, Letter
from examples.versioning.results import results
from tests.support.examples import ROOT, is_typed, printed, run

README = ROOT / "examples" / "versioning" / "README.md"

CUSTOMERS = 2_500
WAVES = ("a tenth", "a half")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing was but what the demo made."""
    return tmp_path_factory.mktemp("versioning")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the demo prints, of fewer customers, with two processes that serve at once."""
    return run(["python", "-m", "examples.versioning.demo", str(CUSTOMERS), "2"], folder)


@pytest.fixture(scope="module")
def registry(shown: str, folder: Path) -> prisml.Registry:
    """Where the demo published."""
    return prisml.Registry(f"sqlite:///{folder / '.prisml' / 'registry.db'}")


@pytest.fixture(scope="module")
def database(shown: str, folder: Path) -> Iterator[Engine]:
    """The customers, and the letters of all waves."""
    engine = create_engine(DATABASE.replace(":///", f":///{folder}/"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def letters(database: Engine) -> pd.DataFrame:
    """All letters, as pandas reads them."""
    return pd.read_sql(select(Letter).order_by(Letter.wave, Letter.customer_id), database)


def test_demo_types_the_commands_of_the_readme(shown: str) -> None:
    """Each command of ``prisml`` in the README is one that the demo typed, and what it says to start with Python is there."""
    commands = printed(README)
    assert len(commands) > 2
    assert [command for command in commands if not is_typed(command, shown)] == []


def test_history_tells_the_whole_story(registry: prisml.Registry) -> None:
    """The log has each step with its reason, and ends with the second version serving and no experiment."""
    log = [(entry.action, entry.before, entry.version) for entry in reversed(registry.history("churn"))]
    assert log == [("publish", None, 1), ("start", 1, 1), ("ramp", 1, 1), ("promote", 1, 2), ("publish", 2, 3), ("rollback", 3, 2)]
    assert registry.deployment("churn").experiment is None
    assert registry.active("churn").number == 2


def test_each_customer_has_one_letter_a_wave(letters: pd.DataFrame) -> None:
    """Two processes of two threads leave nobody out, and write to nobody twice."""
    counts = letters.groupby("wave")["customer_id"].agg(["count", "nunique"])
    assert (counts == CUSTOMERS).all().all()
    assert len(counts) == 3


def test_variants_are_those_of_the_stored_experiments(letters: pd.DataFrame, registry: prisml.Registry) -> None:
    """Whoever served, each customer got the variant that the log's experiment assigns to their number."""
    experiments = [entry.experiment for entry in reversed(registry.history("churn")) if entry.action in ("start", "ramp")]
    for wave, experiment in zip(WAVES, experiments, strict=True):
        sent = letters[letters["wave"] == wave]
        assert experiment is not None
        expected = [experiment.variants[place] for place in experiment.assign_many(sent["customer_id"].to_numpy())]
        assert sent["variant"].tolist() == [variant.name for variant in expected]
        assert sent["version"].tolist() == [variant.version for variant in expected]


def test_shares_are_those_asked_for(letters: pd.DataFrame) -> None:
    """A tenth and a half of the customers got the second version, within what chance allows."""
    for wave, share in zip(WAVES, (0.1, 0.5), strict=True):
        got = (letters[letters["wave"] == wave]["variant"] == "v2").mean()
        assert got == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / CUSTOMERS))


def test_ramp_moves_nobody_back(letters: pd.DataFrame) -> None:
    """Whoever had the second version in the first wave has it in the second wave."""
    before, after = (letters[letters["wave"] == wave].set_index("customer_id")["variant"] for wave in WAVES)
    assert (after[before == "v2"] == "v2").all()
    assert (before == "v2").sum() < (after == "v2").sum()


def test_letters_hold_what_each_version_says(letters: pd.DataFrame, registry: prisml.Registry, database: Engine) -> None:
    """Each probability kept is, bit for bit, that of the version named beside it."""
    with Session(database) as session:
        customers = session.scalars(select(Customer).where(Customer.day == SERVED).order_by(Customer.id)).all()
        said = {
            version: prisml.load("churn", registry=registry.place, version=version).predict_many(customers).values for version in (1, 2, 3)
        }
    for wave in letters["wave"].unique():
        sent = letters[letters["wave"] == wave]
        expected = np.choose(sent["version"].to_numpy() - 1, [said[1], said[2], said[3]])
        assert np.array_equal(sent["churn_probability"].to_numpy(), expected)


def test_results_are_those_of_scikit_learn(letters: pd.DataFrame, database: Engine, shown: str) -> None:
    """The Brier scores that SQL computes are scikit-learn's, and the demo shows them."""
    with Session(database) as session:
        found = [each for wave in letters["wave"].unique() for each in results(session, wave)]
    assert len(found) == 5
    for each in found:
        sent = letters[(letters["wave"] == each.wave) & (letters["version"] == each.version)]
        assert each.letters == len(sent)
        assert each.brier == pytest.approx(brier_score_loss(sent["churned"].astype(int), sent["churn_probability"]), abs=1e-12)
        assert re.search(rf"{each.version} +│ {each.letters:,} +│.*{each.brier:.4f} ± {each.either_way:.4f}", shown)


def test_bad_version_is_worse(letters: pd.DataFrame, database: Engine) -> None:
    """What was rolled back had a higher Brier score than either version of the experiment."""
    with Session(database) as session:
        half, mistake = (results(session, wave) for wave in ("a half", "after a mistake"))
    assert mistake[0].version == 3
    assert mistake[0].brier > max(each.brier for each in half)


def test_python_of_the_readme_does_the_same(shown: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's Python, on a copy of the registry in which the first version serves, ends where it began: promoted and rolled back."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    shutil.copytree(folder / ".prisml", tmp_path / ".prisml")
    monkeypatch.chdir(tmp_path)
    registry = prisml.Registry("sqlite:///.prisml/registry.db")
    registry.activate("churn", 1)
    exec(block, {"prisml": prisml})  # noqa: S102 -- The README's own lines.
    assert [entry.action for entry in registry.history("churn")[:4]] == ["rollback", "promote", "ramp", "start"]
    assert registry.active("churn").number == 1
