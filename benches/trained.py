"""The same models through PrisML: the example's definition with each algorithm, from a database to an engine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine as Database

from examples.flights.load import DATABASE, connect, load
from examples.flights.ml import COLUMNS, HOLDOUT, PLANE, TIMES, WEATHER
from examples.flights.models import Flight
from prisml import Engine, define_model, expression
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted, extract
from prisml.registry.bundle import Artifact
from prisml.training.fit import fit


@dataclass(frozen=True)
class Trained:
    """A model that passed parity, and the seconds from the extracted matrix to the artifact."""

    artifact: Artifact
    engine: Engine
    seconds: float


def database(url: str | None = None) -> Database:
    """The flights, loaded now where they are not there yet."""
    engine = connect(url or os.environ.get("PRISML_FLIGHTS_URL", DATABASE))
    load(engine)
    return engine


def definition(algorithm: str, *, regression: bool) -> ModelDefinition[Flight]:
    """The example's model without a resolver: of lateness, or of the delay in minutes."""
    return define_model(
        Flight,
        name=f"{'delay' if regression else 'late'}_{algorithm}",
        output="arrival_delay" if regression else "late_arrival",
        label=Flight.arr_delay if regression else expression(Flight.arr_delay > 15),
        features={**COLUMNS, **TIMES, **PLANE, **WEATHER},
        task="regression" if regression else "binary",
        algorithm=algorithm,
        split=HOLDOUT,
    )


def train(model: ModelDefinition[Any], extracted: Extracted) -> Trained:
    """Fit, export and prove ``model``; the extracted rows may be shared by models of one label."""
    started = time.perf_counter()
    artifact = fit(model, extracted).artifact
    return Trained(artifact, Engine.from_artifact(artifact), time.perf_counter() - started)


def extracted(source: Database, *, regression: bool) -> Extracted:
    """The matrix and labels of one target, for every algorithm: the provisional encoding is the same for all."""
    return extract(definition("hist_gradient_boosting", regression=regression), source)
