"""Five real data sets, each in a database with a definition, and each as the DataFrame that somebody without PrisML would have."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn import datasets
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

from benches.churn_by_hand import ByHand
from benches.handmade import Handmade
from benches.trained import database
from examples.churn.load import load as load_churn
from examples.churn.ml import SNAPSHOTS, churn
from examples.churn.models import Customer
from examples.flights.ml import COLUMNS, HOLDOUT, PLANE, TIMES, WEATHER
from examples.flights.models import Flight
from prisml import Feature, define_model, expression
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted, extract
from prisml.manifest import Task

FLIGHTS_TAKEN = 5
"""One in so many flight numbers of a year; more would take hours for a search."""


class Base(DeclarativeBase):
    """The tables of the data sets that come without a database."""


class Penguin(Base):
    """A penguin of the Palmer Archipelago; of a few not everything was measured."""

    __tablename__ = "penguins"

    id: Mapped[int] = mapped_column(primary_key=True)
    species: Mapped[str]
    island: Mapped[str]
    bill_length_mm: Mapped[float | None]
    bill_depth_mm: Mapped[float | None]
    flipper_length_mm: Mapped[float | None]
    body_mass_g: Mapped[float | None]
    sex: Mapped[str | None]
    year: Mapped[int]


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set twice: ``define`` gives a definition with these options for the rows of ``source``; ``frame`` has the same rows in order.

    ``target`` is the column of ``frame`` that is learned, ``numbers`` and ``categories`` are the columns it is learned from.
    """

    name: str
    task: Task
    source: Engine
    define: Callable[..., ModelDefinition[Any]]
    frame: pd.DataFrame
    target: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...] = ()

    @cached_property
    def extracted(self) -> Extracted:
        """The rows as training reads them, which are the same for every algorithm."""
        return extract(self.define(algorithm="hist_gradient_boosting", name=self.name), self.source)


def breast_cancer() -> DataSet:
    """569 tumours, 30 measurements; whether one is benign."""
    return _of_scikit_learn("breast_cancer", "binary", datasets.load_breast_cancer(as_frame=True), bool)


def diabetes() -> DataSet:
    """442 patients, 10 measurements; how far the disease went in a year."""
    return _of_scikit_learn("diabetes", "regression", datasets.load_diabetes(as_frame=True), float)


def penguins() -> DataSet:
    """344 penguins, with gaps; their species."""
    frame = pd.read_csv(_installed("palmerpenguins") / "data" / "penguins.csv")
    source = _memory()
    Base.metadata.create_all(source)
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    with source.begin() as connection:
        connection.execute(insert(Penguin), [{"id": number, **row} for number, row in enumerate(plain, 1)])
    numbers = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year")
    categories = ("island", "sex")

    def define(**options: Any) -> ModelDefinition[Any]:
        features = {name: Feature(getattr(Penguin, name)) for name in (*numbers, *categories)}
        # A species has its own bills.
        return define_model(
            Penguin, output="predicted", label=Penguin.species, features=features, task="multiclass", waive=["single_feature"], **options
        )

    return DataSet("penguins", "multiclass", source, define, frame, "species", numbers, categories)


def customers(limit: int | None = None) -> DataSet:
    """The customers of CDNOW at five dates, or ``limit`` of them; whether one buys nothing in 90 days."""
    source = _memory()
    load_churn(source, customers=limit)
    frame = pd.concat([ByHand(limit).seen(day) for day in SNAPSHOTS], ignore_index=True)

    def define(**options: Any) -> ModelDefinition[Any]:
        return define_model(
            Customer,
            output="churn_probability",
            label=churn.label,
            features=churn.features,
            where=churn.where,
            as_of=SNAPSHOTS,
            split=churn.split,
            **options,
        )

    return DataSet("churn", "binary", source, define, frame, "label", tuple(churn.features))


def flights() -> DataSet:
    """A fifth of the flights from New York in 2013, with planes and weather; whether one arrives late."""
    made = Handmade()
    frame = made.frame.assign(
        late=made.late,
        scheduled_weekday=made.frame["time_hour"].dt.day_of_week,
        scheduled_month=made.frame["time_hour"].dt.month,
    )
    frame = frame[made.labelled & (frame["flight"] % FLIGHTS_TAKEN == 0)].reset_index(drop=True)
    # Its rare values would have to be told apart by hand.
    features: Mapping[str, Any] = {
        name: each for name, each in {**COLUMNS, **TIMES, **PLANE, **WEATHER}.items() if name != "plane_manufacturer"
    }
    categories = ("carrier", "origin", "dest")
    numbers = tuple(name for name in features if name not in categories)

    def define(**options: Any) -> ModelDefinition[Any]:
        return define_model(
            Flight,
            output="late_arrival",
            label=expression(Flight.arr_delay > 15),
            features={name: features[name] for name in (*numbers, *categories)},
            where=Flight.flight % FLIGHTS_TAKEN == 0,
            split=HOLDOUT,
            **options,
        )

    return DataSet("flights", "binary", database(), define, frame, "late", numbers, categories)


DATA_SETS: Mapping[str, Callable[[], DataSet]] = {
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "penguins": penguins,
    "churn": customers,
    "flights": flights,
}


def chosen(names: list[str] | None) -> Iterator[DataSet]:
    """The data sets of these names, one after another; all without names."""
    for name, make in DATA_SETS.items():
        if not names or name in names:
            yield make()


def _of_scikit_learn(name: str, task: Task, data: Any, label: type) -> DataSet:
    """A table with a column for each measurement, whose rows are numbered."""
    frame = data.frame.rename(columns=lambda column: column.replace(" ", "_"))
    frame["target"] = frame["target"].astype(label)
    numbers = tuple(column for column in frame.columns if column != "target")
    annotations = {"id": Mapped[int], "target": Mapped[label], **dict.fromkeys(numbers, Mapped[float])}  # type: ignore[valid-type]

    class Own(DeclarativeBase):
        """A registry of its own, so that the same data can be loaded again."""

    entity: Any = type(
        "Row",
        (Own,),
        {"__tablename__": name, "__annotations__": annotations, "id": mapped_column(primary_key=True)},
    )
    source = _memory()
    Own.metadata.create_all(source)
    with source.begin() as connection:
        connection.execute(insert(entity), [{"id": number, **row} for number, row in enumerate(frame.to_dict("records"), 1)])

    def define(**options: Any) -> ModelDefinition[Any]:
        features = {column: getattr(entity, column) for column in numbers}
        return define_model(entity, output="predicted", label=entity.target, features=features, task=task, **options)

    return DataSet(name, task, source, define, frame, "target", numbers)


def _memory() -> Engine:
    return create_engine("sqlite://", poolclass=StaticPool)


def _installed(package: str) -> Path:
    """The folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f'Install {package} to run this: pip install "prisml[bench]"', name=package)
    return Path(spec.origin).parent
