"""The data of the campaign on leakage: real rows whose features are honest, encoded as training has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from benches.trained import database
from examples.fastapi.load import load as load_customers
from examples.fastapi.ml import churn
from examples.flights.ml import arrival_delay, late_arrival, late_arrival_schedule
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import extract
from prisml.manifest import Input, Task
from prisml.training.classes import order_classes
from prisml.training.leakage import find_leaks
from prisml.training.split import split_rows
from prisml.training.vocabulary import make_vocabulary

SETS = ("breast_cancer", "diabetes", "iris", "wine", "digits")
FLIGHTS = (late_arrival, late_arrival_schedule, arrival_delay)


@dataclass(frozen=True, eq=False)
class Honest:
    """A training part: ``matrix`` (rows, inputs) float32, and ``target``, codes of ``classes`` classes or numbers."""

    name: str
    task: Task
    inputs: tuple[Input, ...]
    matrix: NDArray[np.float32]
    target: NDArray[Any]

    @property
    def classes(self) -> int:
        """How many there are; 0 in a regression."""
        return 0 if self.task == "regression" else int(self.target.max()) + 1

    def some(self, rows: int, random: np.random.Generator) -> Honest:
        """So many of the rows, drawn at random; all where there are no more."""
        taken = random.permutation(len(self.target))[:rows]
        return replace(self, matrix=self.matrix[taken], target=self.target[taken])

    def alarms(self) -> list[tuple[str, str]]:
        """The guard and the feature of each alarm."""
        found = find_leaks(self.inputs, self.matrix, self.target, task=self.task, class_count=self.classes, seed=0)
        return [(leak.guard, str(leak.feature)) for leak in found]


def of_scikit_learn(name: str) -> Honest:
    """One of scikit-learn's own data sets, all columns numbers."""
    data: Any = getattr(datasets, f"load_{name}")()
    names = getattr(data, "feature_names", [f"column {place}" for place in range(data.data.shape[1])])
    inputs = tuple(Input(name=str(each), kind="number", origin="column", dtype="float") for each in names)
    classes = len(np.unique(data.target)) if name != "diabetes" else 0
    task: Task = "regression" if not classes else "binary" if classes == 2 else "multiclass"
    return Honest(name, task, inputs, data.data.astype(np.float32), data.target)


def of_definition(definition: ModelDefinition[Any], source: Engine) -> Honest:
    """What training has of a definition, before it fits."""
    rows, name = extract(definition, source), definition.name
    classes, target = order_classes(rows.labels, rows.label_values, definition.positive, task=definition.task, model=name)
    split = split_rows(definition.split, target, rows.split_values, classes=classes, seed=definition.seed, model=name)
    vocabulary = make_vocabulary(definition.inputs, definition.features, rows.categories, rows.matrix[split.train], model=name)
    matrix = vocabulary.encode(rows.matrix[split.train], model=name)
    return Honest(name, definition.task, vocabulary.inputs, matrix, target[split.train])


def of_churn() -> Honest:
    """The customers of the FastAPI example."""
    source = create_engine("sqlite://", poolclass=StaticPool)
    load_customers(source)
    return of_definition(churn, source)


def everything(*, flights: bool) -> Iterator[Honest]:
    """All honest data, one after another; the flights of a year take a minute, and are left out where they are not asked for."""
    yield from map(of_scikit_learn, SETS)
    yield of_churn()
    if flights:
        source = database()
        for definition in FLIGHTS:
            yield of_definition(definition, source)
