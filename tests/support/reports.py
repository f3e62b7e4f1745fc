"""Versions with reports: trained on made-up visits, with keys, and shown as they are published."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import Float, Integer, String

from prisml.commands.page.report import Subject
from prisml.definition import Gate, define_model
from prisml.definition.model import ModelDefinition
from prisml.extraction.keys import Keys
from prisml.extraction.matrix import Dropped
from prisml.extraction.stream import Extracted
from prisml.manifest import Task
from prisml.training.fit import Candidate, fit
from tests.support.training import extracted, visits

FIRST_KEY = 70_000
GATES: dict[Task, Gate] = {"binary": Gate("roc_auc", min=0.6), "multiclass": Gate("accuracy", min=0.4), "regression": Gate("r2", min=0.1)}


def with_keys(rows: Extracted) -> Extracted:
    """The rows, whose keys are numbers that no value and no figure is."""
    count = len(rows.matrix)
    keys = Keys(count)
    keys.put(0, [list(range(FIRST_KEY, FIRST_KEY + count))])
    return replace(rows, keys=keys)


def trained(task: Task = "binary", algorithm: str = "hist_gradient_boosting", *, rows: int = 1_500, **options: Any) -> Candidate:
    """A candidate of visits."""
    return fit(visits(task, algorithm, gates=[GATES[task]], **options), with_keys(extracted(task, rows)))


@cache
def candidate(task: Task) -> Candidate:
    """The same one for every test."""
    return trained(task)


def subject(task: Task) -> Subject:
    """What its report is of."""
    made = candidate(task)
    return Subject(made.artifact.manifest, made.report)


def wide(features: int, *, categories: int = 40, letters: int = 200) -> tuple[ModelDefinition[Any], Extracted]:
    """A definition of many features with long names of which half have many long categories, and its rows."""

    class Base(DeclarativeBase):
        pass

    names = [f"feature_{place}_{'x' * 30}" for place in range(features)]
    columns = {name: mapped_column(String if place % 2 else Float) for place, name in enumerate(names)}
    entity = type(
        "Wide", (Base,), {"__tablename__": "wide", "id": mapped_column(Integer, primary_key=True), "y": mapped_column(Float), **columns}
    )
    definition = define_model(
        entity,
        output="y_predicted",
        name="wide",
        label=entity.y,
        task="regression",
        features={name: getattr(entity, name) for name in names},
        algorithm="decision_tree",
    )
    random = np.random.default_rng(0)
    rows = 400
    matrix = random.normal(size=(rows, features))
    matrix[:, 1::2] = random.integers(0, categories, (rows, features // 2))
    texts = tuple(f"{place}{'é' * letters}" for place in range(categories))
    made = Extracted(
        matrix=matrix.astype(np.float32),
        labels=matrix[:, 0] * 10 + matrix[:, 1],
        label_values=(),
        split_values=None,
        categories=tuple(texts if place % 2 else None for place in range(features)),
        as_of=0,
        extracted=rows,
        dropped=Dropped(),
    )
    return definition, with_keys(made)
