"""``prisml features`` and ``prisml predict --as-of``: what training reads at each moment, and predictions for a moment of the past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import Session

from prisml.cli.main import cli
from prisml.commands.features import explain, features
from prisml.definition.moment import moment_of
from prisml.registry import Registry
from tests.support.purchases import SNAPSHOTS, Base, Buyer, Purchase, again, next_one, rows, trained

MODEL = "tests.support.purchases:again"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry with the model."""
    return Registry(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'registry.db'}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Engine]:
    """The shop that it was trained on."""
    with trained(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}", registry, again) as engine:
        yield engine


def run(*words: str) -> str:
    """What the command writes to stdout; it succeeds."""
    shown = CliRunner().invoke(cli, list(words))
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_rows_are_shown_as_the_model_sees_them(shop: Engine):
    """Each of the first rows is there once for each date, with its features, its moment and its label."""
    document = json.loads(run("features", MODEL, "--limit", "2", "--database", str(shop.url), "--json"))
    assert document["ok"] is True
    joined = {row["id"]: row["joined_at"] for row in rows(150)["buyers"]}
    first_two = [(number, date) for date in SNAPSHOTS for number in [n for n in joined if moment_of(joined[n]) < moment_of(date)][:2]]
    assert [(row["key"]["id"], row["as_of"][:10]) for row in document["rows"]] == [(number, str(date)) for number, date in first_two]
    first = document["rows"][0]
    assert list(first["features"]) == list(again.features)
    assert first["features"]["country"] in {"DE", "FR", "US"}
    assert isinstance(first["label"], bool)
    shown = run("features", MODEL, "--limit", "2", "--database", str(shop.url))
    assert "recency" in shown
    assert "2024-03-01" in shown


def test_the_sql_is_one_select_with_its_moments(shop: Engine):
    """--explain shows one SELECT of the database's dialect, and each parameter at each date."""
    shown = run("features", MODEL, "--explain", "--database", str(shop.url))
    assert shown.lstrip().startswith("SELECT ")
    assert "purchases.at >= replace(:as_of_naive_m2592000000000, " in shown
    assert "as_of_naive_0 = 2024-03-01 00:00:00, 2024-05-01 00:00:00, 2024-07-01 00:00:00" in shown
    assert explain(next_one, database=shop).parameters == {}


def test_a_row_that_training_drops_is_shown_without_features(tmp_path: Path):
    """A row whose label is not known yet stands there, and says that it is dropped."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Buyer).values(id=1, country="DE", joined_at=datetime(2024, 1, 1), credit=0))
        connection.execute(insert(Purchase).values(id=1, buyer_id=1, at=datetime(2024, 1, 2), amount=1.0))
        connection.execute(insert(Purchase).values(id=2, buyer_id=1, at=datetime(9990, 1, 2), amount=1.0))
    found = features(next_one, database=engine)
    engine.dispose()
    assert [(row.key["id"], row.label, bool(row.features)) for row in found] == [(1, False, True), (2, None, False)]


def test_predictions_may_be_asked_for_a_moment_of_the_past(shop: Engine, registry: Registry):
    """--as-of predicts the database's rows as they were seen then, which is what an engine gives for the objects."""
    url = str(registry.database.engine.url)
    words = ("predict", "--model", MODEL, "--where", "id < 4", "--as-of", "2024-07-01", "--database", str(shop.url), "--registry", url)
    answers = [json.loads(line) for line in run(*words).splitlines()]
    with Session(shop) as session:
        buyers = [session.get(Buyer, answer["key"]["id"]) for answer in answers]
        wanted = again.load(registry=registry).predict_many(buyers, as_of=SNAPSHOTS[-1]).values
    assert [answer["value"] for answer in answers] == wanted.tolist()
