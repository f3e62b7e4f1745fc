"""The example of fraud: what its features count, beside pandas, and what its threshold saves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from examples.fraud.load import DATABASE, load
from examples.fraud.ml import fraud
from examples.fraud.models import Card, Payment
from tests.support.examples import ROOT, is_typed, printed, run

README = ROOT / "examples" / "fraud" / "README.md"

CARDS = 300
LOOKED_AT = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing was but what the demo made."""
    return tmp_path_factory.mktemp("fraud")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the demo prints, of fewer cards."""
    return run(["python", "-m", "examples.fraud.demo", str(CARDS)], folder)


@pytest.fixture(scope="module")
def database(shown: str, folder: Path) -> Iterator[Engine]:
    """What the demo loaded."""
    engine = create_engine(DATABASE.replace(":///", f":///{folder}/"))
    yield engine
    engine.dispose()


def test_demo_types_the_commands_of_the_readme(shown: str) -> None:
    """Each command of ``prisml`` in the README is one that the demo typed, and what it says to start with Python is there."""
    commands = printed(README)
    assert len(commands) > 2
    assert [command for command in commands if not is_typed(command, shown)] == []


def test_fraud_is_rare(database: Engine) -> None:
    """Between half a percent and one of the payments are fraud."""
    frame = pd.read_sql(select(Payment.is_fraud), database)
    assert 0.005 < frame["is_fraud"].mean() < 0.01


def test_threshold_by_cost_costs_least(shown: str) -> None:
    """On the month held out, the chosen threshold costs less than 0.5, and both less than never holding back."""
    costs = [int(line.replace(",", "")) for line in re.findall(r"^│ (?:never|P\(fraud\) >).*?│ \$([\d,]+) +│", shown, re.MULTILINE)]
    never, half, chosen = costs
    assert chosen < half < never


def test_features_are_what_pandas_counts(database: Engine, folder: Path) -> None:
    """Of each payment of some cards, every feature over what the card did before equals what pandas makes of the table."""
    engine = fraud.load(registry=f"sqlite:///{folder / '.prisml' / 'registry.db'}")
    with Session(database) as session:
        statement = select(Payment).where(Payment.card_id <= LOOKED_AT).order_by(Payment.card_id, Payment.made_at, Payment.id)
        matrix = engine.encode(session.scalars(statement).all())
        frame = pd.read_sql(statement, database)
        homes = dict(session.execute(select(Card.id, Card.home_country)).all())
    found = pd.DataFrame(matrix, columns=[each.name for each in engine.manifest.inputs])
    expected = pd.concat([_counted(rows) for _, rows in frame.groupby("card_id")], ignore_index=True)
    expected["abroad"] = frame["country"] != frame["card_id"].map(homes)
    assert len(found) > 200
    assert (expected["count_1h"] > 1).any()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name].astype(float), rtol=1e-6, atol=1e-6, err_msg=name)


def test_loading_again_gives_the_same_rows(sqlite_url: str) -> None:
    """Loading twice leaves each row once, and the seed makes them the same."""
    engine = create_engine(sqlite_url)
    frames = []
    for _ in range(2):
        load(engine, cards=20)
        frames.append(pd.read_sql(select(Payment).order_by(Payment.id), engine))
    pd.testing.assert_frame_equal(*frames)
    engine.dispose()


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """The features of one card's payments, each from the payments that are strictly older."""
    made = []
    for each in rows.itertuples():
        before = rows[rows["made_at"] < each.made_at]
        ages = each.made_at - before["made_at"]
        row = {"hours_since_last": ages.min() / pd.Timedelta(hours=1), "times_the_mean": each.amount / before["amount"].mean()}
        for name, within in (("1h", "1h"), ("24h", "24h"), ("7d", "7D")):
            recent = before[ages <= pd.Timedelta(within)]
            row |= {f"count_{name}": len(recent), f"spent_{name}": recent["amount"].sum()}
        made.append(row)
    return pd.DataFrame(made)
