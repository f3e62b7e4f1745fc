"""Kinds of trees and their options, made-up rows to fit them on, and the rows at which an export goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from prisml.definition.algorithms import ALGORITHMS
from prisml.definition.encoding import Encoding
from prisml.manifest import Task
from prisml.training.estimators import choose_estimator
from prisml.training.export.trees import FORMS, decisions_of
from prisml.training.pipeline import Column, FittedPipeline, fit_pipeline

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
CLASSES: Mapping[Task, tuple[int, ...]] = {"binary": (0, 1), "multiclass": (0, 1, 2), "regression": ()}
# Beside what changes the form of the answer, options that change the trees.
_OPTIONS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "decision_tree": ({"criterion": "poisson"}, {"splitter": "random"}, {"max_leaf_nodes": 9}, {"ccp_alpha": 0.01}),
    "extra_tree": ({"max_features": 1},),
    "random_forest": ({"criterion": "poisson"}, {"bootstrap": False, "max_features": 1}),
    "extra_trees": ({"bootstrap": True},),
    "gradient_boosting": ({"subsample": 0.5}, {"max_leaf_nodes": 6}),
    "hist_gradient_boosting": ({"max_bins": 16}, {"max_depth": 2}, {"max_features": 0.5}),
    "xgboost": (
        {"subsample": 0.5},
        {"num_parallel_tree": 3},
        {"max_cat_to_onehot": 1},
        {"max_cat_to_onehot": 100},
        {"tree_method": "approx"},
        {"grow_policy": "lossguide", "max_leaves": 20},
        {"base_score": 0.2},
    ),
    "lightgbm": (
        {"use_missing": False},
        {"min_data_per_group": 3, "cat_smooth": 0.1},
        {"max_cat_to_onehot": 100},
        {"extra_trees": True},
        {"data_sample_strategy": "goss"},
    ),
}
# What an option cannot do without.
_WITH: Mapping[tuple[str, object], Mapping[str, object]] = {
    ("lightgbm", "rf"): {"subsample_freq": 1, "subsample": 0.6},
    ("hist_gradient_boosting", "quantile"): {"quantile": 0.7},
}
_STEPS: Mapping[str, str] = {"hist_gradient_boosting": "max_iter", "decision_tree": "max_depth", "extra_tree": "max_depth"}


@dataclass(frozen=True)
class Case:
    """What is fitted: an algorithm and its options; ``gaps`` says whether rows of training lack numbers."""

    task: Task
    name: str
    params: Mapping[str, object]
    encoding: Encoding
    gaps: bool

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.name}({options}), {self.task}, {self.encoding}, {'gaps' if self.gaps else 'no gaps'}"


def cases(steps: int) -> Iterator[Case]:
    """Every algorithm of trees with every option that is offered, of ``steps`` trees or levels."""
    for algorithm, task in product(ALGORITHMS.values(), TASKS):
        if not algorithm.trees:
            continue
        size = {_STEPS.get(algorithm.name, "n_estimators"): steps}
        encodings: tuple[Encoding, ...] = ("ordinal", "native") if algorithm.native else ("ordinal",)
        for options, encoding in product(_options(algorithm.name, algorithm.class_name(task) or "", task), encodings):
            for gaps in (True, False) if algorithm.takes_nan and not options else (algorithm.takes_nan,):
                yield Case(task, algorithm.name, {**size, **options}, encoding, gaps)


def _options(name: str, class_name: str, task: Task) -> Iterator[Mapping[str, object]]:
    yield {}
    for option, values in FORMS.get(class_name, {}).items():
        for value in values:
            if value is not None and _fits(value, task):
                yield {option: value, **_WITH.get((name, value), {})}
    for options in _OPTIONS[name]:
        if _fits(options.get("criterion"), task):
            yield options


def _fits(value: object, task: Task) -> bool:
    """Whether an option's value is for the task; classifiers are of two classes, of several, or of any."""
    only: Mapping[object, Task] = {
        "exponential": "binary",
        "binary": "binary",
        "binary:logistic": "binary",
        "multiclass": "multiclass",
        "multi:softprob": "multiclass",
        "poisson": "regression",
    }
    return only.get(value, task) == task


def fit(case: Case, *, rows: int, codes: int, seed: int) -> tuple[FittedPipeline, NDArray[np.float32]]:
    """The case fitted on made-up rows, and rows to compare: those, and others at and beside every decision.

    The last codes are never seen in fitting; among the others are NaN, and numbers that LightGBM takes for zero.
    """
    random = np.random.default_rng(seed)
    matrix, score = _table(random, rows, codes)
    if case.gaps:
        matrix[random.random(rows) < 0.1, 0] = np.nan
    target: NDArray[np.generic] = np.abs(score) * 3 + 0.1
    if case.task != "regression":
        target = np.digitize(score, [0.0] if case.task == "binary" else [-1.0, 0.5])
    columns = [Column(name, None, count) for name, count in zip("abcde", (0, 0, codes, 4, 0), strict=True)]
    choice = choose_estimator(case.name, params=case.params, task=case.task, seed=seed, model=case.name, encoding=case.encoding)
    fitted = fit_pipeline(choice, columns, matrix, target, task=case.task, classes=CLASSES[case.task], model=case.name)
    return fitted, np.concatenate((matrix, _beside(fitted, matrix, random)))


def _table(random: np.random.Generator, rows: int, codes: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Numbers that are usual, whole and tiny; a category of many codes and one of few; and a score that hangs on all of them."""
    usual, whole, tiny = random.normal(size=rows), random.integers(-3, 4, rows), random.normal(size=rows) * 1e-36
    many, few = np.minimum(random.zipf(1.5, rows) - 1, codes - 3), random.integers(0, 3, rows)
    score = usual + 0.3 * whole + random.normal(size=codes)[many] * 2 + (few == 1) + (tiny > 0) + random.normal(size=rows) / 3
    return np.column_stack((usual, whole, many, few, tiny)).astype(np.float32), score


def _beside(fitted: FittedPipeline, matrix: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Rows whose numbers are thresholds, the float32 on either side of them, and NaN, and whose codes are any."""
    rows = matrix[random.integers(0, len(matrix), 2 * len(matrix))].copy()
    decisions = decisions_of(fitted)
    takes_nan = fitted.choice.algorithm.takes_nan
    for place, column in enumerate(fitted.columns):
        if column.codes:
            rows[:, place] = random.integers(0, column.codes, len(rows))
            continue
        at = decisions.get(place, np.zeros(1)).astype(np.float32)
        sides = [np.nextafter(at, np.float32(side)) for side in (-np.inf, np.inf)]
        known = np.concatenate((at, *sides, np.array([0, 1e-36, -1e-36, 1e-35, -1e-35, 9, -9, *[np.nan] * takes_nan], dtype=np.float32)))
        # A float32 below the normal ones is zero to some, and refused before any of them sees it.
        known[np.abs(known) < np.finfo(np.float32).tiny] = 0
        chosen = random.random(len(rows)) < 0.7
        rows[chosen, place] = random.choice(known[~np.isinf(known)], int(chosen.sum()))
    return rows if takes_nan else np.nan_to_num(rows)
