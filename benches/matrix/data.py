"""Made-up rows with signal in them, and rows to judge by: missing, unseen, large beside their spread, beside thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.matrix.case import Case
from prisml.manifest import Dtype, Input, Source, Task
from prisml.training.pipeline import Column

TRAINED, JUDGED = 2_500, 20_000
Matrix = NDArray[np.float32]
_FILLS: Mapping[str, str | float | None] = {
    "median": "median",
    "mean": "mean",
    "most_frequent": "most_frequent",
    "constant": -1.5,
    "nan": None,
}
_CATEGORIES: Mapping[str, Any] = {"plan": ("basic", "pro", "team", "trial"), "region": (3, 1, 7, 2, 9, 4)}


@dataclass(frozen=True, eq=False)
class Rows:
    """What a case is fitted on, and how its columns are encoded."""

    inputs: tuple[Input, ...]
    columns: tuple[Column, ...]
    matrix: Matrix
    target: NDArray[np.generic]


def rows_for(case: Case, count: int = TRAINED) -> Rows:
    """Rows to fit ``case`` on."""
    random = np.random.default_rng(7)
    numbers, codes = _numbers(random, count), _codes(random, count)
    score = numbers[:, 0] - 0.4 * (numbers[:, 1] - 1e6) / 5 + 0.5 * numbers[:, 2] * (codes[:, 0] == 1) - 1.2 * (codes[:, 1] == 2)
    score += 0.3 * numbers[:, 3] + random.normal(size=count) / 3
    if case.missing == "nan":
        numbers[random.random(numbers.shape) < 0.06] = np.nan
    matrix = np.column_stack((numbers, codes)).astype(np.float32)[:, _places(case)]
    return Rows(_inputs(case), _columns(case), matrix, _target(case.task, score, case))


def judged_by(case: Case, rows: Rows, decisions: Mapping[int, NDArray[np.float64]], count: int = JUDGED) -> Matrix:
    """Rows to judge by: as those of training and others, with numbers beside the ``decisions`` of trees."""
    random = np.random.default_rng(11)
    numbers, codes = _numbers(random, count), _codes(random, count)
    far = random.random(numbers.shape) < 0.05
    numbers = np.where(far, (numbers - [0, 1e6, 0, 0]) * 20 + [0, 1e6, 0, 0], numbers)
    matrix = np.column_stack((numbers, codes)).astype(np.float32)[:, _places(case)]
    for place, column in enumerate(rows.columns):
        if column.codes:
            continue
        near = decisions.get(place, np.zeros(0))
        if len(near):
            at = random.choice(near, count).astype(np.float32)
            beside = random.choice([-np.inf, np.inf], count).astype(np.float32)
            moved = np.where(random.random(count) < 0.5, at, np.nextafter(at, beside))
            chosen = (random.random(count) < 0.3) & np.isfinite(moved)
            matrix[chosen, place] = moved[chosen]
        # Filled by the graph where the rule says so, and asked of the trees where not.
        matrix[random.random(count) < 0.08, place] = np.nan
    return matrix


def _numbers(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Around zero, far from it, skewed, and whole."""
    return np.column_stack(
        (
            random.normal(size=count),
            random.normal(1e6, 5, count),
            random.exponential(size=count),
            random.integers(-3, 4, count).astype(np.float64),
        )
    )


def _codes(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Codes of two categories; the last two of each are those of unseen and of missing values."""
    return np.column_stack([random.integers(0, len(known) + 2, count) for known in _CATEGORIES.values()]).astype(np.float64)


def _places(case: Case) -> list[int]:
    return {"mixed": [0, 1, 2, 3, 4, 5], "numbers": [0, 1, 2, 3], "categories": [4, 5]}[case.columns]


def _inputs(case: Case) -> tuple[Input, ...]:
    fill = _FILLS[case.missing]
    numbers = [
        Input(name=name, kind="number", origin="column", dtype="float", sources=_column(name, "float"), imputation=fill)
        for name in ("around_zero", "far", "skewed", "whole")
    ]
    categories = [
        Input(
            name=name,
            kind="category",
            origin="column",
            dtype="str" if isinstance(known[0], str) else "int",
            sources=_column(name, "str" if isinstance(known[0], str) else "int"),
            missing="code",
            categories=known,
            other_code=len(known),
            missing_code=len(known) + 1,
        )
        for name, known in _CATEGORIES.items()
    ]
    return tuple([*numbers, *categories][place] for place in _places(case))


def _column(name: str, dtype: Dtype) -> tuple[Source, ...]:
    return (Source(path=(name,), dtype=dtype),)


def _columns(case: Case) -> tuple[Column, ...]:
    return tuple(
        Column(item.name, item.imputation, 0) if item.categories is None else Column(item.name, None, len(item.categories) + 2)
        for item in _inputs(case)
    )


def _target(task: Task, score: NDArray[np.float64], case: Case) -> NDArray[np.generic]:
    if task == "binary":
        return (score > 0).astype(np.intp)
    if task == "multiclass":
        return np.digitize(score, [-0.8, 0.6])
    # Above zero, as some losses want it.
    return np.exp(score / 3)
