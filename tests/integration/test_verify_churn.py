"""The campaign of ``make verify-churn`` with a tenth of the customers, on each database, and what it would find wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine

from benches import churn_leaks
from benches.churn_by_hand import ByHand
from benches.report import Report
from benches.verify_churn import columns_of, compare, serve, ulps
from examples.churn.load import load
from examples.churn.ml import SNAPSHOTS, churn
from prisml import Engine, LeakageError, define_model
from prisml.extraction.stream import extract
from prisml.training.fit import fit

CUSTOMERS = 2_357


@pytest.fixture(scope="module")
def wanted() -> pd.DataFrame:
    """What pandas makes of the raw file for all dates."""
    by_hand = ByHand(CUSTOMERS)
    return pd.concat([by_hand.seen(day) for day in SNAPSHOTS], ignore_index=True)


@pytest.fixture
def source(database_url: str) -> Iterator[Database]:
    """A database with the customers and their orders."""
    engine = create_engine(database_url)
    load(engine, customers=CUSTOMERS)
    yield engine
    engine.dispose()


def test_values_are_those_of_pandas_at_both_times(source: Database, wanted: pd.DataFrame) -> None:
    """Each value extracted is what pandas makes of the raw file, and a session serves as of each date what training saw."""
    extracted = extract(churn, source)
    report = Report("values")
    compare(report, source.dialect.name, columns_of(extracted), wanted)
    assert report.broken == []
    assert [row["feature"] for row in report.rows] == [*churn.features, "label"]
    assert {row["rows"] for row in report.rows} == {len(wanted)}
    assert 4 * CUSTOMERS < len(wanted) < 5 * CUSTOMERS
    served = Report("served")
    serve(served, source.dialect.name, Engine.from_artifact(fit(churn, extracted).artifact, definition=churn), source, extracted)
    assert served.broken == []
    assert sum(row["rows"] for row in served.rows) == len(wanted)


def test_model_that_sees_the_future_is_worth_less_than_it_seems(sqlite_url: str) -> None:
    """Without bounds a model is published as nearly perfect, and with what a service can know it is worse than the honest one."""
    source = create_engine(sqlite_url)
    load(source, customers=CUSTOMERS)
    honest = extract(churn, source)
    report = Report("leaks")
    churn_leaks.show(report, source, honest, fit(churn, honest).artifact)
    source.dispose()
    assert report.broken == []
    bounded, _, unbounded = report.rows
    assert unbounded["published"] > 0.99 > bounded["published"] > 0.75
    assert unbounded["served"] < bounded["served"] == pytest.approx(bounded["published"], abs=1e-9)


@pytest.mark.parametrize("feature", sorted(churn_leaks.ALL))
def test_definition_that_sees_the_future_is_refused(feature: str) -> None:
    """Each of the features that see the future is refused by name where the moment lies in the past."""
    with pytest.raises(LeakageError, match=f"'{feature}' reads orders of all times") as refused:
        define_model(
            churn.entity, name="churn", output="leaking", label=churn.label, features={feature: churn_leaks.ALL[feature]}, as_of=SNAPSHOTS
        )
    assert refused.value.context["guard"] == "unbounded"


@pytest.mark.parametrize(
    ("feature", "change", "told"),
    [
        ("orders_ever", lambda values: values + (np.arange(len(values)) == 7), "what pandas makes"),
        ("discs_ever", lambda values: np.nextafter(values, np.inf, dtype=np.float32), "what pandas makes"),
        ("spent_ever", lambda values: values * np.float32(1.000_001), "what pandas makes"),
        ("mean_order_180d", np.nan_to_num, "missing where there is nothing"),
        ("label", lambda values: 1 - values, "what pandas makes"),
        ("days_since_last", lambda values: values[:-1], "a value for each customer"),
    ],
)
def test_campaign_sees_what_is_wrong(feature: str, change, told: str, wanted: pd.DataFrame) -> None:
    """One value that is another, a step of float32 in a count, two in a sum, a zero for what is missing and a lost row are all found."""
    right = {name: wanted[name].to_numpy(np.float32) for name in [*churn.features, "label"]}
    report = Report("values")
    compare(report, "sqlite", right, wanted)
    assert report.broken == []
    compare(report, "sqlite", {**right, feature: np.asarray(change(right[feature]), np.float32)}, wanted)
    assert len(report.broken) == 1
    assert f"sqlite: {feature}" in report.broken[0]
    assert told in report.broken[0]


def test_steps_of_float32_are_counted() -> None:
    """From a number to the next one of float32 is one step, whatever its size."""
    numbers = np.asarray([0.0, 1.0, 29.33, 16_777_216.0], np.float32)
    assert ulps(numbers, numbers).tolist() == [0, 0, 0, 0]
    assert ulps(numbers, np.nextafter(numbers, np.float32(np.inf))).tolist() == [1, 1, 1, 1]
