"""The churn example: the commands of its README as they are printed, and what its rows and predictions know of the time after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, delete, func, select
from sqlalchemy.orm import Session

import prisml
from examples.churn.load import DATABASE, load
from examples.churn.ml import AHEAD, SNAPSHOTS, churn
from examples.churn.models import TODAY, Customer, Order
from examples.fastapi.cdnow import purchases
from prisml.manifest import Manifest
from tests.support.examples import ROOT, printed, run

README = ROOT / "examples" / "churn" / "README.md"
HELD_OUT = SNAPSHOTS[-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands of the README were typed, the demo first."""
    place = tmp_path_factory.mktemp("churn")
    for command in printed(README):
        run(command, place)
    return place


@pytest.fixture(scope="module")
def registry(folder: Path) -> str:
    """Where the commands published."""
    return f"sqlite:///{folder / '.prisml' / 'registry.db'}"


@pytest.fixture(scope="module")
def manifest(registry: str) -> Manifest:
    """What is stored of the version that was trained."""
    return prisml.Registry(registry).artifact("churn").manifest


def test_commands_publish_one_version(folder: Path, registry: str) -> None:
    """The demo and the commands after it train the same model from the same data: one version, of one digest."""
    assert [version.number for version in prisml.Registry(registry).versions("churn")] == [1]


def test_rows_are_customers_who_had_bought(manifest: Manifest) -> None:
    """Each customer is trained on once for each date before which something was bought, and judged at the last date."""
    first: dict[int, date] = {}
    for key, purchase in purchases():
        first.setdefault(key, purchase.day)
    known = [sum(day < seen for day in first.values()) for seen in SNAPSHOTS]
    assert (manifest.rows.train, manifest.rows.test) == (sum(known[:-1]), known[-1])
    assert known[0] < known[-1] == len(first)


def test_labels_end_before_the_next_date() -> None:
    """No label reaches past the next date, nor past the last day of the data."""
    assert all(before + AHEAD <= after for before, after in zip(SNAPSHOTS, [*SNAPSHOTS[1:], TODAY], strict=True))


def test_prediction_knows_nothing_of_later_orders(folder: Path, registry: str) -> None:
    """With all orders from a date on deleted, each customer gives the same bits as of that date, and others as of today."""
    source = create_engine(DATABASE.replace(":///", f":///{folder}/"))
    engine = churn.load(registry=registry)
    whole = _predicted(engine, source, HELD_OUT)
    today = _predicted(engine, source, TODAY)
    with source.begin() as connection:
        assert connection.execute(delete(Order).where(Order.placed_on >= HELD_OUT)).rowcount > 1_000
    cut = _predicted(engine, source, HELD_OUT)
    assert np.array_equal(whole, cut)
    assert not np.array_equal(today, _predicted(engine, source, TODAY))
    source.dispose()


def test_loading_again_gives_the_same_rows(sqlite_url: str) -> None:
    """Loading twice leaves each customer and each order once."""
    source = create_engine(sqlite_url)
    assert load(source, customers=200) == load(source, customers=200)
    with source.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Customer)) == 200
        assert connection.scalar(select(func.count()).select_from(Order)) == sum(key <= 200 for key, _ in purchases())
    source.dispose()


def _predicted(engine: prisml.Engine, source: Database, moment: date) -> NDArray[np.float64]:
    with Session(source) as session:
        customers: Sequence[Customer] = session.scalars(select(Customer).order_by(Customer.id).limit(2_000)).all()
        return engine.predict_many(customers, as_of=moment).values
