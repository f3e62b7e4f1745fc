"""The flights example, scaled down: every 17th flight of 2013, through all that the campaigns of `make verify-*` do with all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine as Database
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from benches import batches, metrics, parity
from benches.handmade import CLASSIFIERS, REGRESSORS, Handmade
from benches.report import Report
from benches.trained import Trained, definition, extracted, train
from examples.flights.load import connect, load
from examples.flights.ml import arrival_delay, late_arrival
from examples.flights.models import Airline, Airport, Base, Flight, Plane, Weather
from prisml import Engine
from prisml.extraction.stream import Extracted, extract
from prisml.training.fit import fit

SAMPLE = 20_000
ROWS = {"airlines": 16, "airports": 1_458, "planes": 3_322, "weather": 26_115, "flights": 336_776}
MODELS = [(name, False) for name in CLASSIFIERS] + [(name, True) for name in REGRESSORS]

# The same rows that Handmade(limit=SAMPLE) keeps.
THIN_OUT = text("""
    DELETE FROM flights WHERE rowid NOT IN (
        SELECT rowid FROM (SELECT rowid, row_number() OVER (ORDER BY time_hour, carrier, flight, origin) AS place FROM flights)
        WHERE place % 17 = 1)
""")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all five tables complete."""
    file = tmp_path_factory.mktemp("flights") / "flights.db"
    engine = connect(f"sqlite:///{file}")
    load(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="module")
def sample(whole: Path) -> Database:
    """The same file with every 17th flight left."""
    copy = whole.with_name("sample.db")
    copy.write_bytes(whole.read_bytes())
    engine = connect(f"sqlite:///{copy}")
    with engine.begin() as connection:
        connection.execute(THIN_OUT)
    return engine


@pytest.fixture(scope="module")
def handmade() -> Handmade:
    """The sample as pandas and scikit-learn see it."""
    return Handmade(limit=SAMPLE)


@pytest.fixture(scope="module")
def matrices(sample: Database) -> dict[bool, Extracted]:
    """What was extracted for each target: lateness, and the delay in minutes."""
    return {regression: extracted(sample, regression=regression) for regression in (False, True)}


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: f"{model[0]}-{'delay' if model[1] else 'late'}")
def model(request: pytest.FixtureRequest, matrices: dict[bool, Extracted]) -> tuple[str, bool, Trained]:
    """Each algorithm for each target, trained through PrisML."""
    algorithm, regression = request.param
    return algorithm, regression, train(definition(algorithm, regression=regression), matrices[regression])


@pytest.fixture(scope="module")
def by_hand(model: tuple[str, bool, Trained], handmade: Handmade) -> NDArray[np.float64]:
    """What the same model, written by hand, predicts for each row of the sample."""
    algorithm, regression, _ = model
    return handmade.predictions(handmade.fit(algorithm, regression=regression), algorithm, regression=regression)


def test_load_fills_what_is_missing_and_leaves_the_rest(whole: Path) -> None:
    """Loading gives the rows of the package; loading again after rows were lost gives them again, and touches no complete table."""
    engine = connect(f"sqlite:///{whole}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM planes WHERE tailnum < 'N2'"))
    touched: list[str] = []
    assert load(engine, progress=lambda step, done, total: touched.append(step)) == ROWS
    assert set(touched) == {"planes"}
    with engine.connect() as connection:
        counted = {table.name: connection.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables}
    assert counted == ROWS


def test_relationships_lead_to_what_the_data_says(whole: Path) -> None:
    """A flight leads to its airline, its destination, its plane and the weather of its hour, or to None where nothing is known."""
    with Session(connect(f"sqlite:///{whole}")) as session:
        flight = session.scalars(select(Flight).where(Flight.carrier == "UA", Flight.flight == 1545).order_by(Flight.time_hour)).first()
        assert flight is not None
        airline, destination, plane, weather = flight.airline, flight.destination, flight.plane, flight.weather
        assert isinstance(airline, Airline)
        assert airline.name == "United Air Lines Inc."
        assert isinstance(destination, Airport)
        assert destination.faa == "IAH"
        assert isinstance(plane, Plane)
        assert plane.seats == 149
        assert isinstance(weather, Weather)
        assert weather.time_hour == flight.time_hour
        unknown = session.scalars(select(Flight).where(Flight.tailnum.is_not(None), ~Flight.plane.has()).limit(1)).one()
        assert unknown.plane is None


def test_engine_predicts_what_scikit_learn_does(model: tuple[str, bool, Trained], handmade: Handmade, by_hand: NDArray[np.float64]) -> None:
    """Every row of the sample gives the same through the engine, from a mapping, and through scikit-learn, written by hand."""
    algorithm, regression, trained = model
    report = Report("parity")
    parity.compare(report, trained.engine, handmade, by_hand, algorithm, regression=regression)
    assert report.broken == []
    assert report.rows[0]["rows"] == len(handmade.frame) > 19_000


def test_metrics_are_those_of_the_hand_written_pipeline(
    model: tuple[str, bool, Trained], handmade: Handmade, by_hand: NDArray[np.float64]
) -> None:
    """The manifest's metrics are those of the same pipeline written without PrisML, and better than knowing nothing."""
    algorithm, regression, trained = model
    report = Report("flights")
    metrics.compare(report, trained.artifact.manifest, handmade, by_hand, algorithm, regression=regression)
    assert report.broken == []


def test_batch_size_changes_no_bit(model: tuple[str, bool, Trained], handmade: Handmade) -> None:
    """A row gives the same bits alone and in batches of 1, 2, 33, 1,000 and 4,096."""
    report = Report("batch")
    batches.compare(report, model[2].engine, next(handmade.rows())[:5_000])
    assert report.broken == []


def test_flights_without_a_delay_are_dropped_and_counted(matrices: dict[bool, Extracted], handmade: Handmade) -> None:
    """Cancelled and diverted flights have no label: they are not trained on, and the count says how many there were."""
    for rows in matrices.values():
        assert rows.dropped.null_label == int((~handmade.labelled).sum()) > 100
        assert len(rows.labels) == int(handmade.labelled.sum())


def test_example_predicts_the_same_from_orm_objects_and_mappings(sample: Database, handmade: Handmade) -> None:
    """A flight loaded through the ORM with plane and weather, and the same flight as a nested mapping, give the same bits."""
    engine = Engine.from_artifact(fit(late_arrival, extract(late_arrival, sample)).artifact)
    mappings = next(handmade.rows())[:500]
    values = engine.predict_many(mappings).values
    assert np.array_equal(engine.predict_many(_orm_flights(sample, len(mappings))).values, values)
    assert 0.0 < values.min() < values.max() < 1.0


def test_resolver_of_the_example_runs_at_both_times(sample: Database, handmade: Handmade) -> None:
    """The delay in minutes has a resolver: its engine computes it, and a detached engine takes it by its name."""
    artifact = fit(arrival_delay, extract(arrival_delay, sample)).artifact
    whole, detached = Engine.from_artifact(artifact, definition=arrival_delay), Engine.from_artifact(artifact)
    rows = next(handmade.rows())[:200]
    minutes = [_minutes(row["sched_dep_time"], row["sched_arr_time"]) for row in rows]
    given = [{**row, "planned_minutes": value} for row, value in zip(rows, minutes, strict=True)]
    assert np.array_equal(whole.predict_many(rows).values, detached.predict_many(given).values)


def _orm_flights(source: Database, count: int) -> Sequence[Flight]:
    statement = select(Flight).order_by(Flight.time_hour, Flight.carrier, Flight.flight, Flight.origin).limit(count)
    with Session(source) as session:
        return session.scalars(statement.options(joinedload(Flight.plane), joinedload(Flight.weather))).all()


def _minutes(leaves: int, lands: int) -> int:
    """Minutes from one clock time to another, both written as HHMM."""
    return ((lands // 100 - leaves // 100) * 60 + lands % 100 - leaves % 100) % 1_440
